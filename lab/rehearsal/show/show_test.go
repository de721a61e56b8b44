package show

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/report"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/rehearsal"
)

var update = flag.Bool("update", false, "write the golden files")

// leak are results of five rehearsals, as Play reports them.
func leak() (*rehearsal.Report, *rehearsal.Subject) {
	s := &rehearsal.Subject{
		Name: "memory-leak", Source: &yaml.Source{Name: "troubleshoot/memory-leak.yaml", Embedded: true},
		File: &rehearsal.File{Source: &yaml.Source{Name: "troubleshoot/memory-leak.rehearsal.yaml", Embedded: true}},
	}
	applied := func(n int) event.RunFinished {
		fin := event.RunFinished{State: event.Done}
		for range n {
			fin.Changes = append(fin.Changes, event.Change{Action: "docker.restart", State: action.AppliedFully})
		}
		return fin
	}
	add := func(name, fault, ending string, changes, settled int, took time.Duration) *rehearsal.Result {
		h := &rehearsal.Rehearsal{Number: len(s.File.Rehearsals) + 1, Name: name, Fault: lab.Fault{Name: fault}, Written: &rehearsal.Written{Expect: &rehearsal.Expect{}}}
		h.Place.Start.Line = 2
		s.File.Rehearsals = append(s.File.Rehearsals, h)
		return &rehearsal.Result{Subject: s, Rehearsal: h, Seed: 1, Passed: true, Ending: ending, Finished: applied(changes), Settled: settled, Took: took}
	}
	p := &rehearsal.Report{Took: 13400 * time.Millisecond, Results: []*rehearsal.Result{
		add("a leak is found and stopped", "memory-leak", "red to green", 2, 0, 12600*time.Millisecond),
		add("a leak in the cache", "cache-leak", "red to green", 1, 0, 300*time.Millisecond),
		add("a healthy service is left alone", "none", "left alone", 0, 0, 100*time.Millisecond),
		add("the reply is lost at the restart", "memory-leak", "red to green", 2, 1, 400*time.Millisecond),
		add("the container is gone", "target-gone", "failed, as expected", 0, 0, 100*time.Millisecond),
	}}
	first := p.Results[0]
	first.LabTime = 18*time.Minute + 45*time.Second
	first.Memory = rehearsal.Gauge{From: 16*time.Minute + 40*time.Second, Every: 5 * time.Second}
	for i := range 26 {
		v := 88 - float64(i%3)
		if i > 18 {
			v = 31
		}
		first.Memory.Percent = append(first.Memory.Percent, v)
	}
	first.Also = []rehearsal.Property{
		{Text: "a dry run before it changed nothing in the lab", Held: true},
		{Text: "what changed was in the plan: http.request, docker.restart", Held: true},
		{Text: "a second run changed nothing", Held: true},
	}
	p.Coverage = []*rehearsal.Coverage{{
		Subject: s, Steps: rehearsal.Ratio{Reached: 4, All: 4}, Branches: rehearsal.Ratio{Reached: 3, All: 4}, Remedies: rehearsal.Ratio{Reached: 2, All: 3},
		Never: []rehearsal.Place{
			{What: "recover/3", Where: "troubleshoot/memory-leak.yaml:42:9"},
			{What: "recover, goal already held", Where: "troubleshoot/memory-leak.yaml:30:5"},
		},
	}}
	return p, s
}

// fail lets the first rehearsal fail, as where somebody deleted a remedy.
func fail(p *rehearsal.Report) {
	r := p.Results[0]
	at := diag.Span{Start: diag.Position{Line: 7, Column: 7}}
	r.Passed, r.Seed, r.Run, r.Ending = false, 7, "20261124-9zq4", "failed"
	r.Checks = []rehearsal.Check{
		{Kind: "before", Expected: "lab.app.memory_percent > 85", Seen: "88.0", Held: true},
		{Kind: "exit", Expected: "0", Seen: "3, waiting at recover/2", Place: at},
		{Kind: "after", Expected: "lab.app.memory_percent < 70", Seen: "88.5", Place: at},
		{Kind: "steps", Expected: "recover passed", Seen: "recover waiting", Place: at},
		{Kind: "steps", Expected: "healthy passed", Seen: "healthy not_run", Place: at},
		{Kind: "changes", Expected: "only http.request, docker.restart", Seen: "http.request", Held: true, Place: at},
	}
	r.Notes = []rehearsal.Note{{Label: "Ended", Text: "recover/2 waits for an approval; the rehearsal gives none"}}
}

