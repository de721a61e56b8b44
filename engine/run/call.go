package run

import (
	"cmp"
	"errors"
	"sync/atomic"

	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// callPlaybook plays another playbook as the body of a step: its
// prerequisites, its steps, its finally, and then its outputs.
func (r *runner) callPlaybook(in *instance, sc *scope, numbers *plan.Decided, inputs map[string]any) outcome {
	callee := in.step.Call.Plan
	inner := r.rootScope(numbers, inputs)
	inner.in = &holder{step: in.step, sc: sc}
	inner.at, inner.watch, inner.after, inner.reads = in.path, sc.watch, sc.after, sc.reads
	inner.warns = sc.warns
	inner.bound = newBoundary(r.hard, sc.bound)
	defer inner.bound.close()
	o := r.playbook(callee, inner, in, func(o outcome) outcome { return o })
	if !o.bad() {
		got, err := r.results(callee, inner)
		if err != nil {
			return failed(in, &event.Failure{What: "outputs of " + callee.Name + ": " + err.Error()})
		}
		in.outputs = got
	}
	return o
}

func (r *runner) calleeInputs(in *instance, sc *scope) (map[string]any, *event.Failure) {
	v, err := r.value(sc.bound.ctx, in.step.Call.Params, sc)
	if err != nil {
		return nil, &event.Failure{What: "inputs of " + in.step.Call.Name + ": " + err.Error()}
	}
	given, _ := v.(map[string]any)
	full, err := schema.Convert(in.step.Call.Plan.Inputs, schema.ApplyDefaults(in.step.Call.Plan.Inputs, given))
	if err != nil {
		return nil, &event.Failure{What: "inputs of " + in.step.Call.Name + ": " + err.Error()}
	}
	return full.(map[string]any), nil
}

// calleeNumbers decides the numbers of a playbook that is called, of its inputs.
func (r *runner) calleeNumbers(in *instance, sc *scope, inputs map[string]any) (*plan.Decided, *event.Failure) {
	p := in.step.Call.Plan
	numbers, err := p.Decide(sc.bound.ctx, r.rootScope(nil, inputs))
	if err == nil {
		return numbers, nil
	}
	f := &event.Failure{What: p.Name + " cannot be called: " + err.Error()}
	if wrong := (*plan.Wrong)(nil); errors.As(err, &wrong) {
		f.Place = wrong.Place
		f.Do = []string{"it takes a " + wrong.Takes + "; give other inputs to the call"}
	}
	return nil, f
}

// playbook plays prerequisites, steps, undo and finally of a plan. A failing
// prerequisite ends it before any step, and without finally. over is told of the end of
// all that the plan's time is for, and returns what it comes to.
func (r *runner) playbook(p *plan.Plan, sc *scope, owner *instance, over func(outcome) outcome) outcome {
	first := r.prologue(p, sc, owner)
	if first.bad() {
		return over(first)
	}
	o := over(r.block(&instance{step: p.Steps, path: owner.path}, sc))
	if o.bad() && p.OnFailure == plan.Undo {
		r.undoWithin(owner.path, sc)
	}
	if first.state == event.Warned && o.state == event.Passed {
		o.state = event.Warned
	}
	return r.epilogue(p.Finally, sc, owner.path, o)
}

// prologue plays the prerequisites.
func (r *runner) prologue(p *plan.Plan, sc *scope, owner *instance) outcome {
	if len(p.Prerequisites.Parts) == 0 {
		return passed()
	}
	only := *sc
	only.reads = true
	return r.block(&instance{step: p.Prerequisites, path: owner.path}, &only)
}

// epilogue plays every step of the finally of a playbook or a block, whatever ended the
// rest, once a step began. A run that is in doubt or waits has not ended.
func (r *runner) epilogue(finally *plan.Step, sc *scope, at event.Path, o outcome) outcome {
	if r.suspended() || len(finally.Parts) == 0 || !sc.begun.Load() || r.journalError() != nil || r.hard.Err() != nil {
		return o
	}
	_ = r.record(event.TypePhase, at, 0, &event.PhaseBegan{Name: event.Finally})
	last := *sc.with(map[string]any{"failure": r.failureNames(o), "run": r.runNames(true)})
	last.bound, last.watch = newBoundary(r.hard, nil), nil
	if sc.phase == "" { // one that is a part of an undo undoes
		last.phase = event.Finally
	}
	last.after = cmp.Or(o.after, sc.after)
	defer last.bound.close()
	f := r.block(&instance{step: finally, path: at}, &last)
	f.after = cmp.Or(f.after, o.after)
	if !o.bad() && (f.bad() || f.state == event.Warned || o.state == event.Passed) {
		return f
	}
	o.after = f.after
	return o
}

// failureNames is `failure` in finally.
func (r *runner) failureNames(o outcome) map[string]any {
	of := func(reason, step, title, message any) map[string]any {
		return map[string]any{"reason": reason, "step": step, "title": title, "message": message}
	}
	p, signal := o.problem, r.signal.Load()
	switch u := (schema.Unknown{}); {
	case r.DryRun:
		return of(u, u, u, u)
	case p == nil || !o.bad():
		return of("", "", "", "")
	case signal != nil:
		return of("cancelled", string(p.path), p.title, "stopped by "+signal.Name)
	}
	return of(p.reason, string(p.path), p.title, p.message())
}

// runNames is `run`; at the end with the numbers of steps by state and the
// findings.
func (r *runner) runNames(end bool) map[string]any {
	names := map[string]any{"id": r.Header.Run, "started": r.started}
	if !end {
		return names
	}
	if r.DryRun {
		for _, n := range []string{"passed", "warned", "failed", "skipped", "findings"} {
			names[n] = schema.Unknown{}
		}
		return names
	}
	r.tally.do(func() {
		n := r.tally.counts
		names["passed"] = n[event.Passed] + n[event.Executed]
		names["warned"], names["failed"], names["skipped"] = n[event.Warned], n[event.Failed], n[event.Skipped]
		findings := make([]any, len(r.tally.findings))
		for i, f := range r.tally.findings {
			findings[i] = map[string]any{"step": string(f.Step), "title": f.Title, "level": f.Level, "message": f.Message}
		}
		names["findings"] = findings
	})
	return names
}

// rootScope is what a playbook's own steps see.
func (r *runner) rootScope(numbers *plan.Decided, inputs map[string]any) *scope {
	return &scope{
		shared: newInstances(), number: numbers, bound: r.root, begun: &atomic.Bool{},
		names: map[string]any{
			"inputs": inputs, "vars": r.Environment.Vars,
			"environment": r.Environment.Value(), "run": r.runNames(false),
		},
	}
}

// results evaluates the outputs of a playbook, as read by a last step. With the first
// error come those that have none.
func (r *runner) results(p *plan.Plan, sc *scope) (map[string]any, error) {
	return r.evaluated(p.Outputs, p.Result, sc.with(map[string]any{"run": r.runNames(true)}))
}

// evaluated are outputs as the journal has them, with the first error.
func (r *runner) evaluated(outputs []plan.Output, t *schema.Type, names *scope) (map[string]any, error) {
	out := make(map[string]any, len(outputs))
	var wrong error
	for _, o := range outputs {
		v, err := r.value(r.hard, o.Value, names)
		if err == nil {
			out[o.Name] = v
		} else if wrong == nil {
			wrong = err
		}
	}
	if t == nil {
		return out, wrong
	}
	out, _, err := r.journalled(t, out)
	return out, cmp.Or(wrong, err)
}

// whole plays a block: its parts, for which over ends its time, then its finally,
// outputs and verification, which are outside of it.
func (r *runner) whole(in *instance, sc, timed *scope, over func(outcome) outcome) outcome {
	began := *timed
	began.begun = &atomic.Bool{}
	o := over(r.block(in, &began))
	if f := in.step.Finally; f != nil {
		last := *sc
		last.begun, last.warns = began.begun, sc.warns || in.step.OnFailure == plan.Warn
		o = r.epilogue(f, &last, in.path, o)
	}
	return r.verifyContainer(in, sc, r.given(in, sc, o))
}

// given evaluates the outputs of a block whose parts are final, unless it failed.
func (r *runner) given(in *instance, sc *scope, o outcome) outcome {
	if o.bad() || len(in.step.Gives) == 0 {
		return o
	}
	got, err := r.evaluated(in.step.Gives, in.step.Outputs, sc)
	if err != nil {
		end := failed(in, &event.Failure{What: "its outputs: " + err.Error()})
		end.after = o.after
		return end
	}
	in.outputs = got
	return o
}
