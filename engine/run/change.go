package run

import (
	"context"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
)

// change plays an action that changes something, or that asks first: before,
// met, preview, approval, intent, effect, outcome, verification.
func (w *work) change(d environment.Decision) outcome {
	held := false
	if w.look != nil {
		_ = w.observe(true) // an error here means "not met"
		if cause, ok := interrupted(w.soft); ok {
			return halted(w.in, cause)
		}
		var o outcome
		if held, o = w.met(); o.bad() || held && w.in.step.SkipIfMet {
			w.in.done.Met = held
			return o
		}
		if held && w.sc.approved != nil && !w.sc.approved.Held {
			return w.byNow(o)
		}
	}
	p, subjects, fail := w.preview()
	if fail != nil {
		return failed(w.in, fail)
	}
	if d.Answer == environment.Asked && !w.covered(subjects) {
		now, needed, o := w.approved(d, p, subjects, held)
		if o.bad() || !needed {
			return o
		}
		subjects = now
	}
	if w.op.effect == action.Read {
		if o := w.stands(); o.bad() {
			return o
		}
		return w.read()
	}
	return w.effect(p, subjects)
}

// metByNow looks again after an answer, for which the state may have waited long:
// what holds by now, and did not when it was asked, is not touched.
func (w *work) metByNow(before bool) (bool, outcome) {
	if g := w.sc.remedy.goal; g != nil && w.in.step.Remedy > 0 {
		if held, o := g.heldByNow(); held || o.bad() {
			return held, w.notNeeded(o)
		}
	}
	if w.look == nil {
		return false, passed()
	}
	_ = w.observe(true)
	if cause, ok := interrupted(w.soft); ok {
		return false, halted(w.in, cause)
	}
	if before && !w.in.step.SkipIfMet {
		return false, passed()
	}
	held, o := w.met()
	if held {
		o = w.byNow(o)
	}
	return held, o
}

// byNow ends a step whose aim was reached while it waited for an answer.
func (w *work) byNow(o outcome) outcome {
	if !o.bad() {
		w.in.done.Met, w.in.done.Why = true, "held by the time of the answer"
	}
	return o
}

