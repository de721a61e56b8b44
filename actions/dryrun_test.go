//go:build unix

package actions_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/run"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

// carrier is a change that stands around the example in its place, or beside it.
var carrier = step{"id": " carrier", "action": " http.request", "with": " {method: POST, path: /api/cache/clear}"}

// places are where an action can stand. Those that only read refuse a change.
var places = []struct {
	name  string
	reads bool
	keys  func(step) step
}{
	{"plain", false, func(s step) step { return step{"steps": list(s)} }},
	{"raised", false, func(s step) step {
		return step{"steps": list(s.with(step{"effect": "destructive", "approve": "true", "within": ""}))}
	}},
	{"finally", false, func(s step) step { return step{"steps": list(carrier), "finally": list(s)} }},
	{"undo", false, func(s step) step {
		around := maps.Clone(carrier)
		maps.Copy(around, s.only("for_each"))
		around["undo"] = s.only("action", "with").text()
		return step{"on_failure": " undo", "steps": list(around, step{"action": " flow.fail", "with": " {message: x}"})}
	}},
	{"remedies", false, func(s step) step {
		return step{"steps": list(step{
			"id": " goal", "observe": " {action: host.memory}", "verify": " [observed.used_percent > 200]", "remedies": list(s.with(step{"id": ""}), s),
		})}
	}},
	{"prerequisites", true, func(s step) step { return step{"prerequisites": list(s), "steps": list(carrier)} }},
	{"observe", true, func(s step) step { return step{"steps": list(observed(s, carrier))} }},
	{"observe of remedies", true, func(s step) step { return step{"steps": list(observed(s, step{"remedies": list(carrier)}))} }},
	{"loop", false, func(s step) step {
		return step{"steps": list(step{"id": " outer", "for_each": " [1, 2]", "steps": list(s)})}
	}},
	{"block", false, func(s step) step {
		return step{"steps": list(step{"id": " outer", "on_failure": " continue", "steps": list(s, carrier)})}
	}},
	{"after a change", false, func(s step) step { return step{"steps": list(carrier, s)} }},
	{"when of the unknown", false, func(s step) step {
		return step{"steps": list(carrier, s.with(step{"when": "steps.carrier.outputs.status == 200"}))}
	}},
	{"call", false, func(step) step { return step{"steps": list(step{"id": " outer", "call": " called"})} }},
}

// observed is a step that looks by the action of another.
func observed(by, s step) step {
	out := maps.Clone(s)
	maps.Copy(out, by.only("for_each"))
	out["observe"], out["verify"] = by.only("action", "with").text(), " [observed != nil]"
	return out
}

// TestADryRunSendsNoChange plays the example of every action at every place where
// one can stand, in a dry run, and holds that its target is asked for no change,
// no program is started, and no file is made.
func TestADryRunSendsNoChange(t *testing.T) {
	shelf := fstest.MapFS{"a/called.yaml": &fstest.MapFile{}}
	s := newStage(t, shelf)
	s.wire(t)
	defer s.unwire()
	t.Chdir(t.TempDir())
	before := lay(t)
	t.Setenv("PATH", recorded(t))
	runs, changes := 0, 0
	for _, a := range ofLab() {
		example := exampleOf(t, a)
		shelf["a/called.yaml"].Data = []byte(document("called", step{"steps": list(example)}))
		effect := action.Read
		for _, place := range places {
			name := a.Name + ", " + place.name
			since := len(s.lab.Mutations())
			got := s.play(t, document("proof", place.keys(example)), run.Mode{DryRun: true}, nil, nil)
			runs++
			if found := s.changes(since); len(found) > 0 {
				t.Errorf("%s: asked for %q", name, found)
			}
			if place.name == "plain" {
				if effect = effectIn(got.facts, a); effect != action.Read {
					changes++
				}
			}
			mayNot := place.reads && (effect != action.Read || a.Child) || place.name == "undo" && effect == action.Destructive
			switch {
			case got.refused != nil && !mayNot:
				t.Errorf("%s: refused: %v %v", name, got.refused, got.refused.List)
			case got.refused == nil && mayNot:
				t.Errorf("%s: is not refused", name)
			case got.refused == nil && (got.State != event.DryRun || len(got.Changes) > 0):
				t.Errorf("%s: ended %s, changes %v", name, got.State, got.Changes)
			}
		}
	}
	if runs != len(ofLab())*len(places) || changes < 14 {
		t.Errorf("%d dry runs, of %d changes", runs, changes)
	}
	leavesNothing(t, before)
}

