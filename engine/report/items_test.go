package report_test

import (
	"bytes"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/report"
)

// Items are told by their names, beside addresses that have numbers alone: in the tree,
// in plain lines, under what was changed, and in JSON.
func TestItemsAreNamed(t *testing.T) {
	facts := []event.Event{
		{Type: event.TypeRunCreated, Data: &event.RunCreated{Schema: 1, Run: "20261124-k7qm", Playbook: "p", Environment: event.Environment{Name: "e"}}},
		{Type: event.TypePlan, Data: &event.Plan{Steps: []event.Step{{Path: "each", Kind: event.KindBlock, Title: "All hosts", Loop: true, Phase: event.Steps}, {Path: "drain", Parent: "each", Title: "Drain it", Phase: event.Steps}}}},
		{Type: event.TypeStepStarted, Path: "each", Data: &event.StepStarted{}},
		{Type: event.TypeExpanded, Path: "each", Data: &event.Expanded{Items: []string{"web1", "web2"}}},
	}
	for _, item := range []event.Path{"each[0]", "each[1]"} {
		facts = append(facts,
			event.Event{Type: event.TypeStepStarted, Path: item, Data: &event.StepStarted{}},
			event.Event{Type: event.TypeStepStarted, Path: item.Part("drain"), Data: &event.StepStarted{Action: "x.set", Effect: action.Write, Brief: "x.set"}},
			event.Event{Type: event.TypeIntent, Path: item.Part("drain"), Attempt: 1, Data: &event.Intent{Action: "x.set", Effect: action.Write, Preview: action.Preview{Summary: "set drain"}}},
			event.Event{Type: event.TypeOutcome, Path: item.Part("drain"), Attempt: 1, Data: &event.Outcome{Applied: action.AppliedFully}},
			event.Event{Type: event.TypeStepFinished, Path: item.Part("drain"), Data: &event.StepFinished{State: event.Passed}},
			event.Event{Type: event.TypeStepFinished, Path: item, Data: &event.StepFinished{State: event.Passed}})
	}
	var tree, plain, text, object bytes.Buffer
	r := &report.Run{}
	o := report.Options{Look: page.Look{Width: 100}}
	live, lines := report.NewTerminal(&tree, o), report.NewPlain(&plain, o)
	for _, e := range facts {
		r.Apply(e)
		live.Event(e)
		lines.Event(e)
	}
	done := event.Event{Type: event.TypeStepFinished, Path: "each", Data: &event.StepFinished{State: event.Passed}}
	live.Event(done)
	r.Apply(done)
	fin := event.Event{Type: event.TypeRunFinished, Data: &event.RunFinished{Schema: 1, State: event.Done, Changes: r.List()}}
	live.Event(fin)
	r.Apply(fin)
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	if err := report.Text(&text, r, o); err != nil {
		t.Fatal(err)
	}
	if err := report.ReportJSON(&object, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct{ got, want string }{
		"the tree": {tree.String(), "each[1] web2"}, "plain": {plain.String(), "2 items: web1, web2"},
		"changed": {text.String(), "each[1]/drain web2: set drain"}, "json": {object.String(), `"item": "web2"`},
	} {
		if !strings.Contains(strings.Join(strings.Fields(test.got), " "), test.want) {
			t.Errorf("%s does not say %q:\n%s", what, test.want, test.got)
		}
	}
}
