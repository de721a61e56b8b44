package history

import (
	"testing"

	"runbook/engine/event"
)

// A step stands under what holds it, within its item, whatever its address says; its
// phase is that of the plan, else that its facts tell.
func TestWhereAStepStands(t *testing.T) {
	r := &Run{}
	r.Apply(event.Event{Type: event.TypePlan, Data: &event.Plan{Steps: []event.Step{
		{Path: "each", Kind: event.KindBlock, Loop: true, Phase: event.Steps},
		{Path: "each/1", Kind: event.KindBlock, Parent: "each", Phase: event.Steps},
		{Path: "drain", Title: "Drain it", Parent: "each/1", Phase: event.Steps},
		{Path: "each/1/2", Kind: event.KindAction, Loop: true, Parent: "each/1", Phase: event.Steps},
		{Path: "ring", Parent: "each/1/2", Phase: event.Steps},
		{Path: "check", Kind: event.KindCall, Phase: event.Steps},
		{Path: "bye", Kind: event.KindBlock, Phase: event.Finally},
		{Path: "tidy", Parent: "bye", Phase: event.Finally},
	}}})
	for _, c := range []struct {
		path, parent, plan event.Path
		phase              event.Phase
	}{
		{"each[2]", "each", "each", event.Steps},
		{"each[2]/1", "each[2]", "each/1", event.Steps},
		{"each[2]/drain", "each[2]/1", "drain", event.Steps},
		{"each[2]/1/2", "each[2]/1", "each/1/2", event.Steps},
		{"each[2]/1/2[0]", "each[2]/1/2", "each/1/2", event.Steps},
		{"each[2]/1/2[0]/ring", "each[2]/1/2[0]", "ring", event.Steps},
		{"each[2]/check", "each[2]", "each[2]/check", event.Steps},
		{"check/steps/1", "check", "check/steps/1", event.Steps},
		{"check/late", "check", "check/late", event.Finally},
		{"tidy", "bye", "tidy", event.Finally},
		{"drain/undo", "drain", "drain/undo", event.Undo},
	} {
		started := &event.StepStarted{}
		if c.phase == event.Undo || c.path == "check/late" {
			started.Phase = c.phase
		}
		r.Apply(event.Event{Type: event.TypeStepStarted, Path: c.path, Data: started})
		s := r.Known(c.path)
		if s.Parent == nil || s.Parent.Path != c.parent || s.Plan.Path != c.plan || s.Phase != c.phase {
			t.Errorf("%s: under %+v, planned as %s, of %s", c.path, s.Parent, s.Plan.Path, s.Phase)
		}
	}
	if last := r.LastOpen(); last != "tidy" {
		t.Errorf("the last that runs is %q", last)
	}
}

func TestHistoryOfARunThatWasKilled(t *testing.T) {
	r := Of(facts(
		"a", &event.StepStarted{}, "a", &event.Check{That: "x < 1", Verdict: event.CheckWarned, Message: "odd"},
		"a", &event.StepFinished{State: event.Warned},
		"b", &event.StepStarted{}, "b/1", &event.StepFinished{State: event.Failed, Failure: &event.Failure{What: "no answer", Where: "redis"}},
		"b", &event.StepFinished{State: event.Failed, Failure: &event.Failure{What: "no answer", Where: "redis"}},
		"c", &event.StepStarted{}, "c", intent("x"),
	))
	if w := r.Warnings(); len(w) != 1 || w[0].Step != "a" || w[0].Message != "odd" {
		t.Errorf("warnings %+v", w)
	}
	if f := r.Findings; len(f) != 2 || f[1].Step != "b/1" || f[1].Message != "redis: no answer" {
		t.Errorf("findings %+v: a failure is told once, where it arose", f)
	}
	if r.State() != event.Running || r.LastOpen() != "c" || len(r.List()) != 1 || r.Counted() != 0 {
		t.Errorf("%s at %s, %d changes", r.State(), r.LastOpen(), r.Counted())
	}
}

// What held a part is over, and so is the part, which is not drawn as running: an item
// of a loop that was refused, or whose list is unknown, and what the run's end cut.
func TestNoPartOutlastsWhatHoldsIt(t *testing.T) {
	for name, test := range map[string]struct {
		ends []any
		want event.State
	}{
		"refused":   {[]any{"l", &event.StepFinished{State: event.Refused}}, event.NotRun},
		"unknown":   {[]any{"l", &event.StepFinished{State: event.Unknown}}, event.Unknown},
		"in doubt":  {[]any{"l", &event.StepFinished{State: event.InDoubt}}, event.Running},
		"cancelled": {[]any{"", &event.RunFinished{State: event.Cancelled}}, event.Cancelled},
	} {
		r := &Run{}
		r.Apply(event.Event{Type: event.TypePlan, Data: &event.Plan{Steps: []event.Step{{Path: "l", Kind: event.KindBlock, Loop: true, Phase: event.Steps}}}})
		for _, f := range [][]any{{"l", &event.StepStarted{}}, {"l[0]", &event.StepStarted{}}, {"l[0]/w", &event.StepStarted{}}, test.ends} {
			e := event.Event{Path: event.Path(f[0].(string)), Type: event.TypeStepStarted, Data: f[1]}
			if _, ends := f[1].(*event.RunFinished); ends {
				e.Type = event.TypeRunFinished
			}
			r.Apply(e)
		}
		for _, path := range []event.Path{"l[0]", "l[0]/w"} {
			if s := r.Known(path); s.State != test.want {
				t.Errorf("%s: %s is %s, not %s", name, path, s.State, test.want)
			}
		}
	}
}