// effectIn is the effect that a run told of a step of a.
func effectIn(facts []event.Event, a *action.Action) action.Effect {
	for _, f := range facts {
		if d, ok := f.Data.(*event.StepStarted); ok && d.Action == a.Name {
			return d.Effect
		}
	}
	return action.Read
}

// recorded is a PATH on which each program that an example starts leaves a file
// in the folder where it is started.
func recorded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, a := range ofLab() {
		if m := argv.FindStringSubmatch(a.Example); m != nil {
			if err := os.WriteFile(filepath.Join(dir, m[1]), []byte("#!/bin/sh\n: > started\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

var argv = regexp.MustCompile(`argv: \[([\w-]+)`)

// TestARehearsalSendsNothingOutside plays the examples of all actions in a
// rehearsal, for real, and holds that no program is started and no file is made.
func TestARehearsalSendsNothingOutside(t *testing.T) {
	t.Chdir(t.TempDir())
	before := lay(t)
	t.Setenv("PATH", recorded(t))
	launcher := launch.New(mustRegistry(t), launch.NewCatalogue(nil, fstest.MapFS{}, ""), "test")
	var steps []step
	for _, a := range ofLab() {
		steps = append(steps, exampleOf(t, a).with(step{"id": "", "within": "", "approve": "true", "verify": ""}).with(looks(a)))
		if last := steps[len(steps)-1]; a.Name == "mongo.update" { // what workers take up is another after each answer
			last["with"] = strings.Replace(last["with"], "status: processing", "status: gone", 1)
		}
	}
	source := &yaml.Source{Name: "all.yaml", Text: []byte(document("all", step{"on_failure": " continue", "steps": list(steps...)}))}
	compiled := launcher.Compile(source, nil)
	if compiled.Plan == nil {
		t.Fatal(compiled.List)
	}
	answers := ""
	for i := range steps {
		answers += fmt.Sprintf("{step: steps/%d, as: alice}, ", i+1)
	}
	file, list := rehearsal.Parse(&yaml.Source{Name: "all.rehearsal.yaml", Text: []byte("rehearsals: [{name: one, fault: none, again: changes, approve: [" + answers + "], expect: {exit: 1}}]")}, compiled.Plan, launcher.Registry)
	if file == nil {
		t.Fatal(list)
	}
	report, err := rehearsal.Play(t.Context(), []*rehearsal.Subject{{Name: "all", Source: source, Plan: compiled.Plan, File: file}}, rehearsal.Options{Launcher: launcher, Rules: playbooks.AlertRules()})
	if err != nil || report.Results[0].Err != nil {
		t.Fatal(err, report.Results[0].Err)
	}
	began := 0
	for _, f := range report.Results[0].Facts {
		if f.Type == event.TypeStepFinished {
			began++
		}
	}
	if began < len(steps) {
		t.Errorf("%d of %d steps ended: %+v", began, len(steps), report.Results[0].Finished.Failure)
	}
	leavesNothing(t, before)
}

// looks gives a change that is judged by what is observed something to judge.
func looks(a *action.Action) step {
	if strings.Contains(a.Example, "observe:") {
		return step{"verify": "[observed != nil]"}
	}
	return nil
}

// laid are the files that examples read and change, below the folder of a run.
var laid = map[string]string{"app.conf": "workers = 2\ntimeout = 30\n", "app.conf.tmpl": "workers = {{ .workers }}\n", "backups/one.tar.gz": "x"}

// lay makes these files, and returns what is there.
func lay(t *testing.T) []string {
	t.Helper()
	for name, text := range laid {
		name = filepath.Join("data", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return whatIsThere(t)
}

// whatIsThere is each file below the folder, which it is, its permissions and its content.
func whatIsThere(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, _ := os.ReadFile(path) // "" of a folder
		found = append(found, fmt.Sprintf("%s %s %v %d %q", path, info.Mode(), info.ModTime(), info.Sys().(*syscall.Stat_t).Ino, text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// leavesNothing fails t where a file of its folder was made or changed, or a program was
// started and has ended.
func leavesNothing(t *testing.T, before []string) {
	t.Helper()
	if after := whatIsThere(t); !slices.Equal(before, after) {
		t.Errorf("was %q, is %q", before, after)
	}
	var children syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children); err != nil || children.Minflt > 0 {
		t.Errorf("a program was started: %v, %d pages", err, children.Minflt)
	}
}
