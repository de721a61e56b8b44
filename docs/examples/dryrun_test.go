//go:build unix

package examples

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/rehearsal"
	"runbook/lab/stub"
	"runbook/playbooks"
)

// fact is a line of `--output json`.
type fact struct {
	Type, Step, State, Action, Effect, Why string
	Target                                 string
	Code                                   int `json:"exit_code"`
	Params                                 []struct{ Name, Text string }
	Steps                                  []struct {
		Path, Kind, Action string
		Asks               bool
	}
	Failure json.RawMessage
}

// setting is an example that is about to run in the incident of one of its rehearsals.
type setting struct {
	*recorder
	example *example
	dir     string
	path    string // of programs
	env     string
	words   []string
}

// set plays the incident of a rehearsal up to the run, before the recorder.
func (e *example) set(t *testing.T, h *rehearsal.Rehearsal, change func(environment)) *setting {
	t.Helper()
	l, err := lab.Start(lab.Options{Seed: 1, Clock: clock.Flow(time.Now(), 1), Rules: playbooks.AlertRules(), History: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if err := errors.Join(l.Inject(h.Fault), l.Forward(t.Context(), h.Settle)); err != nil {
		t.Fatal(err)
	}
	stubs := slices.Concat(h.Stubs, e.file.Stubs)
	s := &setting{recorder: newRecorder(t, l, stub.New(l, e.file.Source.Name, stubs...)), example: e, dir: t.TempDir()}
	s.env = e.aside(t, s.recorder, s.dir, change)
	s.path = s.programs(e.started(t))
	for name, v := range h.Inputs {
		text := schema.TextOf(v)
		switch v.(type) {
		case []any, map[string]any:
			encoded, err := json.Marshal(schema.Encode(v))
			if err != nil {
				t.Fatal(err)
			}
			text = string(encoded)
		}
		s.words = append(s.words, "-i", name+"="+text)
	}
	return s
}

// started are the programs that an example may start: those of its stubs and its lists.
func (e *example) started(t *testing.T) (names []string) {
	t.Helper()
	root := tree(t, e.file.Source)
	add := func(all any) {
		list, _ := all.([]any)
		for _, one := range list {
			if m, ok := one.(map[string]any); ok {
				one = m["argv"]
			}
			if argv, ok := one.([]any); ok && len(argv) > 0 {
				if name, ok := argv[0].(string); ok && !strings.Contains(name, "/") && !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	whole := members(root)
	add(whole["programs"])
	all, _ := whole["rehearsals"].([]any)
	for _, one := range all {
		if m, ok := one.(map[string]any); ok {
			add(m["programs"])
		}
	}
	return names
}

// command is a call of the program in that setting, perhaps behind another.
func (s *setting) command(ctx context.Context, runbook string, before, flags []string) *exec.Cmd {
	words := slices.Concat(before, []string{runbook, "run", s.example.path(".yaml"), "--env", s.env, "--config", filepath.Join(s.dir, "runbook.yaml"), "--state-dir", filepath.Join(s.dir, "state"), "--output", "json"}, flags, s.words)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Dir = s.dir
	proxy := s.elsewhere()
	cmd.Env = []string{"PATH=" + s.path, recorderAt + "=" + s.socket(), "HOME=" + s.dir, "TMPDIR=" + s.dir, "HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy}
	return cmd
}

// dry makes a dry run and returns its facts.
func (s *setting) dry(t *testing.T, runbook string, before ...string) (facts []fact) {
	t.Helper()
	cmd := s.command(t.Context(), runbook, before, []string{"--dry-run"})
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		var f fact
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, &errs)
		}
		facts = append(facts, f)
	}
	if last := facts[len(facts)-1]; last.Type != "run_finished" || last.State != "dry_run" {
		t.Fatalf("no dry run: %s\n%s", out, &errs)
	}
	return facts
}

var indexes = regexp.MustCompile(`\[\d+\]`)

// figures are what became of the steps of a dry run.
type figures struct {
	reads, executed int
	wrong           []string        // reads that were not executed
	reached         map[string]bool // addresses in the plan of steps that have an end
}

func (f *figures) add(facts []fact) {
	effects, executed := map[string]string{}, map[string]bool{}
	for _, x := range facts {
		switch {
		case x.Type == "step_started" && x.Action != "":
			effects[x.Step] = x.Effect
		case x.Type == "result" && x.Failure == nil:
			executed[x.Step] = true
		case x.Type == "step_finished":
			f.reached[indexes.ReplaceAllString(x.Step, "")] = true
			if byWhen := x.State == "skipped" || strings.Contains(x.Why, "`when`"); byWhen || effects[x.Step] != "read" || x.Why == "would wait" { // a pause reads nothing
				continue
			}
			f.reads++
			if executed[x.Step] {
				f.executed++
			} else {
				f.wrong = append(f.wrong, x.Step+" is "+x.State+": "+x.Why+string(x.Failure))
			}
		}
	}
}

// came reports whether a step of the plan had an end, within whatever it stands in.
func (f *figures) came(step string) bool {
	for path := range f.reached {
		if path == step || strings.HasSuffix(path, "/"+step) {
			return true
		}
	}
	return false
}

// A dry run of an example executes all that it reads, and changes exactly nothing: the
// programs and servers that answer it saw no change, in any of its incidents.
func TestADryRunReadsAllAndChangesNothing(t *testing.T) {
	runbook := program(t)
	each(t, func(t *testing.T, e *example) {
		total := figures{reached: map[string]bool{}}
		asked := 0
		var steps []string
		for _, h := range e.file.Rehearsals {
			s := e.set(t, h, nil)
			facts := s.dry(t, runbook, tracer(t, s)...)
			changes, unanswered, all := s.found()
			asked += all
			if len(changes) > 0 || len(unanswered) > 0 {
				t.Errorf("%q: the recorder saw the changes %q, and nothing answered %q", h.Name, changes, unanswered)
			}
			untraced(t, s)
			if h.Expect.Exit.Value != 0 || h.Setting.Policy != nil || len(h.Setting.Held) > 0 {
				continue // what it cannot reach it does not read
			}
			total.add(facts)
			for _, f := range facts {
				for _, one := range f.Steps {
					if one.Kind == "action" && !slices.Contains(steps, one.Path) {
						steps = append(steps, one.Path)
					}
				}
			}
		}
		for _, wrong := range total.wrong {
			t.Errorf("a read was not executed: %s", wrong)
		}
		for _, step := range steps {
			if !total.came(step) {
				t.Errorf("no dry run came to %s", step)
			}
		}
		if total.reads == 0 || asked == 0 {
			t.Errorf("%d reads, %d requests and programs", total.reads, asked)
		}
		t.Logf("%d reads, %d executed; %d requests and programs, 0 changes", total.reads, total.executed, asked)
	})
}

// The recorder sees the changes of an example that is run for real: it would see those
// of a dry run.
func TestTheRecorderSeesChanges(t *testing.T) {
	runbook := program(t)
	each(t, func(t *testing.T, e *example) {
		if !e.changesSomething() {
			return
		}
		for _, h := range e.file.Rehearsals {
			if h.Expect.Exit.Value != 0 || h.Expect.Changes != nil && h.Expect.Changes.None.Value == "none" {
				continue
			}
			s := e.set(t, h, func(env environment) {
				all := []any{"read", "write", "destructive"}
				env.keys["policy"] = map[string]any{"allow": all, "yes": all}
			})
			if s.live(t, runbook) {
				return
			}
		}
		t.Error("no live run of it changed anything that the recorder saw")
	})
}

// live makes a run until the recorder sees a change, and reports whether it did.
func (s *setting) live(t *testing.T, runbook string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := s.command(ctx, runbook, nil, []string{"--yes"})
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-s.first:
		cancel()
		<-ended
	case err := <-ended:
		t.Logf("ended with %v: %s", err, out.Bytes()[max(0, out.Len()-600):])
	}
	changes, _, _ := s.found()
	return len(changes) > 0
}

// changesSomething reports whether a run of an example may change anything without a
// person.
func (e *example) changesSomething() bool {
	if slices.ContainsFunc(e.plan.All(), func(s *plan.Step) bool { return s.Body == plan.BodyManual }) {
		return false // a person does something first, and asks others
	}
	return slices.ContainsFunc(e.file.Rehearsals, func(h *rehearsal.Rehearsal) bool {
		c := h.Expect.Changes
		return c != nil && c.None.Value != "none" && c.Count.Value+len(c.Only)+len(c.Exactly) > 0
	})
}

// A change that an example's environment takes for a read is caught: the recorder knows
// what the environment listed before.
func TestAChangeThatIsListedAsAReadIsCaught(t *testing.T) {
	runbook := program(t)
	each(t, func(t *testing.T, e *example) {
		if !e.changesSomething() {
			return
		}
		for _, h := range e.file.Rehearsals {
			target, rule, asks := e.change(e.set(t, h, nil).dry(t, runbook))
			if rule == nil {
				continue
			}
			if asks { // it stays a step that nobody was asked for in a dry run
				return
			}
			s := e.set(t, h, func(env environment) {
				keys, _ := env.targets[target].(map[string]any)
				list, _ := keys["reads"].([]any)
				keys["reads"] = append(slices.Clone(list), rule)
			})
			s.dry(t, runbook)
			if changes, _, _ := s.found(); len(changes) == 0 {
				t.Errorf("%q: %v is listed as a read of %s, and the recorder saw no change", h.Name, rule, target)
			}
			return
		}
		t.Error("it has no change that could be listed")
	})
}

// change is a change that a dry run shows, as its target could list it among its reads;
// nil where there is none. One that asks is previewed even as a read if its step says so,
// and comes last.
func (e *example) change(facts []fact) (target string, rule any, asking bool) {
	asks := map[string]bool{}
	for _, f := range facts {
		for _, one := range f.Steps {
			asks[one.Path] = one.Asks
		}
		if f.Type != "step_started" || f.Effect != "write" || f.Target == "" {
			continue
		}
		params := map[string]string{}
		for _, p := range f.Params {
			params[p.Name] = p.Text
		}
		var argv []any
		var found any
		switch {
		case params["stdin"] != "" || params["detach"] == "true":
		case f.Action == "shell.run" && json.Unmarshal([]byte(params["argv"]), &argv) == nil:
			found = argv
		case f.Action == "http.request" && params["method"] != "DELETE" && strings.HasPrefix(params["path"], "/"):
			path, _, _ := strings.Cut(params["path"], "?")
			found = params["method"] + " " + path
		}
		if found != nil && !asks[indexes.ReplaceAllString(f.Step, "")] {
			return f.Target, found, false
		}
		if found != nil && rule == nil {
			target, rule, asking = f.Target, found, true
		}
	}
	return target, rule, asking
}

// With --limit the programs of the other hosts of a group are not even read.
func TestLimitLeavesTheOthersAlone(t *testing.T) {
	e := load(t, "rolling-update")
	s := e.set(t, e.file.Rehearsals[0], nil)
	s.words = append(s.words, "--limit", "web2")
	facts := s.dry(t, program(t))
	hosts := map[string]int{}
	for _, one := range s.all {
		host, _, _ := strings.Cut(one.what, ":")
		hosts[host]++
	}
	if ended := facts[len(facts)-1]; ended.Code != 0 {
		t.Errorf("ended with %d: %s", ended.Code, ended.Failure)
	}
	if hosts["web2"] < 3 || hosts["balancer"] == 0 || hosts["web1"]+hosts["web3"] > 0 {
		t.Errorf("asked %v", hosts)
	}
}
