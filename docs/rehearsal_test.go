package docs

import (
	"io/fs"
	"strings"
	"testing"

	"runbook/engine/plan"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
	"runbook/playbooks"
)

func compiled(t *testing.T, place, text string) (*yaml.Source, *plan.Plan) {
	t.Helper()
	source := &yaml.Source{Name: place, Text: []byte(text)}
	c := launcher(t).Compile(source, nil)
	if c.Plan == nil {
		t.Fatalf("%s: %v", place, c.List)
	}
	return source, c.Plan
}

// The file of rehearsals that a page shows is valid for memory-leak.
func TestRehearsalExamples(t *testing.T) {
	text, err := fs.ReadFile(playbooks.Files(), "troubleshoot/memory-leak.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, p := compiled(t, "memory-leak.yaml", string(text))
	found := 0
	for _, b := range blocks(t, "rehearsals.md") {
		if b.info != "yaml rehearsal" {
			continue
		}
		found++
		if file, list := rehearsal.Parse(&yaml.Source{Name: b.place, Text: []byte(b.text)}, p, registry(t)); file == nil {
			t.Errorf("%s: %v", b.place, list)
		}
	}
	if found == 0 {
		t.Error("no example was found")
	}
}

// The page's playbooks with stubs are played, and pass.
func TestStubExamples(t *testing.T) {
	written := map[string]block{}
	for _, b := range blocks(t, "rehearsals.md") {
		if words := strings.Fields(b.info); len(words) == 2 && words[0] == "yaml" {
			written[words[1]] = b
		}
	}
	played := 0
	for name, b := range written {
		if of, ok := strings.CutSuffix(name, ".rehearsal.yaml"); ok {
			played++
			for _, r := range playedOf(t, of, written[of+".yaml"], b.text).Results {
				if !r.Passed {
					t.Errorf("%s: rehearsal %q: %+v %+v %v", b.place, r.Rehearsal.Name, r.Checks, r.Also, r.Err)
				}
			}
		}
	}
	if played == 0 {
		t.Error("no example was found")
	}
}

// The tutorial is played: its first playbook fails its rehearsals, its last one
// passes, and no mutant of that survives without being told.
func TestTutorial(t *testing.T) {
	var incident string
	stages := 0
	for _, b := range blocks(t, "tutorial-rehearsal.md") {
		switch words := strings.Fields(b.info); {
		case len(words) == 2 && words[1] == "workers.rehearsal.yaml":
			incident = b.text
		case len(words) == 6 && words[1] == "workers.yaml":
			stages++
			tutorialStage(t, b, incident, words[5] == "pass")
		}
	}
	if stages != 2 {
		t.Errorf("%d stages were found", stages)
	}
}

func tutorialStage(t *testing.T, b block, incident string, pass bool) {
	t.Helper()
	for i, r := range playedOf(t, "workers", b, incident).Results {
		if want := pass || i == 1; r.Passed != want {
			t.Errorf("%s: rehearsal %q passed %v, want %v: %+v %+v %v", b.place, r.Rehearsal.Name, r.Passed, want, r.Checks, r.Also, r.Err)
		}
	}
}

// playedOf plays the rehearsals of a playbook.
func playedOf(t *testing.T, name string, b block, rehearsals string) *rehearsal.Report {
	t.Helper()
	source, p := compiled(t, name+".yaml", b.text)
	file, list := rehearsal.Parse(&yaml.Source{Name: name + ".rehearsal.yaml", Text: []byte(rehearsals)}, p, registry(t))
	if file == nil {
		t.Fatalf("%s: %v", b.place, list)
	}
	report, err := rehearsal.Play(t.Context(), []*rehearsal.Subject{{Name: name, Source: source, Plan: p, File: file}}, rehearsal.Options{
		Launcher: launcher(t), Rules: playbooks.AlertRules(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}
