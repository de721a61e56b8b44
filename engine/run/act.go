package run

import (
	"cmp"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// work is one step's action in progress.
type work struct {
	frame
	op *operation

	present expression.Values // dry run: names with the values of now

	applied  action.Applied
	lost     *event.Failure // of the last attempt of which nothing is known
	answered bool           // whether a reply came to it
	ungiven  bool           // it was applied, and its outputs are lost
	part     bool           // an attempt was applied in part, and another follows

	approval *event.Approval // of people, that it acts on; nil: none
}

// act plays a step whose body is an action.
func (r *runner) act(in *instance, sc *scope, when *event.Check) outcome {
	op, fail := r.resolve(sc.bound.ctx, in.step.Op, sc)
	if cause, ok := interrupted(sc.bound.ctx); ok {
		return halted(in, cause)
	}
	if fail != nil {
		return failed(in, fail)
	}
	w := &work{frame: r.frame(in, sc), op: op}
	if r.record(event.TypeStepStarted, in.path, 0, w.started(when)) != nil {
		return r.stopped(in)
	}
	sc.begun.Store(true)
	if fail := w.misplaced(); fail != nil {
		return failed(in, fail)
	}
	decision := r.answer(in.step, op)
	if sc.mild && decision.Answer == environment.Asked { // the approval of a step covers its undo
		decision.Answer = environment.Allowed
	}
	done := w.bind()
	defer done()
	if decision.Answer == environment.Denied {
		return w.denied(decision)
	}
	if in.step.Observe != nil {
		var o outcome
		if w.look, o = r.observation(w.soft, in, sc); o.bad() {
			return o
		}
	}
	switch {
	case r.DryRun:
		return w.dry(decision)
	case op.effect == action.Read && decision.Answer == environment.Allowed:
		return w.read()
	}
	return w.change(decision)
}

// misplaced says why an operation whose effect is known by now may not stand where it
// does; nil where it may.
func (w *work) misplaced() *event.Failure {
	op, name := w.op, w.op.action.Name
	toRead := op.action.Target.ToRead(op.target.Name)
	switch {
	case op.unknown != nil || op.effect == action.Read:
	case w.sc.reads:
		return &event.Failure{What: "a prerequisite only reads, and this " + name + " does not: its effect is " + op.effect.String(), Do: append(toRead, "move the step to `steps`")}
	case w.sc.mild && op.effect == action.Destructive:
		return &event.Failure{What: "an undo never destroys, and this " + name + " does", Do: []string{"put it back by hand, or list it under `writes` of the target if it only writes"}}
	case w.in.step.Within != nil && w.in.step.Observe == nil:
		return &event.Failure{What: "`within` looks again, and this " + name + " is no read to look by: its effect is " + op.effect.String(), Do: append(toRead, "add an `observe` to the step")}
	}
	return nil
}

func (w *work) started(when *event.Check) *event.StepStarted {
	s := &event.StepStarted{Title: w.in.title, Brief: w.op.brief(), Action: w.op.action.Name, Target: w.op.target.Name, Effect: w.op.effect, When: when, Phase: w.sc.phase}
	if w.op.effect == action.Read {
		s.Values = marshal(w.op.action.Params, w.op.params)
	}
	for _, f := range w.op.action.Params.Fields {
		if v, ok := w.op.params[f.Name]; ok && v != nil {
			s.Params = append(s.Params, event.Input{Name: f.Name, Text: cut(schema.TextOf(shownParam(v))), Number: event.NumberOf(f.Name, v)})
		}
	}
	return s
}

func (w *work) denied(d environment.Decision) outcome {
	f := &event.Failure{
		What: "the environment's policy denies " + d.Rule.Name,
		Do:   owner(d.Rule),
	}
	if w.DryRun {
		w.in.done.Why = "refused by the policy"
		return w.previewed(&action.Preview{Summary: w.op.action.Name + ": " + f.What}, "refused by the policy")
	}
	return ended(w.in, event.Refused, f)
}

// read plays an action that only observes.
func (w *work) read() outcome {
	w.tally.do(func() { w.tally.looked[w.in.step.Planned()] = true })
	if w.look != nil {
		_ = w.observe(true) // it decides nothing of a read
	}
	o, err := w.readOnce()
	if err != nil && w.awaited(err) { // an error while polling means "not yet"
		w.in.leave()
		return w.judged(w.await(), err)
	}
	if o.bad() {
		return o
	}
	return w.verify(w.again)
}

// awaited reports whether what failed is polled for, and another look can help.
func (w *work) awaited(err error) bool {
	return w.in.step.Within != nil && !action.AsFailure(err).Final
}

// await is how to look again after a read that failed. Beside an observation it is
// the read itself until that has an answer: a step whose read had none has not passed.
func (w *work) await() lookFunc {
	answered := w.look == nil
	return func() (event.Type, any, error) {
		if answered {
			return w.again()
		}
		fact, err := w.poll()
		if err != nil {
			return event.TypeResult, fact, err
		}
		if err := w.record(event.TypeResult, w.in.path, w.in.attempts, fact); err != nil {
			return "", nil, err
		}
		answered = true
		return w.lookAgain()
	}
}

// readOnce executes the read, with its retries. The error is the action's.
func (w *work) readOnce() (outcome, error) {
	for attempt := 1; ; attempt++ {
		w.in.attempts = attempt
		fact, err := w.once()
		if cause, ok := interrupted(w.soft); ok && err != nil {
			return w.cut(cause, err), nil
		}
		if w.record(event.TypeResult, w.in.path, attempt, fact) != nil {
			return w.stopped(w.in), nil //nolint:nilerr // the step ends by its journal, whatever the action said
		}
		if err == nil {
			return passed(), nil
		}
		if !w.retry(attempt, err) {
			return w.broken(fact.Failure, err), err
		}
	}
}

// broken is the outcome of a read that failed with err: of a condition among its
// parameters that did not hold it records the parts, as of one under `verify`.
func (w *work) broken(f *event.Failure, err error) outcome {
	of := action.AsFailure(err).Unmet
	if of == nil {
		return failed(w.in, f)
	}
	x, _ := of.Condition.Explanation.(placed)
	c := w.explained("verify", of.Condition.Source, x.Explanation, x.place)
	c.Message, c.Verdict = of.Message, event.CheckFailed
	if c.Error != "" {
		c.Verdict = event.NotEvaluated
	}
	if w.record(event.TypeCheck, w.in.path, 0, c) != nil {
		return w.stopped(w.in)
	}
	w.countCondition(c.Verdict)
	f.What, f.Seen, f.Place = unmet(c), c.Missed(), c.Place
	o := failed(w.in, f)
	o.problem.check = c
	return o
}

// cut is the outcome of a read that ended because the run or its time did.
func (w *work) cut(cause error, err error) outcome {
	o := halted(w.in, cause)
	if errors.Is(cause, errTimedOut) {
		f := event.FailureOf(err)
		f.What = "no answer in " + w.in.step.Timeout.String()
		o.problem.failure = f
		f.Place = w.in.step.Place
	}
	return o
}

// outputs keeps what an action gave.
func (w *work) outputs(res given) {
	w.in.outputs = res.value()
	if w.in.step.Outputs != nil {
		w.names.names["outputs"] = w.in.outputs
	}
}

// retry says whether an error of the action is answered by another attempt,
// and waits for it.
func (w *work) retry(attempt int, err error) bool {
	if !w.retries(attempt, err) {
		return false
	}
	p := w.in.step.Retry
	delay := pause(p, attempt)
	w.in.leave()
	if w.record(event.TypeRetry, w.in.path, attempt, &event.Retry{Failure: event.FailureOf(err), Delay: delay, Of: p.Attempts}) != nil {
		return false
	}
	return w.Clock.Sleep(w.soft, delay) == nil
}

// retries reports whether the step says that an error is answered by another attempt.
func (w *work) retries(attempt int, err error) bool {
	p := w.in.step.Retry
	return p != nil && attempt < p.Attempts && !action.AsFailure(err).Final && (p.If == nil || w.wanted(p.If, err))
}

func (w *work) wanted(cond *expression.Expr, err error) bool {
	v, evalErr := cond.Eval(w.soft, w.names.with(map[string]any{"error": err.Error()}), expression.Limits{})
	holds, _ := v.(bool)
	return evalErr == nil && holds
}

// again is a further look while a verification is polled: the observation, or
// the read itself.
func (w *work) again() (event.Type, any, error) {
	if w.look != nil {
		return w.lookAgain()
	}
	fact, err := w.poll()
	return event.TypeResult, fact, err
}

// poll reads once more; what failed then has no slot while it waits to be polled again.
func (w *work) poll() (*event.Result, error) {
	defer w.in.leave()
	return w.once()
}

// once reads once. What failed keeps its slot.
func (w *work) once() (*event.Result, error) {
	res, release, err := w.hold(w.soft, w.op, readLimit)
	if err != nil {
		w.in.slot = release
	} else {
		release()
	}
	w.outputs(res)
	w.in.done.Summary = res.Summary
	return &event.Result{Outputs: res.raw, Summary: res.Summary, Failure: event.FailureOf(err), Duration: res.took}, err
}

// pause is how long to wait after the attempt of that number.
func pause(p *plan.Retry, attempt int) time.Duration {
	d := float64(p.Delay)
	if p.Exponential {
		d *= math.Pow(2, float64(attempt-1))
	}
	most := float64(cmp.Or(p.MaxDelay, maxPause))
	d = min(d, most) * (1 + p.Jitter*(rand.Float64()-0.5))
	return time.Duration(min(d, most))
}
