package run

import (
	"fmt"
	"maps"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/schema"
)

// dry plays an action in a dry run: a read is executed, a change previewed.
func (w *work) dry(d environment.Decision) outcome {
	change := w.op.effect != action.Read
	why := "would run"
	if after := w.sc.remedy.onlyIf; after != "" && change {
		why = after
	}
	if d.Answer == environment.Asked && !w.sc.mild {
		why += "; asks"
	}
	switch {
	case w.op.unknown != nil && change:
		return w.previewed(&action.Preview{Summary: w.op.action.Name + ", its parameters are " + w.op.unknown.String()}, why)
	case w.op.unknown != nil:
		return w.unread(*w.op.unknown)
	case d.Answer == environment.Asked && !change:
		return w.unread(schema.Unknown{Why: "it asks first"})
	case change:
		return w.dryChange(why)
	case w.op.action.Pause:
		w.in.done.Preview, w.in.done.Why = &action.Preview{Summary: w.op.brief()}, "would wait"
		return outcome{state: event.Previewed, after: w.sc.after}
	case w.Offline && w.op.target.Name != "":
		return w.unread(schema.Unknown{Why: "offline"})
	}
	return w.dryRead()
}

// unread ends a read that is not executed: what it would give is unknown.
func (w *work) unread(u schema.Unknown) outcome {
	w.unknown(u, u)
	w.in.done.Why = u.String()
	if o := w.verify(nil); o.bad() {
		return o
	}
	return outcome{state: event.Unknown, after: w.sc.after}
}

// unknown sets what expressions see of the step.
func (f *frame) unknown(outputs, observed any) {
	f.in.outputs, f.in.observed = outputs, observed
	if u, ok := outputs.(schema.Unknown); ok {
		f.in.pending = &u
	}
	f.names.names["outputs"], f.names.names["observed"] = outputs, observed
}

// dryRead executes a read. Below a previewed change its value is shown as
// "now" and decides nothing.
func (w *work) dryRead() outcome {
	if w.look != nil && w.look.unknown == nil {
		_ = w.observe(true)
	}
	o, err := w.readOnce()
	after := w.sc.after
	if err != nil && after == "" && w.awaited(err) { // as in a run an error while polling means "not yet"
		if o = w.judged(w.await(), err); !o.bad() {
			return o
		}
	}
	if o.bad() {
		w.unknown(schema.Unknown{Why: string(w.in.path) + " failed"}, nil)
		if after != "" {
			w.in.done.Why = "before any change: " + o.problem.message()
			w.unknown(schema.Unknown{After: after}, nil)
			return outcome{state: event.Executed, after: after}
		}
		return o
	}
	if after == "" {
		o := w.verify(w.again)
		o.after = after
		return o
	}
	now := w.in.outputs
	w.in.done.Why = "before any change"
	w.present = w.sc.with(maps.Clone(w.names.names))
	w.unknown(schema.Unknown{After: after, Now: now}, schema.Unknown{After: after, Now: w.in.observed})
	if o := w.verify(nil); o.bad() {
		return o
	}
	return outcome{state: event.Executed, after: after}
}

// dryChange previews a change: it observes, and sends nothing else.
func (w *work) dryChange(why string) outcome {
	if w.look != nil && w.look.unknown == nil && !w.Offline {
		if err := w.observe(true); err == nil && w.sc.after == "" {
			if held, o := w.met(); held && w.in.step.SkipIfMet {
				w.in.done.Met = true
				return o
			}
		}
	}
	p := action.Preview{Summary: w.op.brief()}
	if !w.Offline {
		got, _, fail := w.preview()
		switch {
		case fail != nil && w.sc.after != "":
			p.Summary += ", unknown now: " + fail.What
		case fail != nil:
			w.unknown(schema.Unknown{Why: string(w.in.path) + " failed"}, schema.Unknown{Why: string(w.in.path) + " failed"})
			return failed(w.in, fail)
		default:
			p = got
		}
	}
	return w.previewed(&p, why)
}

