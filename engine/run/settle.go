package run

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/plan"
)

// settle finds out what became of an effect whose reply was lost: by the
// action's own means, then by observation. Idempotence is the caller's last
// resort. It returns AppliedLost where nothing is proven. The step's time, which
// may be why the reply was lost, and the halt of the run do not end it.
func (w *work) settle(subjects []action.Subject, lost *event.Failure) (action.Applied, bool) {
	defer func(soft, hard context.Context) { w.soft, w.hard = soft, hard }(w.soft, w.hard)
	w.soft, w.hard = w.runner.hard, w.runner.hard
	w.looked, w.unmet = "", "" // what was seen before the change is not the present state
	if w.op.bound.Settle != nil {
		w.settling(w.in.path, w.op.target.Name, readLimit)
		ctx, cancel := w.Clock.WithTimeout(w.hard, readLimit)
		applied, res, err := w.op.bound.Settle(ctx, w.call(w.in.path, w.op.target), subjects)
		cancel()
		if err == nil && applied != action.AppliedLost && applied != "" {
			if kept, err := w.kept(w.op, res); err == nil && res.Outputs != nil {
				w.outputs(kept)
			}
			return w.settled(applied, "settle", lost)
		}
	}
	if w.look != nil && w.observedProof(w.in.before, w.beforeErr, w.again) || w.look == nil && w.goalProof() {
		return w.settled(action.AppliedFully, "observe", lost)
	}
	return action.AppliedLost, false
}

// settling shows who is asked what became of an effect, and how long there is time.
func (r *runner) settling(path event.Path, target string, left time.Duration) {
	r.show(event.TypePoll, path, &event.Poll{Asked: cmp.Or(target, "this host"), Left: left})
}

// settled records what became of an effect. One that was applied, and whose outputs are
// lost, is not settled while something reads them: it is sent again where that changes
// nothing more, else it stays in doubt.
func (w *work) settled(a action.Applied, how string, lost *event.Failure) (action.Applied, bool) {
	if a == action.AppliedFully && w.in.outputs == nil && w.in.step.Relied {
		w.ungiven = true
		return action.AppliedLost, false
	}
	var facts []string
	if lost != nil {
		facts = append(facts, lost.What)
	}
	if w.record(event.TypeSettled, w.in.path, w.in.attempts, &event.Settled{Applied: a, How: how, Facts: facts}) != nil {
		return action.AppliedLost, false
	}
	return a, true
}

// observedProof reports whether the observation shows that the effect was
// applied: all `fail` items that do not read outputs hold within the step's
// time, and at least one of them was seen not to hold before: what was not
// evaluated then, as in a look that failed, proves nothing. Nor does that they do
// not hold now.
func (f *frame) observedProof(before any, beforeErr error, look lookFunc) bool {
	v := &verification{runner: f.runner, in: f.in, kind: "verify", names: f.names.with(map[string]any{"observed": before}), ctx: f.hard, lastErr: beforeErr}
	v.only = func(item *plan.Check) bool { return !item.Warn && !item.Expr.Reads("outputs") }
	if !slices.ContainsFunc(v.evaluate().checks, func(c *event.Check) bool { return c.Verdict == event.CheckFailed }) {
		return false
	}
	v.names, v.fresh, v.within = f.names, true, f.in.step.Within
	start := f.Clock.Now()
	v.look = func() (event.Type, any, error) {
		left := time.Duration(0)
		if v.within != nil {
			left = v.within.Limit - f.Clock.Now().Sub(start)
		}
		f.settling(f.in.path, f.look.target.Name, left)
		return look()
	}
	j, o := v.poll(start)
	if f.unmet = ""; j.failed != nil && v.lastErr == nil {
		f.unmet = unmet(j.failed)
	}
	return !o.bad() && j.failed == nil
}

// goalProof is observedProof for a remedy that has no observation of its own, by
// that of the step around it.
func (w *work) goalProof() bool {
	g := w.sc.remedy.goal
	if g == nil || w.in.step.Remedy == 0 {
		return false
	}
	around := g.frame
	around.soft, around.hard = w.soft, w.hard
	defer func() { g.lookErr = around.lookErr }() // of what is observed now
	return around.observedProof(g.in.observed, g.lookErr, around.lookAgain)
}

// presently is the state of what the effect was about, as it is read now.
func (w *work) presently(before []action.Subject) (seen []string) {
	defer func(soft context.Context) { w.soft = soft }(w.soft)
	if w.soft = w.runner.hard; w.look != nil && w.looked == "" && w.soft.Err() == nil {
		w.settling(w.in.path, w.look.target.Name, readLimit)
		_ = w.observe(false) // what it failed on is what is told
	}
	if w.look != nil && w.looked != "" {
		seen = append(seen, "now, "+w.look.action.Name+": "+cmp.Or(w.unmet, w.looked))
	}
	if len(before) == 0 || w.soft.Err() != nil { // nobody is asked any more
		return seen
	}
	ctx, cancel := w.Clock.WithTimeout(w.runner.hard, readLimit)
	defer cancel()
	subjects, err := w.op.bound.Subjects(ctx, w.call(w.in.path, w.op.target))
	if err != nil {
		return append(seen, "now: "+action.AsFailure(err).What)
	}
	for _, s := range subjects {
		text := fmt.Sprintf("now, %s %s is there", s.Kind, s.Name)
		if s.Version != "" {
			text = fmt.Sprintf("now, %s %s is at %s", s.Kind, s.Name, s.Version)
		}
		if slices.Contains(before, s) {
			text += ", as before it"
		}
		seen = append(seen, text)
	}
	return seen
}

// toLook is the command that shows what became of the effect, or where to look for it.
func (w *work) toLook(f *event.Failure, subjects []action.Subject) string {
	if command := w.op.bound.Look(w.call(w.in.path, w.op.target), subjects); command != "" {
		return command
	}
	where := w.op.target.Name
	if at := w.op.target.Address; at != "" {
		where += " at " + at
	}
	return "look at " + cmp.Or(f.Where, where, "this host") + ": " + w.op.brief()
}

// inDoubt suspends the run: it is not known whether the effect was applied. What
// is not idempotent was sent once.
func (w *work) inDoubt(subjects []action.Subject) outcome {
	w.note()
	f := *w.lost
	if f.What = "the request was sent, its reply was lost: " + f.What; w.answered {
		f.What = "the reply does not tell what became of the request: " + w.lost.What
	}
	known := "it was not repeated"
	if w.op.bound.Idempotent {
		known = "the same request changes nothing more"
		if w.in.attempts > 1 {
			known = fmt.Sprintf("sent %d times, %s", w.in.attempts, known)
		}
	}
	what := fmt.Sprintf("it is not known whether %s was applied", w.op.brief())
	if w.ungiven {
		what = w.op.brief() + " was applied; its outputs are lost, and something reads them without ?."
	}
	f.Seen = append(f.Seen, what+"; "+known)
	for _, s := range subjects {
		if s.Version != "" {
			f.Seen = append(f.Seen, fmt.Sprintf("before it, %s %s was at %s", s.Kind, s.Name, s.Version))
		}
	}
	f.Seen = append(f.Seen, w.presently(subjects)...)
	o := ended(w.in, event.InDoubt, &f)
	o.problem.look = []string{w.toLook(&f, subjects)}
	return o
}
