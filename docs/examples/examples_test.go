//go:build unix

// Package examples holds the playbooks of docs/examples to what they promise: they are
// valid, they are rehearsed, and a dry run of them reads everything and changes nothing.
package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

// TestMain is a program of an example where it is called by the name of one.
func TestMain(m *testing.M) {
	if at := os.Getenv(recorderAt); at != "" {
		os.Exit(answerAs(at))
	}
	code := m.Run()
	if path, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// example is a playbook of a folder of its own, with its environment and its rehearsals.
type example struct {
	name, dir string
	source    *yaml.Source
	plan      *plan.Plan
	file      *rehearsal.File
	launcher  *launch.Launcher
}

func (e *example) path(suffix string) string { return filepath.Join(e.dir, e.name+suffix) }

// each runs a test of every example.
func each(t *testing.T, test func(t *testing.T, e *example)) {
	t.Helper()
	folders, err := filepath.Glob("*/*.rehearsal.yaml")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, path := range folders {
		t.Run(filepath.Dir(path), func(t *testing.T) {
			t.Parallel()
			test(t, load(t, filepath.Dir(path)))
		})
	}
}

func load(t *testing.T, name string) *example {
	t.Helper()
	dir, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	e := &example{name: name, dir: dir, launcher: launch.New(registry, launch.NewCatalogue(nil, playbooks.Files(), ""), "test")}
	e.source = read(t, e.path(".yaml"))
	c := e.launcher.Compile(e.source, nil)
	if e.plan = c.Plan; e.plan == nil {
		t.Fatal(c.List)
	}
	file, list := rehearsal.Parse(read(t, e.path(".rehearsal.yaml")), e.plan, registry)
	if e.file = file; len(list) > 0 || file == nil {
		t.Fatal(list)
	}
	return e
}

func read(t *testing.T, path string) *yaml.Source {
	t.Helper()
	s, err := yaml.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// built is the program, which all tests share.
var built = sync.OnceValues(func() (path string, err error) {
	dir, err := os.MkdirTemp("", "runbook-examples-")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, "runbook")
	out, err := exec.Command("go", "build", "-o", path, "runbook/cmd/runbook").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, err
})

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Every file beside an example is of it, and `validate` finds nothing to say.
func TestExamplesAreValid(t *testing.T) {
	runbook := program(t)
	each(t, func(t *testing.T, e *example) {
		cmd := exec.Command(runbook, "validate", e.dir, "--format", "json")
		out, err := cmd.Output()
		var told struct {
			Files    int
			Findings []json.RawMessage
		}
		if jsonErr := json.Unmarshal(out, &told); jsonErr != nil || err != nil || len(told.Findings) > 0 {
			t.Errorf("%v %v\n%s", err, jsonErr, out)
		}
		for _, name := range []string{e.path(".yaml"), e.path(".rehearsal.yaml"), filepath.Join(e.dir, "runbook.yaml")} {
			if _, err := os.Stat(name); err != nil {
				t.Error(err)
			}
		}
	})
}

// Every example is rehearsed: all of its steps, branches and remedies, and each kind
// of ending that it can have.
func TestExamplesAreRehearsed(t *testing.T) {
	each(t, func(t *testing.T, e *example) {
		report, err := rehearsal.Play(t.Context(), []*rehearsal.Subject{{Name: e.name, Source: e.source, Plan: e.plan, File: e.file}}, rehearsal.Options{
			Launcher: e.launcher, Rules: playbooks.AlertRules(),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range report.Results {
			if !r.Passed {
				t.Errorf("%q: %+v %+v %v", r.Rehearsal.Name, failed(r.Checks), r.Also, r.Err)
			}
			onlyChangesAreListed(t, r)
		}
		cover := report.Coverage[0]
		if len(cover.Never) > 0 || len(cover.Idle) > 0 {
			t.Errorf("no rehearsal reached %v, called %v", cover.Never, cover.Idle)
		}
		for _, lacks := range lacking(e, report.Results) {
			t.Errorf("no rehearsal in which %s", lacks)
		}
		t.Logf("%d rehearsals, %d of %d steps and branches", len(report.Results), cover.All().Reached, cover.All().All)
	})
}

func failed(all []rehearsal.Check) []rehearsal.Check {
	return slices.DeleteFunc(slices.Clone(all), func(c rehearsal.Check) bool { return c.Held })
}

// onlyChangesAreListed holds that what a run lists as changed began as a change, and
// that what was a read of it is not listed.
func onlyChangesAreListed(t *testing.T, r *rehearsal.Result) {
	t.Helper()
	effects := map[event.Path]action.Effect{}
	for _, f := range r.Facts {
		if d, ok := f.Data.(*event.StepStarted); ok && d.Action != "" {
			effects[f.Path] = d.Effect
		}
	}
	for _, c := range r.Finished.Changes {
		if was, began := effects[c.Step]; began && was == action.Read {
			t.Errorf("%q: %s is listed as changed, and only read", r.Rehearsal.Name, c.Step)
		}
	}
}

// lacking are the endings of which an example has no rehearsal.
func lacking(e *example, results []*rehearsal.Result) (out []string) {
	asks := slices.ContainsFunc(e.plan.All(), func(s *plan.Step) bool { return s.Approve != nil })
	changes := slices.ContainsFunc(results, func(r *rehearsal.Result) bool { return r.Changes() > 0 })
	want := []struct {
		what string
		due  bool
		is   func(*rehearsal.Result) bool
	}{
		{"it is done, with changes", changes, func(r *rehearsal.Result) bool { return r.Finished.ExitCode == 0 && r.Changes() > 0 }},
		{"there is nothing to do", true, func(r *rehearsal.Result) bool { return r.Finished.ExitCode == 0 && r.Changes() == 0 }},
		{"it fails in the middle", true, func(r *rehearsal.Result) bool { return r.Finished.ExitCode == 1 && (r.Changes() > 0 || !changes) }},
		{"a person refuses", asks, func(r *rehearsal.Result) bool { return r.Finished.State == event.Refused }},
	}
	for _, w := range want {
		if w.due && !slices.ContainsFunc(results, w.is) {
			out = append(out, w.what)
		}
	}
	return out
}

// The page of examples has a row for each, with a link to it and the command that
// rehearses it.
func TestThePageNamesEveryExample(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, e *example) {
		start := fmt.Sprintf("| [%s](%s/%s.yaml) |", e.name, e.name, e.name)
		end := fmt.Sprintf("| `runbook rehearse ./%s/%s.yaml` |", e.name, e.name)
		for _, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, start) && strings.HasSuffix(line, end) {
				return
			}
		}
		t.Errorf("README.md has no line that begins with %s and ends with %s", start, end)
	})
}

// words are an argv as it is told.
func words(argv []string) string { return strings.Join(argv, " ") }
