package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// step plays one step whose needs are final: its `when`, its loop, its body.
func (r *runner) step(s *plan.Step, sc *scope) outcome {
	in := sc.add(s)
	start := r.Clock.Now()
	in.state = event.Running
	r.titled(in, sc)
	return r.finish(in, sc, r.safely(in, func() outcome { return r.decided(in, sc) }), start)
}

// safely turns a fault of the engine itself into the failure of one step, so
// that the run still ends, undoes and reports.
func (r *runner) safely(in *instance, play func() outcome) (o outcome) {
	defer func() {
		if fault := recover(); fault != nil {
			o = failed(in, &event.Failure{What: fmt.Sprintf("runbook itself failed at this step: %v", fault), Do: []string{"report it with the journal of this run"}})
		}
	}()
	return play()
}

// decided plays a step by its `when`.
func (r *runner) decided(in *instance, sc *scope) outcome {
	when, decided, o := r.when(in, sc)
	switch {
	case o.bad():
	case decided == event.False:
		if r.record(event.TypeStepSkipped, in.path, 0, &event.StepSkipped{Reason: "when", When: when}) != nil {
			return r.stopped(in)
		}
		return outcome{state: event.Skipped}
	case decided == event.UnknownCheck:
		c := *sc
		c.after = when.After
		o = r.body(in, &c, when)
		o = r.conditional(in, when, o)
	default:
		o = r.body(in, sc, when)
	}
	return o
}

// body plays a step that is to run: once, or for each of its items.
func (r *runner) body(in *instance, sc *scope, when *event.Check) outcome {
	if in.step.Loop != nil {
		return r.loop(in, sc, when)
	}
	return r.once(in, sc, when)
}

// once plays the body of a step, in a loop that of one item.
func (r *runner) once(in *instance, sc *scope, when *event.Check) outcome {
	switch in.step.Body {
	case plan.BodyAction:
		return r.act(in, sc, when)
	case plan.BodyManual:
		return r.manual(in, sc, when)
	}
	started := &event.StepStarted{Title: in.title, When: when, Brief: in.step.Brief, Phase: sc.phase}
	var inputs map[string]any
	var numbers *plan.Decided
	if c := in.step.Call; c != nil {
		var fail *event.Failure
		if inputs, fail = r.calleeInputs(in, sc); fail != nil {
			return failed(in, fail)
		}
		if numbers, fail = r.calleeNumbers(in, sc, inputs); fail != nil {
			return failed(in, fail)
		}
		started.Values, started.Numbers = marshal(c.Plan.Inputs, inputs), numbers.Facts(in.path)
	}
	if r.record(event.TypeStepStarted, in.path, 0, started) != nil {
		return r.stopped(in)
	}
	sc.begun.Store(true)
	timed, done := r.timed(in, sc)
	over := func(o outcome) outcome {
		if done() && o.state != event.Waiting && o.state != event.InDoubt {
			return halted(in, errTimedOut)
		}
		return o
	}
	var o outcome
	switch in.step.Body {
	case plan.BodyBlock:
		o = r.whole(in, sc, timed, over)
	case plan.BodyCall:
		o = over(r.verifyContainer(in, timed, r.callPlaybook(in, timed, numbers, inputs)))
	case plan.BodyRemedies:
		o = over(r.remedies(in, timed))
	}
	if o.bad() && in.step.OnFailure == plan.Undo {
		r.undoWithin(in.path, sc)
	}
	return o
}

// timed gives a container with a timeout a boundary that ends with it. The
// function that it returns releases it and says whether time ran out.
func (r *runner) timed(in *instance, sc *scope) (*scope, func() bool) {
	if in.step.Timeout == 0 {
		return sc, func() bool { return false }
	}
	c := *sc
	c.bound = newBoundary(r.hard, sc.bound)
	ctx, watch := withStopwatch(c.bound.ctx, r.Clock, in.step.Timeout, sc.watch)
	c.watch = watch
	stop := context.AfterFunc(ctx, func() { c.bound.halt() })
	return &c, func() bool {
		stop()
		late := errors.Is(context.Cause(ctx), errTimedOut)
		watch.end()
		c.bound.close()
		return late
	}
}

// when decides the condition of a step, once.
func (r *runner) when(in *instance, sc *scope) (*event.Check, event.Verdict, outcome) {
	cond := in.step.When
	if cond == nil {
		return nil, event.True, outcome{}
	}
	x := cond.Expr.Explain(sc.bound.ctx, sc, expression.Limits{})
	c := r.explained("when", cond.Expr.Source(), x, cond.Place)
	if x.Err != nil {
		c.Verdict = event.NotEvaluated
		o := failed(in, &event.Failure{What: "its `when` could not be evaluated: " + x.Err.Error(), Place: cond.Place})
		o.problem.check = c
		return c, c.Verdict, o
	}
	switch v := x.Value.(type) {
	case schema.Unknown:
		c.Verdict, c.After = event.UnknownCheck, v.After
	case bool:
		c.Verdict = event.False
		if v {
			c.Verdict = event.True
		}
	}
	r.countCondition(c.Verdict)
	return c, c.Verdict, outcome{}
}

