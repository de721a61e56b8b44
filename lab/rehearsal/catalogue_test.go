package rehearsal_test

import (
	"strings"
	"testing"

	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

// catalogue is a playbook of the catalogue with its rehearsals.
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

func TestTheCatalogue(t *testing.T) {
	k := newKit(t)
	var all []*rehearsal.Subject
	for _, path := range playbooks.Names() {
		all = append(all, k.catalogue(t, strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".yaml")))
	}
	report := k.play(t, k.options(), all...)
	for _, r := range report.Results {
		t.Logf("%s/%d %v lab %v took %v: %s", r.Subject.Name, r.Rehearsal.Number, r.Passed, r.LabTime, r.Took, r.Ending)
		if !r.Passed {
			t.Errorf("%s/%d %s: %s: %q", r.Subject.Name, r.Rehearsal.Number, r.Rehearsal.Name, r.Ending, failures(r))
		}
	}
	t.Log(report.Took)
	for _, c := range report.Coverage {
		t.Log(c.Subject.Name, c.Steps, c.Branches, c.Remedies, c.Never)
	}
}
