package run

import (
	"fmt"
	"strconv"
	"time"

	"runbook/engine/event"
	"runbook/engine/plan"
)

// goal is a step with remedies in progress: its verification is the goal, and
// its first observation the diagnosis.
type goal struct {
	frame
	last    judged
	failedR bool // a remedy failed, though the goal was reached after
	byNow   bool // it was reached while a remedy waited for a person
}

// remedies applies the remedies of a step, mildest first, until the first
// after which its verification holds.
func (r *runner) remedies(in *instance, sc *scope) outcome {
	look, o := r.observation(sc.bound.ctx, in, sc)
	if o.bad() {
		return o
	}
	g := &goal{frame: r.frame(in, sc)}
	g.look = look
	if look.unknown != nil {
		return g.dryUnknown(*look.unknown)
	}
	if r.DryRun {
		return g.dry()
	}
	g.lookErr = g.observe(true)
	if cause, ok := interrupted(g.soft); ok {
		return halted(in, cause)
	}
	if g.lookErr == nil {
		if held, checks := g.pre(); held {
			return g.metBefore(checks)
		}
	}
	if o := g.judge(false, false); o.bad() {
		return o
	}
	return g.apply()
}

// metBefore ends a step whose goal held before anything was done.
func (g *goal) metBefore(checks []*event.Check) outcome {
	for _, c := range checks {
		c.Kind = "goal"
		if g.record(event.TypeCheck, g.in.path, 0, c) != nil {
			return g.stopped(g.in)
		}
	}
	g.in.done.Met = true
	g.result(nil, "met")
	return passed()
}

func (g *goal) result(remedy any, verdict string) {
	g.in.outputs = map[string]any{"remedy": remedy, "verdict": verdict}
}

// judge evaluates the goal and keeps what became of its items. It looks afresh
// first if told so, and with polling for the goal's `within`.
func (g *goal) judge(fresh, poll bool) outcome {
	v := &verification{runner: g.runner, in: g.in, kind: "goal", names: g.names, ctx: g.soft, count: 1, lastErr: g.lookErr}
	if fresh {
		v.lastErr = nil
		v.look, v.fresh, v.count = g.lookAgain, true, 0
		if poll {
			v.within = g.in.step.Within
		}
	}
	j, o := v.run()
	g.last = j
	return o
}

// apply tries the remedies in order.
func (g *goal) apply() outcome {
	parts := g.in.step.Parts
	for i, part := range parts {
		before := g.last
		start := g.Clock.Now()
		mark := g.changed()
		o := g.remedy(part)
		if g.byNow {
			return g.end(i, nil, "met")
		}
		if o.state == event.Skipped {
			continue
		}
		if o.bad() && !g.gives(o) {
			return o
		}
		if cause, ok := interrupted(g.soft); ok {
			return halted(g.in, cause)
		}
		if end := g.judge(true, g.changedSince(mark)); end.bad() {
			return end
		}
		g.failedR = g.failedR || o.bad() || o.state == event.Warned
		verdict := g.verdict(before)
		fact := g.report(i, part, verdict, before, start)
		if verdict == "effective" && o.bad() {
			fact.Warning = fmt.Sprintf("remedy %d failed, and the goal was reached: %s", i+1, o.problem.message())
			g.warn(g.in, fact.Warning)
		}
		if g.record(event.TypeRemedy, g.in.path, 0, fact) != nil {
			return g.stopped(g.in)
		}
		switch verdict {
		case "effective":
			return g.end(i+1, part.Name(), "effective")
		case "worse":
			g.result(nil, verdict)
			return failed(g.in, &event.Failure{What: part.Name() + " made it worse: an item that held before no longer does", Place: part.Place})
		}
	}
	g.result(nil, "ineffective")
	return g.missed()
}

// heldByNow looks at the goal once more, after a remedy has waited for a person.
func (g *goal) heldByNow() (bool, outcome) {
	o := g.judge(true, false)
	g.byNow = !o.bad() && g.last.failed == nil
	return g.byNow, o
}

