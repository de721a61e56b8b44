package rehearsal_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

// catalogue is a playbook of the catalogue with its rehearsals.
func (k *kit) catalogue(t testing.TB, name string) *rehearsal.Subject {
	t.Helper()
	files, err := fs.Glob(playbooks.Files(), "*/"+name+".yaml")
	if err != nil || len(files) != 1 {
		t.Fatalf("of %s there is %q, %v", name, files, err)
	}
	text, err := fs.ReadFile(playbooks.Files(), files[0])
	if err != nil {
		t.Fatal(err)
	}
	beside, err := fs.ReadFile(playbooks.Files(), strings.TrimSuffix(files[0], ".yaml")+".rehearsal.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return k.subject(t, name, string(text), string(beside))
}

func TestTheCatalogue(t *testing.T) {
	k := newKit(t)
	var all []*rehearsal.Subject
	files, err := fs.Glob(playbooks.Files(), "*/*.rehearsal.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of rehearsals, %v", len(files), err)
	}
	for _, file := range files {
		all = append(all, k.catalogue(t, strings.TrimSuffix(path.Base(file), ".rehearsal.yaml")))
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