// story plays the first rehearsal into a view, as Play does.
func story(v *Play, p *rehearsal.Report) {
	r := p.Results[0]
	at := func(d time.Duration) time.Time {
		return time.Date(2026, 1, 5, 9, 5, 0, 0, time.UTC).Add(d)
	}
	v.Began(r)
	for _, m := range []rehearsal.Moment{
		{Kind: "healthy", Text: "app is healthy: memory 38.0 %, GET /health 200 in 41ms", Held: true},
		{Kind: "injected", Text: "fault memory-leak is injected; fast-forward 16m 40s"},
		{At: 15*time.Minute + 40*time.Second, Kind: "alert", Text: "alert HighMemoryUsage fires"},
		{At: 1000 * time.Second, Kind: "red", Text: "lab.app.memory_percent > 85", Held: true, Value: "88.0"},
	} {
		v.Moment(r, m)
	}
	v.Fact(r, event.Event{Type: event.TypeRunCreated, Time: at(1000 * time.Second), Data: &event.RunCreated{Run: "20260105-abcd", Playbook: "memory-leak"}})
	v.Moment(r, rehearsal.Moment{At: 1100 * time.Second, Kind: "resolved", Text: "alert HighMemoryUsage is resolved", Held: true})
	v.Fact(r, event.Event{Type: event.TypeRunFinished, Time: at(1095 * time.Second), Data: &event.RunFinished{State: event.Done}})
	v.Moment(r, rehearsal.Moment{At: 1125 * time.Second, Kind: "green", Text: "lab.app.memory_percent < 70", Held: true, Value: "31.0"})
	v.Moment(r, rehearsal.Moment{At: r.LabTime, Kind: "finished", Held: r.Passed})
}

func look(width int) page.Look { return page.Look{Width: width, Unicode: true} }

// watched is a view of the first rehearsal that draws on w.
func watched(w io.Writer, k page.Look, s *rehearsal.Subject) *Play {
	return NewPlay(w, report.Options{Look: k}, s, 10)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not as in %s; with -update it is written anew\n%s", name, path, got)
	}
}

// TestGolden holds what is shown on a terminal.
func TestGolden(t *testing.T) {
	for name, k := range map[string]page.Look{"92": look(92), "60": look(60), "ascii-92": {Width: 92}} {
		for suffix, exit := range map[string]int{"": 0, "-failed": 1} {
			p, s := leak()
			if exit > 0 {
				fail(p)
			}
			var out bytes.Buffer
			v := watched(&out, k, s)
			story(v, p)
			if err := v.End(p, exit); err != nil {
				t.Error(err)
			}
			golden(t, "rehearse-"+name+suffix, out.String())
			out.Reset()
			if err := NewTable(&out, k).End(p, exit); err != nil {
				t.Error(err)
			}
			golden(t, "rehearse-all-"+name+suffix, out.String())
		}
	}
	p, s := leak()
	var out bytes.Buffer
	v := watched(&out, page.Look{Width: 92, Unicode: true, Color: true}, s)
	story(v, p)
	if err := v.End(p, 0); err != nil {
		t.Error(err)
	}
	golden(t, "rehearse-92-colour", out.String())
	out.Reset()
	if err := Mutants(&out, look(92), []Mutated{{"memory-leak", &rehearsal.Mutation{Killed: 2, Survived: 1, Invalid: 1, Mutants: []rehearsal.Mutant{
		{What: "without step look", Where: "troubleshoot/memory-leak.yaml:12:5", KilledBy: "a leak in the cache"},
		{What: "without step sample", Where: "troubleshoot/memory-leak.yaml:17:5", Invalid: true},
		{What: "verify of healthy is true", Where: "troubleshoot/memory-leak.yaml:61:9"},
		{What: "without step recover", Where: "troubleshoot/memory-leak.yaml:30:5", KilledBy: "a leak in the cache"},
	}}}}); err != nil {
		t.Error(err)
	}
	golden(t, "rehearse-mutants", out.String())
}