// notNeeded ends a remedy whose goal was reached while it waited.
func (w *work) notNeeded(o outcome) outcome {
	if o.bad() {
		return o
	}
	if w.record(event.TypeStepSkipped, w.in.path, 0, &event.StepSkipped{Reason: "not needed"}) != nil {
		return w.stopped(w.in)
	}
	return outcome{state: event.Skipped}
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

// effect sends the change, again where that is allowed. What was sent and is not
// known stays in doubt, whatever ends the step after it: its time, a signal, or
// what became of the target meanwhile.
func (w *work) effect(p action.Preview, subjects []action.Subject) outcome {
	for attempt := 1; ; attempt++ {
		out, o, err := w.attempt(attempt, p, subjects)
		switch {
		case o.bad() && w.lost != nil && w.fault.Load() == nil:
			return w.inDoubt(subjects)
		case o.bad() && w.part:
			return w.partial(o)
		case o.bad():
			return o
		}
		if o, again := w.after(attempt, subjects, out, err); !again {
			return o
		}
	}
}

// attempt compares the subjects a last time, writes the intent, acts, and writes
// the outcome. It has a slot of the run before it looks, so that what waits for
// one has written no intent, and a run that ends meanwhile sends nothing more. What
// fails for good keeps it until its step has ended.
func (w *work) attempt(number int, p action.Preview, subjects []action.Subject) (out *event.Outcome, o outcome, err error) {
	release, err := w.acquire(w.soft)
	if err != nil {
		return nil, halted(w.in, err), nil
	}
	defer func() {
		if w.lost == nil && (o.bad() || err != nil && !w.tries(number, err)) {
			w.in.slot = release
			return
		}
		release() // a doubt is looked into, by reads that need one
	}()
	o = w.ready(subjects)
	if !o.bad() && number == 1 {
		o = w.stands()
	}
	if o.bad() {
		return nil, o, nil
	}
	if err := w.Journal.Reserve(reserve); err != nil {
		w.fault.CompareAndSwap(nil, &err)
		return nil, w.stopped(w.in), nil
	}
	w.in.attempts = number
	if w.record(event.TypeIntent, w.in.path, number, w.intent(p, subjects)) != nil {
		return nil, w.stopped(w.in), nil
	}
	call := w.call(w.in.path, w.op.target)
	call.Subjects, call.Again = subjects, w.lost != nil
	res, err := w.perform(w.hard, w.op, call, changeLimit, func() {}) // its slot bounds what is in flight
	w.applied = action.ClassOf(err)
	w.outputs(res)
	if err == nil {
		w.in.done.Summary = res.Summary
	}
	out = &event.Outcome{Applied: w.applied, Outputs: res.raw, Summary: res.Summary, Failure: event.FailureOf(err), Duration: res.took, Undo: w.undoParams()}
	if w.record(event.TypeOutcome, w.in.path, number, out) != nil {
		return nil, w.stopped(w.in), nil
	}
	return out, passed(), err
}

// tries reports whether a change whose attempt ended with an error goes on: it is sent
// again, or settled.
func (w *work) tries(attempt int, err error) bool {
	switch w.applied {
	case action.AppliedLost:
		return true
	case action.AppliedPart:
		return w.op.bound.Idempotent && w.retries(attempt, err)
	}
	return w.retries(attempt, err)
}

// after goes on behind an outcome: verify what was applied, settle what was
// lost, try again what was not applied.
func (w *work) after(attempt int, subjects []action.Subject, out *event.Outcome, err error) (outcome, bool) {
	settled := false
	if w.applied == action.AppliedLost {
		w.lost, w.answered = out.Failure, action.AsFailure(err).Answered
		if w.applied, settled = w.settle(subjects, out.Failure); settled {
			w.lost = nil
		}
	}
	if w.applied == action.AppliedNot && w.lost != nil {
		return w.inDoubt(subjects), false // this attempt was refused; of one before it nothing is known
	}
	switch w.applied {
	case action.AppliedFully:
		w.note()
		if out.Failure != nil && !settled { // it was done, and what it gave cannot be kept
			return failed(w.in, out.Failure), false
		}
		if settled && w.look != nil {
			return w.verify(w.again), false
		}
		return w.verify(w.looking()), false
	case action.AppliedPart:
		w.part = true
		if w.op.bound.Idempotent && w.retry(attempt, err) {
			return outcome{}, true
		}
		return w.partial(failed(w.in, out.Failure)), false
	case action.AppliedLost:
		if w.repeat(attempt, out.Failure) {
			return outcome{}, true
		}
		return w.inDoubt(subjects), false
	}
	if w.retry(attempt, err) {
		return outcome{}, true
	}
	o := failed(w.in, out.Failure)
	if w.part {
		o = w.partial(o)
	}
	return o, false
}

// partial ends a step whose effect was applied in part, by its last attempt or by one
// before it.
func (w *work) partial(o outcome) outcome {
	w.applied, o.problem.partial = action.AppliedPart, true
	w.note()
	return o
}

// repeat says whether what was lost is sent again, and waits for it: only what
// changes nothing more, and only while the run goes on.
func (w *work) repeat(attempt int, lost *event.Failure) bool {
	if !w.op.bound.Idempotent || attempt >= repeats {
		return false
	}
	delay := time.Second
	if p := w.in.step.Retry; p != nil {
		delay = pause(p, attempt)
	}
	fact := &event.Retry{Failure: lost, Delay: delay, Of: repeats}
	return w.soft.Err() == nil && w.hard.Err() == nil && w.record(event.TypeRetry, w.in.path, attempt, fact) == nil && w.Clock.Sleep(w.soft, delay) == nil
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
	for _, ctx := range []context.Context{w.hard, w.soft} { // the step's time ends soft a moment after hard
		if cause, ok := interrupted(ctx); ok {
			return halted(w.in, cause)
		}
	}
	if o := w.held(); o.bad() || w.op.bound.Subjects == nil {
		return o
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

// held asks whether the run still holds its locks.
func (w *work) held() outcome {
	if w.Held == nil {
		return passed()
	}
	if err := w.Held(); err != nil {
		return failed(w.in, &event.Failure{
			What: err.Error() + "; nothing was sent", Do: []string{"see who else acts on the same: runbook runs", "run it again: it takes its locks afresh"},
			LockLost: true,
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
		Digest: w.digest(subjects), Subjects: subjects, Idempotent: w.op.bound.Idempotent, Preview: p, Undo: w.undoParams(),
	}
	if w.look != nil && w.in.before != nil {
		in.Before = marshal(w.look.action.Outputs, w.in.before)
	}
	return in
}

// note keeps that the step changed something, and what may be undone.
func (w *work) note() {
	w.tally.do(func() {
		w.tally.acted[w.in.step.Planned()] = true
		if w.in.step.Undo != nil && (w.applied == action.AppliedFully || w.applied == action.AppliedPart) {
			w.tally.undo = append(w.tally.undo, undoable{in: w.in, sc: w.names})
		}
	})
}

// undoParams are the parameters of the declared undo, as far as they are known:
// fixed with the intent, and with the outcome anew.
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
