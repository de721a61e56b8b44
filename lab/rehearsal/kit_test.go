package rehearsal_test

import (
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

// TestMain checks that no rehearsal leaves anything behind.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // a lab is made, used and dropped in a moment
	goleak.VerifyTestMain(m)
}

// kit compiles playbooks against the catalogue's actions, and more.
type kit struct{ *launch.Launcher }

func newKit(t testing.TB, more ...*action.Action) *kit {
	t.Helper()
	registry, err := action.NewRegistry(append(actions.All(), more...))
	if err != nil {
		t.Fatal(err)
	}
	return &kit{launch.New(registry, launch.NewCatalogue(nil, playbooks.Files(), ""), "test")}
}

func (k *kit) options() rehearsal.Options {
	return rehearsal.Options{Launcher: k.Launcher, Rules: playbooks.AlertRules()}
}

func (k *kit) plan(t testing.TB, source *yaml.Source) *plan.Plan {
	t.Helper()
	c := k.Compile(source, nil)
	if c.Plan == nil {
		t.Fatal(c.List)
	}
	return c.Plan
}

// subject compiles a playbook and its rehearsals.
func (k *kit) subject(t testing.TB, name, text, rehearsals string) *rehearsal.Subject {
	t.Helper()
	source := &yaml.Source{Name: name + ".yaml", Text: []byte(text)}
	p := k.plan(t, source)
	file, list := rehearsal.Parse(&yaml.Source{Name: name + ".rehearsal.yaml", Text: []byte(rehearsals)}, p, k.Registry)
	if file == nil {
		t.Fatalf("%v\n%s", list, rehearsals)
	}
	return &rehearsal.Subject{Name: name, Source: source, Plan: p, File: file}
}

// cache is the small playbook of these tests with that rehearsal, given as the
// keys below its name.
func (k *kit) cache(t testing.TB, keys string) *rehearsal.Subject {
	t.Helper()
	return k.subject(t, "cache", read(t, "cache.yaml"), one(keys))
}

// one is a file with one rehearsal of these keys.
func one(keys string) string {
	return "rehearsals:\n  - name: one\n    " + strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ") + "\n"
}

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// play plays subjects, and fails the test where they could not be played.
func (k *kit) play(t testing.TB, o rehearsal.Options, subjects ...*rehearsal.Subject) *rehearsal.Report {
	t.Helper()
	report, err := rehearsal.Play(t.Context(), subjects, o)
	return k.played(t, report, err)
}

// brief is play for a test that asks nothing of what is checked unwritten.
func (k *kit) brief(t testing.TB, o rehearsal.Options, subjects ...*rehearsal.Subject) *rehearsal.Report {
	t.Helper()
	report, err := rehearsal.PlayBriefly(t.Context(), subjects, o)
	return k.played(t, report, err)
}

func (k *kit) played(t testing.TB, report *rehearsal.Report, err error) *rehearsal.Report {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Err != nil {
			t.Fatalf("%s/%d: %v", r.Subject.Name, r.Rehearsal.Number, r.Err)
		}
	}
	return report
}

// failures are the checks and properties that did not hold.
func failures(r *rehearsal.Result) []string {
	var all []string
	for _, c := range r.Checks {
		if !c.Held {
			all = append(all, fmt.Sprintf("%s: %s, seen %s", c.Kind, c.Expected, c.Seen))
		}
	}
	for _, p := range r.Also {
		if !p.Held {
			all = append(all, fmt.Sprintf("also: %s, %s", p.Text, p.Detail))
		}
	}
	return all
}

func equal(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got  %v\n want %v", got, want)
	}
}
