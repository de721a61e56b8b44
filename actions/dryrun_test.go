//go:build unix

package actions_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"testing/fstest"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/run"
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
	t.Setenv("PATH", recorded(t))
	runs, changes := 0, 0
	for _, a := range all() {
		example := exampleOf(t, a)
		shelf["a/called.yaml"].Data = []byte(document("called", step{"steps": list(example)}))
		change := false
		for _, place := range places {
			name := a.Name + ", " + place.name
			since := len(s.lab.Mutations())
			got := s.play(t, document("proof", place.keys(example)), run.Mode{DryRun: true}, nil, nil)
			runs++
			if found := s.changes(since); len(found) > 0 {
				t.Errorf("%s: asked for %q", name, found)
			}
			if place.name == "plain" && previews(got.facts, a) {
				change = true
				changes++
			}
			mayNot := place.reads && (change || a.Child) || place.name == "undo" && a.Effect == action.Destructive
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
	if runs != len(all())*len(places) || changes < 14 {
		t.Errorf("%d dry runs, of %d changes", runs, changes)
	}
	if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
		t.Errorf("made %v, %v", left, err)
	}
	var children syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children); err != nil || children.Minflt > 0 {
		t.Errorf("a program was started: %v, %d pages", err, children.Minflt)
	}
}

// previews reports whether a dry run showed a step of a as a change.
func previews(facts []event.Event, a *action.Action) bool {
	return slices.ContainsFunc(facts, func(f event.Event) bool {
		d, ok := f.Data.(*event.StepStarted)
		return ok && d.Action == a.Name && d.Effect != action.Read
	})
}

// recorded is a PATH on which each program that an example starts leaves a file
// in the folder where it is started.
func recorded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, a := range all() {
		if m := argv.FindStringSubmatch(a.Example); m != nil {
			if err := os.WriteFile(filepath.Join(dir, m[1]), []byte("#!/bin/sh\n: > started\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

var argv = regexp.MustCompile(`argv: \[([\w-]+)`)
