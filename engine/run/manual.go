package run

import (
	"cmp"
	"context"
	"errors"

	"runbook/engine/event"
	"runbook/engine/schema"
)

// manual asks a person to do something and to report it. Without one the run
// suspends.
func (r *runner) manual(in *instance, sc *scope, when *event.Check) outcome {
	m := in.step.Manual
	text, err := r.text(sc.bound.ctx, m.Text, sc)
	if err != nil {
		return failed(in, &event.Failure{What: "its text: " + err.Error()})
	}
	shown, err := r.recorded(event.TypeStepStarted, in.path, 0, &event.StepStarted{Title: in.title, When: when, Brief: cut(text), Text: text, Phase: sc.phase})
	if err != nil {
		return r.stopped(in)
	}
	sc.begun.Store(true)
	switch {
	case r.DryRun:
		u := schema.Unknown{After: string(in.path)}
		in.outputs, in.pending, in.done.Why = u, &u, "a person does it"
		return outcome{state: event.Previewed, after: u.After}
	case r.Person == nil:
		return ended(in, event.Waiting, &event.Failure{What: "a person must do this and report it, and there is no terminal: " + text})
	}
	limit := cmp.Or(in.step.Timeout, manualLimit)
	var got map[string]any
	late := false
	r.wait(sc.bound.ctx, in, sc.watch, limit, func(ctx context.Context) {
		got, err = r.Person.Report(ctx, in.path, Manual{Title: in.name(), Text: shown.(*event.StepStarted).Text, Step: in.step})
		late = errors.Is(context.Cause(ctx), context.DeadlineExceeded)
	})
	switch {
	case err != nil && sc.bound.halted():
		return halted(in, context.Cause(sc.bound.ctx))
	case err != nil && late:
		return ended(in, event.Refused, &event.Failure{What: "nobody reported it within " + limit.String()})
	case err != nil:
		return ended(in, event.Waiting, &event.Failure{What: err.Error()})
	}
	if got, _, err = r.journalled(in.step.Outputs, got); err != nil {
		return failed(in, &event.Failure{What: "what was reported cannot be kept: " + err.Error()})
	}
	in.outputs = got
	return r.verifyContainer(in, sc, passed())
}
