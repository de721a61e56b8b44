package report

import (
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/page"
)

func TestHintsOfAFailureAreToldInEveryView(t *testing.T) {
	f := event.FailureOf(&action.Failure{What: "no container ap", Nearest: []string{"app", "apt"}, Facts: []action.Fact{{Label: "looked in", Value: "project mltb"}}})
	s := newStory()
	s.add(event.TypeRunCreated, "", leakHeader())
	s.add(event.TypeRunFinished, "", &event.RunFinished{Schema: 1, State: event.Failed, ExitCode: 1, Failure: f})
	o := Options{Look: page.Look{Width: 92}, Location: cet}
	var r Run
	var plain, json strings.Builder
	views := []View{NewPlain(&plain, o), NewJSON(&json)}
	for _, e := range s.events {
		r.Apply(e)
		for _, v := range views {
			v.Event(e)
		}
	}
	for name, test := range map[string]struct{ text, want string }{
		"summary": {Summary(&r.Run, o), "Looked in project mltb Nearest app, apt"},
		"plain":   {plain.String(), "- looked_in project mltb 2026-11-24T02:12:07Z - nearest app, apt"},
		"json":    {json.String(), `"facts":[{"label":"looked in","value":"project mltb"}],"nearest":["app","apt"]`},
	} {
		if !strings.Contains(strings.Join(strings.Fields(test.text), " "), strings.Join(strings.Fields(test.want), " ")) {
			t.Errorf("%s does not say %q:\n%s", name, test.want, test.text)
		}
	}
}
