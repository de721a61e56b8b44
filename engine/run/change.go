package run

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
)

// change plays an action that changes something, or that asks first: before,
// met, preview, approval, intent, effect, outcome, verification.
func (w *work) change(d environment.Decision) outcome {
	if w.look != nil {
		_ = w.observe(true) // an error here means "not met"
		if cause, ok := interrupted(w.soft); ok {
			return halted(w.in, cause)
		}
		if held, o := w.met(); o.bad() || held && w.in.step.SkipIfMet {
			w.in.done.Met = held
			return o
		}
	}
	p, subjects, fail := w.preview()
	if fail != nil {
		return failed(w.in, fail)
	}
	if d.Answer == environment.Asked && !w.covered(subjects) {
		now, o := w.approved(d, p, subjects)
		if o.bad() {
			return o
		}
		subjects = now
	}
	return w.effect(p, subjects)
}

// met reports whether what the step is for holds already, and records the checks
// that say so.
func (w *work) met() (bool, outcome) {
	held, checks := w.pre()
	if !held {
		return false, passed()
	}
	for _, c := range checks {
		if w.record(event.TypeCheck, w.in.path, 0, c) != nil {
			return true, w.stopped(w.in)
		}
	}
	if !w.in.step.SkipIfMet {
		w.in.done.Why = "already held"
	}
	return true, passed()
}

// preview shows what the effect would do, and on what.
func (w *work) preview() (action.Preview, []action.Subject, *event.Failure) {
	var p action.Preview
	var subjects []action.Subject
	ctx, cancel := w.limit(w.soft, w.op, readLimit)
	defer cancel()
	call := w.call(w.in.path, w.op.target)
	if w.op.bound.Subjects != nil {
		var err error
		if subjects, err = w.op.bound.Subjects(ctx, call); err != nil {
			return p, nil, event.FailureOf(err)
		}
	}
	if w.op.bound.Preview != nil {
		var err error
		if p, err = w.op.bound.Preview(ctx, call); err != nil {
			return p, nil, event.FailureOf(err)
		}
	}
	if p.Summary == "" {
		p.Summary = w.op.brief()
	}
	return p, subjects, nil
}

// effect compares the subjects a last time, writes the intent, acts, and
// writes the outcome.
func (w *work) effect(p action.Preview, subjects []action.Subject) outcome {
	for attempt := 1; ; attempt++ {
		w.in.attempts = attempt
		if o := w.ready(subjects); o.bad() {
			return o
		}
		if err := w.Journal.Reserve(reserve); err != nil {
			w.fault.CompareAndSwap(nil, &err)
			return w.stopped(w.in)
		}
		if w.record(event.TypeIntent, w.in.path, attempt, w.intent(p, subjects)) != nil {
			return w.stopped(w.in)
		}
		res, took, err := w.invoke(w.hard, w.op, changeLimit)
		w.applied = action.ClassOf(err)
		w.outputs(res)
		if err == nil {
			w.in.done.Summary = res.Summary
		}
		out := &event.Outcome{Applied: w.applied, Outputs: w.raw, Summary: res.Summary, Duration: took, Undo: w.undoParams()}
		if err != nil {
			out.Failure = event.FailureOf(err)
		}
		if w.record(event.TypeOutcome, w.in.path, attempt, out) != nil {
			return w.stopped(w.in)
		}
		if o, again := w.after(attempt, subjects, out, err); !again {
			return o
		}
	}
}

// after goes on behind an outcome: verify what was applied, settle what was
// lost, try again what was not applied.
func (w *work) after(attempt int, subjects []action.Subject, out *event.Outcome, err error) (outcome, bool) {
	settled := false
	if w.applied == action.AppliedLost {
		w.applied, settled = w.settle(subjects, out.Failure)
		if w.applied == action.AppliedLost && !w.op.bound.Idempotent {
			w.note()
			return w.inDoubt(subjects, out.Failure), false
		}
	}
	switch w.applied {
	case action.AppliedFully:
		w.note()
		if settled && w.look != nil {
			return w.verify(w.again), false
		}
		return w.verify(w.looking()), false
	case action.AppliedPart:
		w.note()
		o := failed(w.in, out.Failure)
		o.problem.partial = true
		return o, false
	case action.AppliedLost:
		if attempt < 3 { // idempotent: sent again
			return outcome{}, true
		}
		w.note()
		return w.inDoubt(subjects, out.Failure), false
	}
	if w.retry(attempt, err) {
		return outcome{}, true
	}
	return failed(w.in, out.Failure), false
}

// looking is how to look again after a change: only an observation may.
func (w *work) looking() lookFunc {
	if w.look == nil {
		return nil
	}
	return w.again
}

// ready is the last look before an effect: the run goes on, time remains, and
// what will be touched is what it was.
func (w *work) ready(subjects []action.Subject) outcome {
	if cause, ok := interrupted(w.soft); ok {
		return halted(w.in, cause)
	}
	if w.op.bound.Subjects == nil {
		return passed()
	}
	ctx, cancel := w.limit(w.soft, w.op, readLimit)
	defer cancel()
	now, err := w.op.bound.Subjects(ctx, w.call(w.in.path, w.op.target))
	if err != nil {
		return failed(w.in, event.FailureOf(err))
	}
	if !slices.Equal(now, subjects) {
		return failed(w.in, &event.Failure{
			What: "what would be touched changed just before the effect; nothing was sent",
			Seen: differences(subjects, now), Do: []string{"run it again: it looks afresh"},
		})
	}
	return passed()
}

func differences(before, now []action.Subject) []string {
	var out []string
	for i := range max(len(before), len(now)) {
		switch {
		case i >= len(before):
			out = append(out, now[i].Kind+" "+now[i].Name+" is new")
		case i >= len(now):
			out = append(out, before[i].Kind+" "+before[i].Name+" is gone")
		case before[i] != now[i]:
			out = append(out, now[i].Kind+" "+now[i].Name+" is another: "+before[i].ID+" "+before[i].Version+", now "+now[i].ID+" "+now[i].Version)
		}
	}
	return out
}

func (w *work) intent(p action.Preview, subjects []action.Subject) *event.Intent {
	params := marshal(w.op.action.Params, w.op.params)
	in := &event.Intent{
		Action: w.op.action.Name, Target: w.op.target.Name, Effect: w.op.effect, Phase: w.sc.phase, Params: params,
		Digest: w.digest(subjects), Subjects: subjects, Idempotent: w.op.bound.Idempotent, Preview: p,
	}
	if w.look != nil && w.in.before != nil {
		in.Before = marshal(w.look.action.Outputs, w.in.before)
	}
	return in
}

// note keeps that the step changed something, and what may be undone.
func (w *work) note() {
	w.tally.do(func() {
		w.tally.acted[w.in.step] = true
		if w.in.step.Undo != nil && (w.applied == action.AppliedFully || w.applied == action.AppliedPart) {
			w.tally.undo = append(w.tally.undo, undoable{in: w.in, sc: w.names})
		}
	})
}

// undoParams are the parameters of the declared undo, fixed with the outcome.
func (w *work) undoParams() []byte {
	u := w.in.step.Undo
	if u == nil || u.Body != plan.BodyAction {
		return nil
	}
	op, fail := w.resolve(context.WithoutCancel(w.hard), u.Op, w.names)
	if fail != nil || op.unknown != nil {
		return nil
	}
	return marshal(op.action.Params, op.params)
}
