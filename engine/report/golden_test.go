package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; -update writes it\n--- got\n%s", err, got)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update writes it\n--- got\n%s\n--- want\n%s", path, got, want)
	}
}

func options(width int, s *story) Options {
	return Options{Look: page.Look{Width: width, Unicode: true}, Location: cet, Now: func() time.Time { return s.now },
		Journal: "~/.local/state/runbook/runs/20261124-k7qm.journal"}
}

// played is what a terminal shows in the end, without a live region.
func played(t *testing.T, s *story, o Options) string {
	t.Helper()
	var b bytes.Buffer
	v := NewTerminal(&b, o)
	for _, e := range s.events {
		v.Event(e)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func stories() map[string]func() *story {
	return map[string]func() *story{
		"done": leak, "failed": failedLeak, "in_doubt": inDoubtLeak, "waiting": waitingLeak, "refused": refusedLeak,
		"cancelled": cancelledLeak, "met": metLeak, "skipped": skippedLeak, "check": failedCheck, "several": severalFailures, "dry": dryLeak, "journal": brokenLeak,
		"shown": shownStory,
	}
}

func TestTerminal(t *testing.T) {
	for name, make := range stories() {
		for _, width := range []int{92, 60} {
			t.Run(fmt.Sprintf("%s_%d", name, width), func(t *testing.T) {
				s := make()
				got := played(t, s, options(width, s))
				golden(t, fmt.Sprintf("%s_%d", name, width), got)
				for _, l := range strings.Split(got, "\n") {
					if n := page.Width(l); n > width && strings.Contains(strings.TrimSpace(l), "  ") && !strings.Contains(l, "runbook ") {
						t.Errorf("%d columns: %q", n, l)
					}
				}
			})
		}
	}
}

func TestTerminalPlainest(t *testing.T) {
	s := leak()
	o := options(80, s)
	o.Unicode = false
	got := played(t, s, o)
	golden(t, "done_ascii_80", got)
	for _, r := range got {
		if r > 0x7e {
			t.Fatalf("%q is not ASCII", r)
		}
	}
	o = options(92, s)
	o.Color = true
	golden(t, "done_color_92", strings.ReplaceAll(played(t, s, o), "\x1b", "^["))
	o.Verbosity, o.Color = -1, false
	golden(t, "done_quiet_92", played(t, s, o))
	o.Verbosity = 2
	golden(t, "done_verbose_92", played(t, s, o))
}

func TestPlain(t *testing.T) {
	for name, make := range stories() {
		t.Run(name, func(t *testing.T) {
			s := make()
			var b bytes.Buffer
			v := NewPlain(&b, options(92, s))
			for _, e := range s.events {
				v.Event(e)
			}
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			golden(t, "plain_"+name, b.String())
		})
	}
}

// A narrow terminal is given the same words, none of them broken.
func TestPlainOnANarrowTerminal(t *testing.T) {
	for name, make := range stories() {
		var wide, narrow bytes.Buffer
		s := make()
		o := options(92, s)
		onto := o
		onto.Size = func() (int, int) { return 40, 15 }
		for _, v := range []*Plain{NewPlain(&wide, o), NewPlain(&narrow, onto)} {
			for _, e := range s.events {
				v.Event(e)
			}
		}
		if got, want := strings.Fields(narrow.String()), strings.Fields(wide.String()); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		for l := range strings.SplitSeq(narrow.String(), "\n") {
			if strings.Contains(strings.TrimSpace(l), " ") && page.Width(l) > 40 {
				t.Errorf("%s: %q", name, l)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	for _, name := range []string{"done", "in_doubt", "shown"} {
		var b bytes.Buffer
		v := NewJSON(&b)
		for _, e := range stories()[name]().events {
			v.Event(e)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		golden(t, "json_"+name, b.String())
	}
}

func TestText(t *testing.T) {
	for _, name := range []string{"done", "failed", "in_doubt", "waiting", "shown"} {
		s := stories()[name]()
		for _, width := range []int{92, 60} {
			var r Run
			for _, e := range s.events {
				r.Apply(e)
			}
			o := options(width, s)
			o.Journal = "20261124-k7qm.journal"
			var b bytes.Buffer
			if err := Text(&b, &r, o); err != nil {
				t.Fatal(err)
			}
			golden(t, fmt.Sprintf("report_%s_%d", name, width), b.String())
		}
	}
}

// Each format prints the whole story, and its golden is named after it: one that is
// missing is written by -update, and then read.
func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		s := leak()
		var r Run
		for _, e := range s.events {
			r.Apply(e)
		}
		var b bytes.Buffer
		if err := f.Write(&b, &r, options(92, s)); err != nil {
			t.Fatal(err)
		}
		golden(t, "format_"+f.Name, b.String())
	}
}

// A function that writes a report is no format before it has its row.
func TestEachFormatIsListed(t *testing.T) {
	list, err := os.ReadFile("formats.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (\w+)\(\w+ io\.Writer, \w+ \*Run, \w+ Options\) error`).FindAllSubmatch(text, -1) {
			if !bytes.Contains(list, fmt.Appendf(nil, ", %s}", found[1])) {
				t.Errorf("%s declares %s: add a row of it to Formats in formats.go", file, found[1])
			}
		}
	}
}

func TestTextInterrupted(t *testing.T) {
	s := newStory().begin().sampling().sampled().diagnosed().cleared()
	var r Run
	for _, e := range s.events {
		r.Apply(e)
	}
	var b bytes.Buffer
	if err := Text(&b, &r, options(92, s)); err != nil {
		t.Fatal(err)
	}
	if err := ReportJSON(&b, &r, options(92, s)); err != nil {
		t.Fatal(err)
	}
	golden(t, "report_interrupted_92", b.String())
}

// A run that was killed before it changed anything guards nothing.
func TestWhatBecameOfALock(t *testing.T) {
	for want, end := range map[string]*event.RunFinished{
		"container/app, free, as no change was begun": nil,
		"failed; lock released":                       {State: event.Failed, ExitCode: 1, Failure: &event.Failure{What: "no"}},
		"failed; lock lost":                           {State: event.Failed, ExitCode: 1, Failure: &event.Failure{What: "no", LockLost: true}},
	} {
		s := newStory().begin().sampling()
		var r Run
		for _, e := range s.events {
			r.Apply(e)
		}
		if end != nil {
			r.Apply(event.Event{Time: s.now, Type: event.TypeRunFinished, Data: end})
		}
		var b bytes.Buffer
		if err := Text(&b, &r, options(92, s)); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); !strings.Contains(text, want) || strings.Contains(text, "--despite") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	lost := ending{run: &history.Run{Locks: []string{"a"}}, end: &event.RunFinished{State: event.Failed}, failure: &event.Failure{LockLost: true}}
	lost.run.Header.Lock = []string{"a"}
	if f := lost.lock(); len(f.rows) != 1 || f.rows[0].cells[0] != "a, lost: another run may hold it" {
		t.Errorf("%+v", f)
	}
}

func TestPrompt(t *testing.T) {
	for name, make := range map[string]func(*story) *event.Approval{"limit": limitApproval, "delete": deleteApproval} {
		for _, width := range []int{92, 60} {
			s := newStory().begin()
			path := event.Path("recover/3")
			if name == "delete" {
				h := s.events[0].Data.(*event.RunCreated)
				h.Environment.Targets = append(h.Environment.Targets, event.Target{Name: "mongo", Address: "mongodb://mongo.example.net:27017"})
				p := s.events[1].Data.(*event.Plan)
				p.Steps = append(p.Steps, event.Step{Path: "unstick/3", Title: "Delete the stuck records", Effect: action.Destructive})
				path = "unstick/3"
			}
			var r Run
			for _, e := range s.events {
				r.Apply(e)
			}
			q := NewPrompt(&r.Run, path, make(s), options(width, s))
			golden(t, fmt.Sprintf("prompt_%s_%d", name, width), strings.Join(q.Lines(), "\n")+"\n\n"+q.Question()+"_\n")
		}
	}
}

func TestRuns(t *testing.T) {
	s := newStory().at(305)
	day := func(d, h, m int) time.Time { return time.Date(2026, 11, d, h, m, 0, 0, cet) }
	rows := []Row{
		{Run: "20261124-k7qm", Playbook: "memory-leak", Environment: "production", State: event.Done, Warned: true, Started: s.start, Took: 125 * time.Second, Changes: 2, By: "maria"},
		{Run: "20261124-p5fd", Playbook: "ensure-indexes", Environment: "staging", State: event.Running, Started: day(24, 3, 11), Took: 290 * time.Second, Changes: 1, By: "jonas"},
		{Run: "20261123-9dzc", Playbook: "redis-down", Environment: "staging", State: event.Interrupted, Step: "restart", Started: day(23, 22, 40), Took: 72 * time.Second, Changes: 1, By: "maria"},
		{Run: "20261123-w4tn", Playbook: "download-stuck", Environment: "staging", State: event.InDoubt, Step: "unstick/3", Started: day(23, 18, 2), Took: 400 * time.Second, Changes: 3, By: "jonas"},
		{Run: "20261112-b0sx", Playbook: "quick-health", Environment: "staging", State: event.Done, Started: day(12, 17, 58), Took: 3100 * time.Millisecond, By: "maria"},
	}
	for _, width := range []int{100, 60} {
		var b bytes.Buffer
		if err := RunsTable(&b, rows, options(width, s)); err != nil {
			t.Fatal(err)
		}
		if err := RunsPlain(&b, rows); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("runs_%d", width), b.String())
	}
}

func TestErrors(t *testing.T) {
	s := newStory()
	errs := []struct {
		failure action.Failure
		exit    int
	}{
		{action.Failure{What: `no playbook "memroy-leak"`, Facts: []action.Fact{{Label: "looked in", Value: "./playbooks, $RUNBOOK_PATH (not set), 7 embedded"}},
			Nearest: []string{"memory-leak"}, Do: []string{"runbook run memory-leak --env production"}}, 2},
		{action.Failure{Where: "docker at unix:///var/run/docker.sock", What: "permission denied", Tried: "to open the socket as maria (uid 1000), once",
			Seen: []string{"socket is root:docker 0660; maria is not in group docker"}, Do: []string{"sudo usermod -aG docker maria, log in again (gives root on this host)"}}, 1},
		{action.Failure{Where: "input window", What: `"60" is no duration, it has no unit`,
			Facts: []action.Fact{{Label: "takes", Value: "duration from 1s to 1h, default 60s"}}, Do: []string{"runbook run memory-leak -i window=60s"}}, 2},
	}
	locked := NoRun{Word: "Locked", Text: "container/app is held by another run", Exit: 4, Failure: &action.Failure{What: "container/app is held by another run", Facts: []action.Fact{
		{Label: "Holder", Value: "run 20261124-h2xr of api-down, by jonas on ops-2, pid 4182, alive"},
		{Label: "Since", Value: "03:09:44 CET, 2m 31s ago; now at step restart"},
		{Label: "Changed", Value: "nothing; no target was contacted, no run was started"},
	}}, Safe: []string{"runbook report h2xr"}, Then: []string{"runbook run memory-leak --env production --wait 10m"}}
	for _, width := range []int{92, 60} {
		var b bytes.Buffer
		o := options(width, s)
		for _, e := range errs {
			if err := Error(&b, &e.failure, e.exit, o); err != nil {
				t.Fatal(err)
			}
			b.WriteByte('\n')
		}
		for _, f := range []func() error{
			func() error { return Ending(&b, locked, o) },
			func() error { return PlainEnding(&b, locked, o) },
		} {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}
		golden(t, fmt.Sprintf("errors_%d", width), b.String())
	}
}