// finish ends a step: `on_failure: warn` of an action makes a warning of its
// failure, and a failure that stays rises to its boundary.
func (r *runner) finish(in *instance, sc *scope, o outcome, start time.Time) outcome {
	if o.state == event.Failed && in.step.OnFailure == plan.Warn && !o.problem.partial {
		if o.problem.told {
			o.problem = nil
		} else {
			r.warn(in, o.problem.message())
		}
		o.state = event.Warned
	}
	if r.DryRun && o.state == event.Passed {
		o.state = event.Executed
		if o.after != "" && o.after != sc.after {
			o.state = event.Previewed
		}
	}
	if o.state == event.Unknown || o.state == event.Previewed { // how it ends nobody knows
		in.unknown(o.after)
	}
	took := r.Clock.Now().Sub(start)
	r.showFound(in, sc, o)
	if !r.keep(in) && o.state == event.Passed {
		o.state = event.Warned
	}
	done := in.end(o, took)
	if o.state == event.NotRun {
		in.leave()
		return o
	}
	if o.state == event.Skipped { // its own fact ended it
		r.count(in, o.state)
		return o
	}
	done.Warning = sc.warns && o.state == event.Failed && o.problem.path == in.path && !o.problem.partial
	r.rise(in, sc, o, done.Warning)
	in.leave()
	if o.state == event.Waiting || o.state == event.InDoubt {
		return o
	}
	if err := r.record(event.TypeStepFinished, in.path, 0, done); err != nil {
		return r.stopped(in)
	}
	r.count(in, o.state)
	if o.bad() && in.step.OnFailure == plan.Undo && in.step.Body == plan.BodyAction {
		r.undoWithin(in.path, sc)
	}
	return o
}

// unknown says of a container with unknown parts when its end is known.
func (in *instance) unknown(after string) {
	if in.pending != nil {
		return
	}
	in.pending = &schema.Unknown{After: after}
	if after == "" {
		in.pending.Why = "as a part of " + string(in.path) + " is"
	}
}

// rise halts what a bad outcome concerns: refusal, doubt and waiting the run,
// a failure its boundary. A failure that is a warning is told as one. It is noted
// first: what ends by the halt asks whether the run is suspended.
func (r *runner) rise(in *instance, sc *scope, o outcome, warning bool) {
	halt := r.root.halt
	switch o.state {
	case event.Refused, event.InDoubt, event.Waiting:
	case event.Failed:
		halt = sc.bound.halt
	default:
		return
	}
	switch {
	case o.problem == nil || o.problem.path != in.path:
	case warning:
		o.problem.told = true
		r.warn(in, o.problem.message())
	default:
		r.tally.note(o.problem)
		r.find(in, o.problem)
	}
	if !r.DryRun || o.state != event.Failed { // what follows a failed read is shown as unknown
		halt()
	}
}

// stopped is the outcome of a step when the journal did not take a fact of it.
func (r *runner) stopped(in *instance) outcome {
	if r.journalError() == nil {
		return failed(in, &event.Failure{What: "its values are longer than the journal takes", Do: []string{"let it ask for less, or for less at once"}})
	}
	return ended(in, event.Cancelled, &event.Failure{What: "the journal cannot be written"})
}

// end sets what expressions see of a finished step, lets go of what none reads, and
// returns its last fact.
func (in *instance) end(o outcome, took time.Duration) *event.StepFinished {
	in.state = o.state
	done := in.done
	done.State, done.Title, done.Duration = o.state, in.title, took
	if p := o.problem; p != nil {
		in.failure = p.message()
		done.Failure, done.Check = p.failure, p.check
	}
	if in.step.Body != plan.BodyAction && in.step.Outputs != nil && in.outputs != nil && (in.step.Loop == nil || in.item) {
		done.Outputs = marshal(in.step.Outputs, in.outputs)
	}
	in.outputs, in.observed, in.before = in.later("outputs", in.outputs), in.later("observed", in.observed), in.later("before", in.before)
	in.done = done
	return &done
}

// later is what of a value of a step is read after it. Of a loop that is the list of
// its items' values.
func (in *instance) later(name string, v any) any {
	read := in.step.Later.Of(name)
	if in.item {
		read = read.Element()
	}
	return read.Keep(v)
}

func (t *tally) note(p *problem) {
	t.do(func() {
		switch {
		case p.state == event.InDoubt && t.doubt == nil:
			t.doubt = p
		case p.state == event.Waiting && t.waits == nil:
			t.waits = p
		}
		if t.first == nil {
			t.first = p
		}
	})
}

// count counts a step that ended, for run.passed and its like; blocks are not.
func (r *runner) count(in *instance, s event.State) {
	if in.step.Body == plan.BodyBlock || in.step.Loop != nil && !in.item && s != event.Skipped {
		return
	}
	if r.DryRun && in.step.Body != plan.BodyAction {
		return
	}
	r.tally.do(func() {
		if r.tally.counts == nil {
			r.tally.counts = map[event.State]int{}
		}
		r.tally.counts[s]++
		switch s {
		case event.Executed:
			r.tally.dry.Executed++
		case event.Previewed:
			r.tally.dry.Previewed++
		case event.Unknown:
			r.tally.dry.Unknown++
		case event.Skipped:
			r.tally.dry.Skipped++
		}
	})
}

func (r *runner) countCondition(v event.Verdict) {
	if !r.DryRun || v == event.NotEvaluated {
		return
	}
	r.tally.do(func() {
		if v == event.UnknownCheck {
			r.tally.dry.Unknowns++
			return
		}
		r.tally.dry.Evaluated++
	})
}

// find adds a failed step to the findings of the run.
func (r *runner) find(in *instance, p *problem) {
	f := event.Finding{Step: in.path, Title: in.name(), Level: "fail", Message: p.message()}
	r.tally.do(func() { r.tally.findings = append(r.tally.findings, f) })
}

func (r *runner) warn(in *instance, message string) {
	f := event.Finding{Step: in.path, Title: in.name(), Level: "warn", Message: message}
	r.tally.do(func() {
		r.tally.warnings = append(r.tally.warnings, f)
		r.tally.findings = append(r.tally.findings, f)
	})
}