// previewed ends a change of a dry run: what it would give, and all that waits
// for it, is known only after it.
func (w *work) previewed(p *action.Preview, why string) outcome {
	w.in.done.Preview, w.in.done.Why = p, why
	u := schema.Unknown{After: string(w.in.path)}
	w.unknown(u, u)
	if w.names.names["before"] == nil {
		w.names.names["before"] = u
	}
	if o := w.verify(nil); o.bad() {
		return o
	}
	return outcome{state: event.Previewed, after: string(w.in.path)}
}

// conditional marks a step whose `when` is unknown: what its body would do was
// shown, and it may be skipped.
func (r *runner) conditional(in *instance, when *event.Check, o outcome) outcome {
	if o.bad() {
		return o
	}
	u := schema.Unknown{After: when.After}
	in.pending = &u
	if _, known := in.outputs.(map[string]any); known { // it may be skipped, and have none
		in.outputs = u
	}
	in.done.Why = "if its `when` is true"
	o.state = event.Unknown
	if o.after == "" {
		o.after = when.After
	}
	return o
}

// unknownLoop previews a loop over an unknown list once, with an unknown item.
func (r *runner) unknownLoop(in *instance, sc *scope, u schema.Unknown, when *event.Check) outcome {
	c := *sc
	c.after = u.After
	inner := (&c).within(in.step, in.path.Item(0), in.step.Loop.Names(u, u))
	o := r.once(in, inner, when)
	in.outputs, in.observed, in.before = u, u, u
	in.pending, in.done.Why = &u, "for each of a list that is "+u.String()
	if o.bad() {
		return o
	}
	o.state = event.Unknown
	return o
}

// dryUnknown previews remedies whose observation is unknown.
func (g *goal) dryUnknown(u schema.Unknown) outcome {
	g.names.names["observed"], g.names.names["before"] = u, u
	g.in.observed = u
	return g.dryApply()
}

// dry previews the remedies of a step, unless its goal holds already.
func (g *goal) dry() outcome {
	after := g.sc.after
	switch {
	case g.Offline:
		return g.dryUnknown(schema.Unknown{Why: "offline"})
	case after != "":
		_ = g.observe(true)
		return g.dryUnknown(schema.Unknown{After: after, Now: g.in.observed})
	}
	g.lookErr = g.observe(true)
	if cause, ok := interrupted(g.soft); ok {
		return halted(g.in, cause)
	}
	g.tally.do(func() { g.tally.dry.Executed++ })
	if g.lookErr != nil { // not met, as in a run: the remedies follow
		return g.dryApply()
	}
	if held, checks := g.pre(); held {
		return g.metBefore(checks)
	}
	return g.dryApply()
}

// dryApply previews each remedy: the first would run, another if those before
// it miss the goal.
func (g *goal) dryApply() outcome {
	if o := g.judge(false, false); o.bad() {
		return o
	}
	after := g.sc.after
	for i, part := range g.in.step.Parts {
		names := map[string]any{"goal": map[string]any{"observed": g.in.observed}}
		sc := *g.sc.with(names)
		sc.remedy = remedied{goal: g}
		if i > 0 {
			sc.remedy.onlyIf = fmt.Sprintf("if %d misses the goal", i)
		}
		sc.after = after
		o := g.step(part, &sc)
		if o.after != "" {
			after = o.after
			names["goal"] = map[string]any{"observed": schema.Unknown{After: after}}
			g.in.observed = schema.Unknown{After: after}
		}
		if o.state == event.Previewed || o.state == event.Unknown {
			path := g.sc.path(part)
			for _, c := range g.last.checks {
				u := &event.Check{Kind: "goal", That: c.That, Verdict: event.UnknownCheck, After: string(path), Level: c.Level}
				_ = g.record(event.TypeCheck, path, 0, u)
				g.countCondition(event.UnknownCheck)
			}
		}
	}
	u := schema.Unknown{After: string(g.in.path)}
	g.unknown(map[string]any{"remedy": u, "verdict": u}, u)
	g.in.pending = &u
	return outcome{state: event.Previewed, after: string(g.in.path)}
}
