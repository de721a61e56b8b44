package main

import (
	"context"
	"strings"

	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
	"runbook/lab/rehearsal/show"
)

// mutate breaks each playbook at one place at a time and prints what no
// rehearsal noticed. Survivors alone are no failure: --fail-under is.
func (a *app) mutate(ctx context.Context, subjects []*rehearsal.Subject, options rehearsal.Options, o rehearsed) error {
	whole, err := rehearsal.Play(ctx, subjects, options)
	if err != nil {
		return told(event.EndSignal)
	}
	if whole.Passed() < len(whole.Results) {
		for _, r := range whole.Results {
			if !r.Passed {
				a.note("%s fails already: %s", r.Name(), strings.Join(show.Complaints(r), "; "))
			}
		}
		return usage("what fails already cannot notice a mutant", "runbook rehearse "+launch.Quote(subjects[0].Name))
	}
	var all []show.Mutated
	for _, s := range subjects {
		m, err := rehearsal.Mutate(ctx, s, options)
		if ctx.Err() != nil {
			return told(event.EndSignal)
		}
		if err != nil {
			return err
		}
		all = append(all, show.Mutated{Name: s.Name, Mutation: m})
	}
	if err := a.printMutants(all, o); err != nil {
		return err
	}
	killed, survived := 0, 0
	for _, m := range all {
		killed, survived = killed+m.Killed, survived+m.Survived
	}
	score := rehearsal.Ratio{Reached: killed, All: killed + survived}.Percent()
	if score < o.failUnder {
		a.note("the score is %s, below --fail-under %g", schema.HumanPercent(score), o.failUnder)
		return told(event.EndFailed)
	}
	return nil
}

func (a *app) printMutants(all []show.Mutated, o rehearsed) error {
	switch o.output {
	case outputJSON:
		return show.MutantsJSON(a.Out, all)
	case outputJUnit:
		return show.MutantsJUnit(a.Out, all)
	}
	return show.Mutants(a.Out, page.Of(a.Out), all)
}
