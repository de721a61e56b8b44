package rehearsal_test

import (
	"strings"
	"testing"

	"runbook/actions"
	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/plan"
	"runbook/engine/playbook"
	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

// kit compiles playbooks against the catalogue's actions.
type kit struct{ registry *action.Registry }

func newKit(t testing.TB) *kit {
	t.Helper()
	registry, err := action.NewRegistry(actions.All())
	if err != nil {
		t.Fatal(err)
	}
	return &kit{registry}
}

func (k *kit) compile(tree *playbook.Playbook) (*plan.Plan, diag.List) {
	return plan.Compile(tree, plan.Options{Registry: k.registry})
}

func (k *kit) options() rehearsal.Options {
	return rehearsal.Options{Compile: k.compile, Kinds: k.registry.Targets(), Rules: playbooks.AlertRules()}
}

// subject compiles a playbook and its rehearsals.
func (k *kit) subject(t testing.TB, name, text, rehearsals string) *rehearsal.Subject {
	t.Helper()
	source := &playbook.Source{Name: name + ".yaml", Text: []byte(text)}
	tree, list := playbook.Parse(source)
	if list.Errors() > 0 {
		t.Fatalf("%s: %v", name, list)
	}
	p, list := k.compile(tree)
	if list.Errors() > 0 {
		t.Fatalf("%s: %v", name, list)
	}
	file, list := rehearsal.Parse(&playbook.Source{Name: name + ".rehearsal.yaml", Text: []byte(rehearsals)}, p)
	if file == nil {
		t.Fatalf("%s: %v", name, list)
	}
	return &rehearsal.Subject{Name: name, Source: source, Plan: p, File: file}
}

func (k *kit) catalogue(t testing.TB, name string) *rehearsal.Subject {
	t.Helper()
	path, text, ok := playbooks.Lookup(name)
	if !ok {
		t.Fatalf("there is no playbook %s", name)
	}
	beside, err := playbooks.Read(strings.TrimSuffix(path, ".yaml") + ".rehearsal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return k.subject(t, name, string(text), string(beside))
}

// complain tells what did not hold.
func complain(t testing.TB, r *rehearsal.Result) {
	t.Helper()
	t.Errorf("%s/%d %s: %s, err %v", r.Subject.Name, r.Rehearsal.Number, r.Rehearsal.Name, r.Ending, r.Err)
	for _, c := range r.Checks {
		t.Logf("  %v %s: %s; seen %s", c.Held, c.Kind, c.Expected, c.Seen)
	}
	for _, p := range r.Also {
		t.Logf("  %v %s; %s", p.Held, p.Text, p.Detail)
	}
	for _, n := range r.Notes {
		t.Logf("  %s: %s", n.Label, n.Text)
	}
}

func TestTheCatalogue(t *testing.T) {
	k := newKit(t)
	var all []*rehearsal.Subject
	for _, path := range playbooks.Names() {
		name := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".yaml")
		all = append(all, k.catalogue(t, name))
	}
	report, err := rehearsal.Play(t.Context(), all, k.options())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		t.Logf("%s/%d %v %v lab %v: %s", r.Subject.Name, r.Rehearsal.Number, r.Passed, r.Took, r.LabTime, r.Ending)
		if !r.Passed {
			complain(t, r)
		}
	}
	t.Log(report.Took)
}
