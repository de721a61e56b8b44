package run

import (
	"context"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// lookFunc looks again: it returns the fact that the caller records if it is the
// last, and the error of the look.
type lookFunc func() (event.Type, any, error)

// verification evaluates the items of a `verify` and, within its time, looks
// again until all that may fail hold in the same look.
type verification struct {
	*runner
	in     *instance
	kind   string // "verify" or "goal"
	names  expression.Values
	ctx    context.Context
	look   lookFunc          // nil: nothing to look at again
	now    expression.Values // dry run: present values, for information only
	fresh  bool              // look before the first evaluation
	within *plan.Within
	only   func(*plan.Check) bool // the items that count; nil: all

	fact     any // the last look, recorded with the verdict
	factType event.Type
	looks    map[string]*event.Look
	count    int
	lastErr  error
}

// judged is what became of the items of a verification.
type judged struct {
	checks  []*event.Check
	failed  *event.Check // the first `fail` item that does not hold
	others  []*event.Check
	warned  bool
	unknown bool
}

// run polls to the verdict and records it with the look that gave it.
func (v *verification) run() (judged, outcome) {
	start := v.Clock.Now()
	j, o := v.poll(start)
	if o.bad() {
		return j, o
	}
	if v.fact != nil && v.record(v.factType, v.in.path, 0, v.fact) != nil {
		return j, v.stopped(v.in)
	}
	for _, c := range j.checks {
		v.annotate(c, v.Clock.Now().Sub(start))
		if v.record(event.TypeCheck, v.in.path, 0, c) != nil {
			return j, v.stopped(v.in)
		}
		v.countCondition(c.Verdict)
		if c.Verdict == event.CheckWarned {
			v.warn(v.in, c.Warning())
		}
	}
	return j, passed()
}

// poll looks until what may fail holds, or the time is up. A look begins `every` after
// the last one ended: with less time than that, the last one was the last.
func (v *verification) poll(start time.Time) (judged, outcome) {
	need := v.fresh
	for {
		if need {
			v.factType, v.fact, v.lastErr = v.look()
			v.count++
		}
		if cause, ok := interrupted(v.ctx); ok {
			return judged{}, halted(v.in, cause)
		}
		j := v.evaluate()
		if j.failed == nil && v.lastErr == nil || v.look == nil || v.within == nil || v.final() {
			return j, passed()
		}
		v.saw(j)
		if v.within.Limit-v.Clock.Now().Sub(start) < v.within.Every {
			return j, passed()
		}
		v.show(event.TypePoll, v.in.path, v.polled(j, start))
		if v.Clock.Sleep(v.ctx, v.within.Every) != nil {
			return j, halted(v.in, context.Cause(v.ctx))
		}
		need = true
	}
}

func (v *verification) polled(j judged, start time.Time) *event.Poll {
	p := &event.Poll{Left: v.within.Limit - v.Clock.Now().Sub(start)}
	if j.failed != nil {
		p.That, p.Seen, p.Number, p.Sides = j.failed.That, j.failed.Seen, j.failed.Number, j.failed.Sides
	}
	return p
}

// final: another look cannot help.
func (v *verification) final() bool {
	return v.lastErr != nil && action.AsFailure(v.lastErr).Final
}

// saw counts what the looks showed, for the report of a failure.
func (v *verification) saw(j judged) {
	if v.looks == nil {
		v.looks = map[string]*event.Look{}
	}
	var l event.Look
	switch {
	case v.lastErr != nil:
		l.Seen = action.AsFailure(v.lastErr).What
	case j.failed != nil && len(v.looks) < 100:
		l.Seen, l.Number = j.failed.Seen, j.failed.Number
	default:
		return
	}
	if v.looks[l.Seen] == nil {
		v.looks[l.Seen] = &l
	}
	v.looks[l.Seen].Count++
}

// evaluate judges all items, in the order of the file.
func (v *verification) evaluate() judged {
	var j judged
	for _, item := range v.in.step.Verify {
		if v.only != nil && !v.only(item) {
			continue
		}
		c := v.judge(item)
		j.checks = append(j.checks, c)
		switch c.Verdict {
		case event.CheckFailed, event.NotEvaluated:
			switch {
			case item.Warn:
			case j.failed == nil:
				j.failed = c
			default:
				j.others = append(j.others, c)
			}
		case event.CheckWarned:
			j.warned = true
		case event.UnknownCheck:
			j.unknown = true
		}
	}
	return j
}

// judge evaluates one item.
func (v *verification) judge(item *plan.Check) *event.Check {
	x := item.Expr.Explain(v.ctx, v.names, expression.Limits{})
	c := v.explained(v.kind, item.Expr.Source(), x, item.Place)
	if item.Warn {
		c.Level = "warn"
	}
	if item.Message != nil {
		c.Message, _ = v.text(v.ctx, item.Message, v.names)
	}
	_, unknown := x.Value.(schema.Unknown)
	switch {
	case x.Err != nil || v.lastErr != nil: // nothing holds in a look that failed
		c.Verdict = event.NotEvaluated
		if v.lastErr != nil {
			c.Error, c.Seen, c.Number, c.Parts = v.lastErr.Error(), "no answer", nil, nil
		}
	case unknown && v.DryRun:
		c.Verdict = event.UnknownCheck
		if v.now != nil {
			now := v.explained(v.kind, item.Expr.Source(), item.Expr.Explain(v.ctx, v.now, expression.Limits{}), item.Place)
			c.Now, c.Number = now.Seen, now.Number
		}
	case unknown:
		c.Verdict, c.Error = event.NotEvaluated, "a part of it is unknown"
	case x.Value == true:
		c.Verdict = event.Held
	case item.Warn:
		c.Verdict = event.CheckWarned
	default:
		c.Verdict = event.CheckFailed
	}
	if c.Verdict == event.NotEvaluated && item.Warn {
		c.Verdict = event.CheckWarned
	}
	return c
}

// annotate tells of the polling on a check that did not hold.
func (v *verification) annotate(c *event.Check, took time.Duration) {
	if v.within == nil {
		return
	}
	c.Within, c.Every = v.within.Text, v.within.EveryText
	c.Count, c.Took = max(1, v.count), took
	if c.Verdict == event.Held {
		return
	}
	for _, l := range v.looks {
		c.Looks = append(c.Looks, *l)
	}
	slices.SortFunc(c.Looks, func(a, b event.Look) int { return b.Count - a.Count })
}

// verify judges the step's items after its action.
func (w *work) verify(look lookFunc) outcome { return w.judged(look, nil) }

// judged is verify, after a look that gave an error.
func (w *work) judged(look lookFunc, lastErr error) outcome {
	if len(w.in.step.Verify) == 0 {
		return passed()
	}
	v := &verification{
		runner: w.runner, in: w.in, kind: "verify", names: w.names, ctx: w.soft, lastErr: lastErr,
		look: look, fresh: w.look != nil && look != nil && lastErr == nil, within: w.in.step.Within, count: 1, now: w.present,
	}
	if v.fresh {
		v.count = 0
	}
	j, o := v.run()
	if o.bad() {
		return o
	}
	return verdict(w.in, j, v)
}

// verdict turns what became of the items into the end of the step.
func verdict(in *instance, j judged, v *verification) outcome {
	switch {
	case j.failed != nil:
		f := &event.Failure{What: unmet(j.failed), Place: j.failed.Place, Seen: j.failed.Missed()}
		for _, c := range j.others {
			f.What += "\n" + unmet(c)
			f.Seen = append(f.Seen, c.Missed()...)
		}
		if v.lastErr != nil {
			l := event.FailureOf(v.lastErr)
			l.What, l.Place = f.What, f.Place
			f = l
		}
		o := failed(in, f)
		o.problem.check = j.failed
		return o
	case j.warned:
		return outcome{state: event.Warned}
	}
	return passed()
}

// unmet says of an item that does not hold what was expected, and what was seen.
func unmet(c *event.Check) string {
	text := "expected " + c.That
	if c.Message != "" {
		text = c.Message + "; " + text
	}
	switch {
	case c.Error != "":
		return text + ", not evaluated: " + c.Error
	case c.Saw() != "":
		return text + ", seen " + c.Saw()
	}
	return text
}

// verifyContainer judges the items of a block or a call, which may read the
// steps within.
func (r *runner) verifyContainer(in *instance, sc *scope, o outcome) outcome {
	if o.bad() || len(in.step.Verify) == 0 {
		return o
	}
	names := sc.with(map[string]any{"outputs": in.outputs})
	v := &verification{runner: r, in: in, kind: "verify", names: names, ctx: sc.bound.ctx}
	j, end := v.run()
	if !end.bad() {
		end = verdict(in, j, v)
	}
	if end.state == event.Passed {
		return o
	}
	end.after = o.after
	return end
}
