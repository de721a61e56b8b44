package launch

import (
	"context"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/plan"
)

const onlyReads = "look here with an action that reads, and move what changes something to `steps`; what the target only reads at, list under its `reads`"

// changing returns the prerequisites that change something in an environment, by the
// values that are known before a run. What a plan refuses by itself is not among them.
func changing(p *plan.Plan, env *environment.Environment, values names) diag.List {
	c := &changes{env: env, seen: map[string]bool{}}
	var list diag.List
	for _, s := range p.All() {
		if rootOf(s) != p.Prerequisites {
			continue
		}
		for _, one := range s.WithUndo() {
			found, at := c.of(one, values, "")
			if found == nil {
				continue
			}
			what := fmt.Sprintf("%s does not: its effect is %s", found.Action.Name, at.effect)
			if one.Call != nil {
				what = fmt.Sprintf("%s does not: at %s the effect of %s is %s", one.Call.Name, at.address, found.Action.Name, at.effect)
			}
			list.Add(placed(one.Place, diag.Diagnostic{Code: plan.CodeEffect, Message: "a prerequisite only reads, and " + what, Hint: onlyReads}))
		}
	}
	return list
}

func rootOf(s *plan.Step) *plan.Step {
	for s.Parent != nil {
		s = s.Parent
	}
	return s
}

// changes looks for what changes something, in calls of the same inputs once.
type changes struct {
	env  *environment.Environment
	seen map[string]bool
}

// found is where a change stands, and how bad it is.
type found struct {
	address string
	effect  action.Effect
}

// maxCalls is how many calls are looked into with the inputs that each gives.
const maxCalls = 1_000

// of returns the first operation of a step, or of what it calls, that is no read
// whatever a run gives it.
func (c *changes) of(s *plan.Step, values names, around string) (*plan.Operation, found) {
	if s.Op != nil {
		if effect := c.effect(s.Op, values); effect != action.Read {
			return s.Op, found{around + s.Path, effect}
		}
	}
	if s.Call == nil {
		return nil, found{}
	}
	inner := names{"vars": values["vars"], "environment": values["environment"]}
	if len(c.seen) < maxCalls {
		inner["inputs"] = values.calleeInputs(context.Background(), s.Call)
	}
	call := callOf(s.Call.Plan, inner)
	if c.seen[call] {
		return nil, found{}
	}
	c.seen[call] = true
	for _, part := range s.Call.Plan.All() {
		for _, one := range part.WithUndo() {
			if op, at := c.of(one, inner, around+s.Path+"/"); op != nil {
				delete(c.seen, call) // the next that calls it changes as much
				return op, at
			}
		}
	}
	return nil, found{}
}

// effect is what an operation does at its target in the environment; a read while it
// may still be one.
func (c *changes) effect(op *plan.Operation, values names) action.Effect {
	worst, best := effectIn(c.env, op, values)
	if best == action.Read {
		return best
	}
	return worst
}