// remedy runs one remedy in a boundary of its own.
func (g *goal) remedy(part *plan.Step) outcome {
	sc := *g.sc.with(map[string]any{"goal": map[string]any{"observed": g.in.observed}})
	sc.remedy = remedied{goal: g, because: g.because(part.Remedy)}
	sc.bound, sc.warns = newBoundary(g.runner.hard, g.sc.bound), false // the step around it tells its failure
	defer sc.bound.close()
	return g.step(part, &sc)
}

func (g *goal) because(number int) string {
	if g.last.failed == nil {
		return "the goal could not be evaluated"
	}
	text := "goal " + g.last.failed.That + " was not reached"
	switch number {
	case 1:
	case 2:
		text += " by 1"
	default:
		text += " by 1 to " + strconv.Itoa(number-1)
	}
	if seen := g.last.failed.Saw(); seen != "" {
		text += "; now " + seen
	}
	return text
}

func (g *goal) changed() (mark int) {
	g.tally.do(func() { mark = g.tally.changes.Mark() })
	return mark
}

func (g *goal) changedSince(mark int) (some bool) {
	g.tally.do(func() { some = g.tally.changes.Since(mark) })
	return some
}

// gives reports whether a remedy that did not pass gives way to the next: one
// that was refused, is in doubt, partly applied or cancelled ends the step.
func (g *goal) gives(o outcome) bool {
	return o.state == event.Failed && !o.problem.partial
}

// verdict compares the items of the goal before and after a remedy.
func (g *goal) verdict(before judged) string {
	if g.last.failed == nil {
		return "effective"
	}
	for i, c := range g.last.checks {
		if c.Level != "warn" && i < len(before.checks) && before.checks[i].Verdict == event.Held && c.Verdict == event.CheckFailed {
			return "worse"
		}
	}
	return "ineffective"
}

func (g *goal) report(i int, part *plan.Step, verdict string, before judged, start time.Time) *event.Remedy {
	r := &event.Remedy{Index: i + 1, Address: g.sc.path(part), Title: part.Name(), Verdict: verdict, Duration: g.Clock.Now().Sub(start)}
	for n, c := range g.last.checks {
		now := compared(c)
		item := event.Goal{That: c.That, Name: outputName(now.Source), After: now.Value, Is: now.Number, Held: c.Verdict == event.Held}
		if n < len(before.checks) {
			then := compared(before.checks[n])
			item.Before, item.Was = then.Value, then.Number
		}
		r.Goal = append(r.Goal, item)
		r.Looks = max(r.Looks, c.Count)
	}
	return r
}

// compared is the value that names the goal: the first that it compares.
func compared(c *event.Check) event.Part {
	p := event.Part{Value: c.Seen, Number: c.Number, Parts: c.Parts}
	for len(p.Parts) > 0 {
		p = p.Parts[0]
	}
	return p
}

// outputName is the last name of a chain of members: "last_percent".
func outputName(source string) string {
	for i := len(source) - 1; i >= 0; i-- {
		c := source[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return source[i+1:]
		}
	}
	return source
}

// end ends a step whose goal is reached; the remedies from i on are not needed.
func (g *goal) end(i int, remedy any, verdict string) outcome {
	for n, rest := range g.in.step.Parts[i:] {
		fact := &event.Remedy{Index: i + n + 1, Address: g.sc.path(rest), Title: rest.Name(), Verdict: "not_needed"}
		if g.record(event.TypeRemedy, g.in.path, 0, fact) != nil {
			return g.stopped(g.in)
		}
	}
	g.result(remedy, verdict)
	if g.failedR || g.last.warned {
		return outcome{state: event.Warned}
	}
	return passed()
}

func (g *goal) missed() outcome {
	o := verdict(g.in, g.last, &verification{})
	if !o.bad() {
		return failed(g.in, &event.Failure{What: "no remedy was tried and the goal was not reached"})
	}
	o.problem.failure.What = "no remedy reached the goal: " + o.problem.failure.What
	return o
}
