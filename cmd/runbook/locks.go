package main

import (
	"context"
	"errors"
	"fmt"
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

func (n lockNames) Step(string) (any, bool) { return nil, false }

// lockKeys evaluates the locks of a plan.
func lockKeys(ctx context.Context, p *plan.Plan, env *environment.Environment, g *given) ([]string, error) {
	names := lockNames{"inputs": g.values, "vars": env.Vars, "environment": map[string]any{"name": env.Name}}
	var keys []string
	for _, v := range p.Lock {
		if v.Template == nil {
			keys = append(keys, schema.TextOf(v.Const))
			continue
		}
		got, err := v.Template.Eval(ctx, names, expression.Limits{})
		if err != nil {
			return nil, &problem{code: exitInvalid, failure: &action.Failure{
				What: fmt.Sprintf("the lock %s has no value: %v", v.Template.Source(), err), Where: v.Place, Err: err,
			}}
		}
		keys = append(keys, schema.TextOf(got))
	}
	return keys, nil
}

// lock takes the keys of a run, waiting as long as the user allows.
func lock(ctx context.Context, s *journal.State, keys []string, holder journal.Holder, c *call) (*journal.Locks, error) {
	locks, err := s.Lock(ctx, journal.LockRequest{
		Keys: keys, Holder: holder, Wait: c.wait, Despite: c.despite,
		Waiting: func(e *journal.LockedError) {
			note("waiting for %s, held by %s (%s, %s), at most %s",
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
