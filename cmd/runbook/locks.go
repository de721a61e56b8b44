package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/expression"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/schema"
)

// lockNames is what the expressions of a lock can see.
type lockNames map[string]any

var _ expression.Values = lockNames(nil)

func (n lockNames) Name(name string) (any, bool) {
	v, ok := n[name]
	return v, ok
}

func (n lockNames) Step(string) (any, bool) { return schema.Unknown{}, true }

// lockKeys evaluates the locks of a plan and of the playbooks that it calls.
func (a *app) lockKeys(ctx context.Context, p *plan.Plan, env *environment.Environment, g *given) ([]string, error) {
	names := lockNames{"inputs": g.values, "vars": env.Vars, "environment": map[string]any{"name": env.Name}}
	keys, err := names.keys(ctx, p, a.note)
	if err != nil {
		return nil, err
	}
	inner, err := names.callees(ctx, p, a.note)
	if err != nil {
		return nil, err
	}
	for _, key := range inner {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// keys are the locks of one playbook.
func (n lockNames) keys(ctx context.Context, p *plan.Plan, note func(string, ...any)) ([]string, error) {
	var keys []string
	for _, v := range p.Lock {
		got, err := n.value(ctx, v)
		switch {
		case err != nil:
			return nil, &problem{code: exitInvalid, failure: &action.Failure{
				What: fmt.Sprintf("the lock %s has no value: %v", written(v), err), Where: v.Place, Err: err,
			}}
		case schema.HasUnknown(got):
			note("the lock %s of %s depends on a step: it is not taken, %s", written(v), p.Name, v.Place)
		default:
			keys = append(keys, schema.TextOf(got))
		}
	}
	return keys, nil
}

// value evaluates a constant or a template.
func (n lockNames) value(ctx context.Context, v *plan.Value) (any, error) {
	if v.Template != nil {
		return v.Template.Eval(ctx, n, expression.Limits{})
	}
	return v.Const, nil
}

// callees are the locks of the playbooks that p calls. An input that only a
// step can give is unknown.
func (n lockNames) callees(ctx context.Context, p *plan.Plan, note func(string, ...any)) ([]string, error) {
	var out []string
	for _, s := range p.All() {
		if s.Call == nil || s.Call.Plan == nil {
			continue
		}
		inner := lockNames{"inputs": n.calleeInputs(ctx, s.Call), "vars": n["vars"], "environment": n["environment"]}
		keys, err := inner.keys(ctx, s.Call.Plan, note)
		if err != nil {
			return nil, err
		}
		more, err := inner.callees(ctx, s.Call.Plan, note)
		if err != nil {
			return nil, err
		}
		out = append(append(out, keys...), more...)
	}
	return out, nil
}

func (n lockNames) calleeInputs(ctx context.Context, c *plan.Call) map[string]any {
	values := map[string]any{}
	for _, f := range c.Plan.Inputs.Fields {
		values[f.Name] = f.Default
	}
	if c.Params == nil || c.Params.Value == nil {
		return values
	}
	for _, f := range c.Params.Value.Fields {
		got, err := n.value(ctx, f.Value)
		if err != nil || f.Value.IsList || f.Value.IsObject {
			got = schema.Unknown{}
		}
		values[f.Name] = got
	}
	return values
}

// lock takes the keys of a run, waiting as long as the user allows.
func (a *app) lock(ctx context.Context, s *journal.State, keys []string, holder journal.Holder, c *call) (*journal.Locks, error) {
	locks, err := s.Lock(ctx, journal.LockRequest{
		Keys: keys, Holder: holder, Wait: c.wait, Despite: c.despite,
		Waiting: func(e *journal.LockedError) {
			a.note("waiting for %s, held by %s (%s, %s), at most %s",
				e.Key, e.Holder.Run, e.Holder.Playbook, e.Holder.User, schema.HumanDuration(c.wait))
		},
	})
	var held *journal.LockedError
	switch {
	case err == nil:
		return locks, nil
	case errors.As(err, &held):
		return nil, locked(held, c)
	}
	var signal *signalled
	if errors.As(context.Cause(ctx), &signal) {
		return nil, &problem{code: signal.Code, failure: &action.Failure{What: signal.Error() + " while it waited for a lock; no run was started"}}
	}
	return nil, storage(err)
}

// locked tells who holds the key, or why it is guarded.
func locked(e *journal.LockedError, c *call) error {
	h := e.Holder
	what := e.Key + " is held by another run"
	facts := []report.Fact{{Label: "Holder", Value: fmt.Sprintf("run %s of %s, by %s on %s, pid %d, alive", h.Run, h.Playbook, h.User, h.Host, h.PID)}}
	then := c.again() + " --wait 10m"
	switch {
	case e.Guarded:
		what = e.Key + " is guarded by a run that did not end"
		facts[0] = report.Fact{Label: "Last holder", Value: fmt.Sprintf("run %s of %s, by %s on %s", h.Run, h.Playbook, h.User, h.Host)}
		if e.State != "" {
			facts = append(facts, report.Fact{Label: "State", Value: stateWord(e.State) + at(e.Step)})
		}
		then = c.again() + " --despite " + h.Run
	case !h.Since.IsZero():
		now := ""
		if e.Step != "" {
			now = "; now at step " + e.Step
		}
		facts = append(facts, report.Fact{Label: "Since", Value: fmt.Sprintf("%s, %s ago%s", h.Since.Local().Format("15:04:05 MST"), schema.HumanDuration(time.Since(h.Since)), now)})
	}
	facts = append(facts, report.Fact{Label: "Changed", Value: "nothing; no target was contacted, no run was started"})
	return &problem{code: exitLocked, failure: &action.Failure{What: what, Err: e}, ending: &report.NoRun{
		Word: "Locked", Text: what, Exit: exitLocked, Facts: facts, Safe: []string{"runbook report " + h.Run}, Then: []string{then},
	}}
}

func at(step string) string {
	if step == "" {
		return ""
	}
	return ", at step " + step
}
