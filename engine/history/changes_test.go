package history

import (
	"fmt"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
)

// facts makes facts in their order.
func facts(pairs ...any) []event.Event {
	var out []event.Event
	for i := 0; i < len(pairs); i += 2 {
		e := event.Event{Sequence: uint64(i/2 + 1), Path: event.Path(pairs[i].(string)), Data: pairs[i+1]}
		e.Type = map[bool]event.Type{true: event.TypeRunFinished, false: event.TypeIntent}[e.Path == ""]
		out = append(out, e)
	}
	return out
}

func intent(summary string) *event.Intent {
	return &event.Intent{Action: "a", Effect: action.Write, Preview: action.Preview{Summary: summary}}
}

func outcome(a action.Applied) *event.Outcome { return &event.Outcome{Applied: a} }

func TestChanges(t *testing.T) {
	finally := intent("x")
	finally.Phase = event.Finally
	undo := intent("x")
	undo.Phase = event.Undo
	for name, test := range map[string]struct {
		facts   []event.Event
		attempt int // of the second intent
		want    string
		count   int
	}{
		"applied":                     {facts: facts("a", intent("x"), "a", outcome(action.AppliedFully)), want: "a applied", count: 1},
		"in part":                     {facts: facts("a", intent("x"), "a", outcome(action.AppliedPart)), want: "a partial", count: 1},
		"refused":                     {facts: facts("a", intent("x"), "a", outcome(action.AppliedNot))},
		"killed in flight":            {facts: facts("a", intent("x")), want: "a lost"},
		"lost":                        {facts: facts("a", intent("x"), "a", outcome(action.AppliedLost)), want: "a lost"},
		"lost, and it had been":       {facts: facts("a", intent("x"), "a", outcome(action.AppliedLost), "a", &event.Settled{Applied: action.AppliedFully}), want: "a applied", count: 1},
		"lost, and it had not been":   {facts: facts("a", intent("x"), "a", outcome(action.AppliedLost), "a", &event.Settled{Applied: action.AppliedNot})},
		"lost, then applied":          {facts: facts("a", intent("x"), "a", outcome(action.AppliedLost), "a", intent("x"), "a", outcome(action.AppliedFully)), attempt: 2, want: "a applied", count: 1},
		"lost, then refused":          {facts: facts("a", intent("x"), "a", outcome(action.AppliedLost), "a", intent("x"), "a", outcome(action.AppliedNot)), attempt: 2, want: "a lost"},
		"in part, then refused":       {facts: facts("a", intent("x"), "a", outcome(action.AppliedPart), "a", intent("x"), "a", outcome(action.AppliedNot)), attempt: 2, want: "a partial", count: 1},
		"in part, then applied":       {facts: facts("a", intent("x"), "a", outcome(action.AppliedPart), "a", intent("x"), "a", outcome(action.AppliedFully)), attempt: 2, want: "a applied", count: 1},
		"refused, then killed":        {facts: facts("a", intent("x"), "a", outcome(action.AppliedNot), "a", intent("x")), attempt: 2, want: "a lost"},
		"refused, and again later":    {facts: facts("a", intent("x"), "a", outcome(action.AppliedNot), "a", intent("x"), "a", outcome(action.AppliedFully)), attempt: 1, want: "a applied", count: 1},
		"of finally":                  {facts: facts("end", finally, "end", outcome(action.AppliedFully)), want: "end applied finally", count: 1},
		"undone":                      {facts: facts("a", intent("x"), "a", outcome(action.AppliedFully), "a/undo", undo, "a/undo", outcome(action.AppliedFully), "a", &event.StepFinished{State: event.Undone}), want: "a applied undone, a/undo applied undo", count: 1},
		"not to be undone":            {facts: facts("a", intent("x"), "a", outcome(action.AppliedFully), "a", &event.StepFinished{State: event.UndoFailed}), want: "a applied", count: 1},
		"as the last fact lists them": {facts: facts("", &event.RunFinished{Changes: []event.Change{{Step: "a", State: action.AppliedPart}}}), want: "a partial", count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range test.facts {
				if i > 1 && test.attempt > 0 {
					test.facts[i].Attempt = test.attempt
				}
			}
			got := ""
			r := Of(test.facts)
			for i, c := range r.List() {
				if i > 0 {
					got += ", "
				}
				got += fmt.Sprintf("%s %s", c.Step, c.State)
				if c.Undone {
					got += " undone"
				}
				if c.Phase != "" {
					got += " " + string(c.Phase)
				}
			}
			if n := r.Counted(); got != test.want || n != test.count {
				t.Errorf("%s; %d count", got, n)
			}
		})
	}
}

// A remedy's verdict is told of all that it changed, whatever address its parts have.
func TestVerdictsOfChanges(t *testing.T) {
	for _, prefix := range []string{"", "each[3]/"} {
		all := facts(
			prefix+"recover", &event.StepStarted{},
			prefix+"recover/1", intent("x"), prefix+"recover/1", outcome(action.AppliedFully),
			prefix+"recover", &event.Remedy{Index: 1, Verdict: "ineffective"},
			prefix+"harder", &event.StepStarted{},
			prefix+"named", intent("x"), prefix+"named", outcome(action.AppliedFully),
			prefix+"recover", &event.Remedy{Index: 2, Address: event.Path(prefix + "harder"), Verdict: "effective"},
			prefix+"recover", &event.StepFinished{State: event.Passed},
			"after", intent("x"), "after", outcome(action.AppliedFully),
		)
		r := &Run{}
		r.Apply(event.Event{Type: event.TypePlan, Data: &event.Plan{Steps: []event.Step{
			{Path: "each", Kind: event.KindBlock, Loop: true},
			{Path: "recover", Kind: event.KindRemedies, Parent: "each"},
			{Path: "recover/1", Parent: "recover", Remedy: 1},
			{Path: "harder", Kind: event.KindBlock, Parent: "recover", Remedy: 2},
			{Path: "named", Parent: "harder"}, {Path: "after"},
		}}})
		for _, e := range all {
			r.Apply(e)
		}
		got := ""
		for _, c := range r.List() {
			got += c.Verdict + ","
		}
		if got != "ineffective,effective,," {
			t.Errorf("%q: %s", prefix, got)
		}
	}
}