// TestNoColourOfWords holds that a rehearsal may be called as it likes.
func TestNoColourOfWords(t *testing.T) {
	p, s := leak()
	const name = "RED and GREEN, failed, in doubt, destructive █"
	for _, r := range p.Results {
		r.Rehearsal.Name, r.Ending = name, "left alone"
	}
	k := page.Look{Width: 100, Unicode: true, Color: true}
	var out bytes.Buffer
	v := watched(&out, k, s)
	v.Began(p.Results[0])
	if err := v.End(p, 0); err != nil {
		t.Error(err)
	}
	if got := strings.Count(out.String(), name); got != len(p.Results)+1 {
		t.Errorf("%d of %d names are printed as they are:\n%q", got, len(p.Results)+1, out.String())
	}
}

// TestFitsTheTerminal holds that no line is wider than the terminal.
func TestFitsTheTerminal(t *testing.T) {
	for _, width := range []int{40, 60, 80, 100} {
		p, s := leak()
		fail(p)
		var out bytes.Buffer
		v := watched(&out, look(width), s)
		story(v, p)
		_ = v.End(p, 1)
		_ = NewTable(&out, look(width)).End(p, 1)
		for line := range strings.Lines(out.String()) {
			if n := page.Width(strings.TrimSuffix(line, "\n")); n > width && !strings.Contains(line, "runbook rehearse") {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
	}
}

// TestWhatFailsIsTold holds that the last line says why the exit is not 0: what failed,
// and where all passed, that a stub was not called.
func TestWhatFailsIsTold(t *testing.T) {
	for _, c := range []struct {
		failed bool
		want   string
	}{{false, "5 of 5 rehearsals passed in 13.4s, 1 stub not called "}, {true, "4 of 5 rehearsals passed in 13.4s, 1 failed "}} {
		p, _ := leak()
		if c.failed {
			fail(p)
		}
		p.Coverage[0].Idle = []rehearsal.Place{{What: "no-such", Where: "here:1:1"}}
		var out bytes.Buffer
		_ = NewTable(&out, look(92)).End(p, 1)
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("no %q in\n%s", c.want, out.String())
		}
	}
}

func TestLines(t *testing.T) {
	p, s := leak()
	fail(p)
	var out bytes.Buffer
	v := NewLines(&out, []*rehearsal.Subject{s})
	r := p.Results[0]
	v.Began(r)
	v.Moment(r, rehearsal.Moment{Kind: "red", Text: "lab.app.memory_percent > 85", Held: true, Value: "88.0"})
	v.Moment(r, rehearsal.Moment{Kind: "finished"})
	if err := v.End(p, 1); err != nil {
		t.Error(err)
	}
	for _, want := range []string{
		"Z memory-leak/1  before    held lab.app.memory_percent > 85, seen 88.0\n",
		"Z memory-leak/1  failed    a leak is found and stopped, seed 7, 12.6s\n",
		"exit: expected 0, seen 3, waiting at recover/2 (troubleshoot/memory-leak.rehearsal.yaml:7:7)\n",
		"  failed    ended: recover/2 waits for an approval; the rehearsal gives none\n",
		"Z -              finished  failed exit=1 passed=4 failed=1 13.4s\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestJSONAndJUnit(t *testing.T) {
	p, _ := leak()
	fail(p)
	var out bytes.Buffer
	v := NewJSON(&out)
	r := p.Results[0]
	v.Began(r)
	v.Fact(r, event.Event{Type: event.TypeStepFinished, Path: "recover", Time: time.Unix(0, 0), Data: &event.StepFinished{State: event.Passed}})
	v.Moment(r, rehearsal.Moment{Kind: "finished"})
	_ = v.End(p, 1)
	var last map[string]any
	var types []string
	for line := range strings.Lines(out.String()) {
		last = map[string]any{}
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		types = append(types, last["type"].(string))
	}
	if got := strings.Join(types, " "); got != "rehearsal_began fact rehearsal_finished finished" {
		t.Errorf("the lines are %s", got)
	}
	if last["schema"] != 1.0 || last["passed"] != false {
		t.Errorf("the last line is %v", last)
	}
	out.Reset()
	if err := NewJUnit(&out).End(p, 1); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	var read struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Failure *struct {
					Message string `xml:"message,attr"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(text), &read); err != nil {
		t.Fatal(err)
	}
	if read.Tests != 5 || read.Failures != 1 || len(read.Suites) != 1 || read.Suites[0].Cases[0].Failure == nil {
		t.Errorf("the report is %s", text)
	}
}
