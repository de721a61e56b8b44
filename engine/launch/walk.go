package launch

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
)

// Visited is a step of a plan or of a playbook that it calls.
type Visited struct {
	*plan.Step
	Address string // with the calls around it
}

// Once calls f for every step of p, of undo, and of the playbooks that it calls,
// each of which it looks at once.
func Once(p *plan.Plan, f func(Visited)) {
	seen := map[*plan.Plan]bool{}
	var walk func(p *plan.Plan, around string)
	walk = func(p *plan.Plan, around string) {
		for _, s := range p.All() {
			for _, one := range s.WithUndo() {
				f(Visited{one, around + s.Path})
				if one.Call != nil && !seen[one.Call.Plan] {
					seen[one.Call.Plan] = true
					walk(one.Call.Plan, around+s.Path+"/")
				}
			}
		}
	}
	walk(p, "")
}

// onlyOnFailure reports whether a step of finally asks for the failure.
func onlyOnFailure(p *plan.Plan, s *plan.Step) bool {
	asks := false
	for ; s != nil; s = s.Parent {
		asks = asks || s.When != nil && s.When.Expr.Reads("failure")
		if s == p.Finally || s.Parent != nil && s.Parent.Finally == s {
			return asks
		}
	}
	return false
}

// Effects counts the worst case of a plan, whatever its inputs and its targets.
func Effects(p *plan.Plan, policy environment.Policy) event.Effects {
	return effects(p, &environment.Environment{Policy: policy}, nil)
}

// effects counts the worst case of a plan at the targets of an environment, for values
// that are known before it runs.
func effects(p *plan.Plan, env *environment.Environment, values names) event.Effects {
	return (&counter{env: env, known: map[counted]event.Effects{}}).plan(counted{Plan: p}, values)
}

// counter counts each playbook once, however often it is called.
type counter struct {
	env   *environment.Environment
	known map[counted]event.Effects
}

// counted is a playbook, and whether what calls it undoes it if it fails.
type counted struct {
	*plan.Plan
	undone bool
}

// The bounds of what is told: playbooks that call others twice soon call more than can
// be counted, or read.
const (
	maxCount  = 1_000_000_000
	maxAsking = 1_000
)

func (c *counter) plan(p counted, values names) event.Effects {
	if known, ok := c.known[p]; ok {
		return known
	}
	var out event.Effects
	for _, s := range p.All() {
		late, undone := onlyOnFailure(p.Plan, s), p.undone || s.UndoneAround()
		for i, one := range s.WithUndo() {
			if undo := i > 0; undo && !undone {
				break
			}
			looped := loops(one, values)
			c.add(&out, looped(c.step(one, values)), "", late || i > 0)
			if one.Call != nil {
				c.add(&out, looped(c.plan(counted{one.Call.Plan, undone && i == 0}, nil)), s.Path+"/", late || i > 0)
			}
		}
	}
	c.known[p] = out
	return out
}

// loops makes of the changes of one pass those of all in which a step is played.
func loops(s *plan.Step, values names) func(event.Effects) event.Effects {
	times, known := 1, true
	for ; s != nil; s = s.Parent {
		if s.Loop == nil {
			continue
		}
		items, err := values.value(context.Background(), s.Loop.Items)
		list, ok := items.([]any)
		if n := max(len(list), len(s.Loop.Items.List)); err == nil && (ok || s.Loop.Items.IsList) {
			times = min(times*n, maxCount)
		} else {
			known = false
		}
	}
	return func(e event.Effects) event.Effects {
		e.Writes, e.Destructive = e.Writes*times, e.Destructive*times
		if !known {
			e.WritesEach, e.DestructiveEach = e.WritesEach+e.Writes, e.DestructiveEach+e.Destructive
			e.Writes, e.Destructive = 0, 0
		}
		return e
	}
}

// step is what one step does by itself.
func (c *counter) step(s *plan.Step, values names) event.Effects {
	var out event.Effects
	if s.Observe != nil {
		out.Reads++
	}
	asks := s.Approve != nil && s.Body != plan.BodyManual
	if s.Op != nil {
		effect, _ := effectIn(c.env, s.Op, values)
		switch effect {
		case action.Read:
			out.Reads++
		case action.Destructive:
			out.Destructive++
		default:
			out.Writes++
		}
		asks = decide(c.env.Policy, s, effect).Answer == environment.Asked
	}
	if asks {
		out.Approvals = []string{s.Path}
	}
	return out
}

// add adds what stands under an address; late says that it only runs if the run fails.
func (c *counter) add(sum *event.Effects, e event.Effects, under string, late bool) {
	plus := func(to *int, n int) { *to = min(*to+n, maxCount) }
	plus(&sum.Reads, e.Reads)
	plus(&sum.OnFailure, e.OnFailure)
	if late {
		plus(&sum.OnFailure, e.Writes+e.Destructive+e.WritesEach+e.DestructiveEach)
		return
	}
	plus(&sum.Writes, e.Writes)
	plus(&sum.Destructive, e.Destructive)
	plus(&sum.WritesEach, e.WritesEach)
	plus(&sum.DestructiveEach, e.DestructiveEach)
	for _, asks := range e.Approvals[:min(len(e.Approvals), maxAsking-len(sum.Approvals))] {
		sum.Approvals = append(sum.Approvals, under+asks)
	}
}

// effectIn are the worst effect of an operation at its target, and the mildest that what
// is not known before the run may make of it.
func effectIn(in *environment.Environment, op *plan.Operation, values names) (worst, best action.Effect) {
	kind := op.Action.Target
	if kind == nil {
		kind = &action.TargetKind{}
	}
	if group := in.Group(op.Group); len(group) > 0 { // a call for each
		for _, name := range group {
			one, mild := effectAt(in, op, kind, name, values)
			worst, best = max(worst, one), max(best, mild)
		}
		return worst, best
	}
	if op.Target != nil && op.Target.Const == nil {
		return op.Effect, op.Best
	}
	return effectAt(in, op, kind, cmp.Or(op.Target.String(), kind.Name), values)
}

// effectAt is effectIn at a target.
func effectAt(in *environment.Environment, op *plan.Operation, kind *action.TargetKind, name string, values names) (worst, best action.Effect) {
	target, _ := in.Target(name)
	if in.Name != "" {
		target.Kind = kind.Name // one that is missing lists nothing
	}
	return op.EffectAt(target, func(v *plan.Value) (any, error) {
		if v.Template == nil {
			return plan.Unread(v)
		}
		known, err := values.value(context.Background(), v)
		if err != nil {
			return plan.Unread(v)
		}
		return known, nil
	})
}

// decide is the policy's answer to the worst case of an operation.
func decide(policy environment.Policy, s *plan.Step, worst action.Effect) environment.Decision {
	personal := s.Approve != nil && (s.Approve.By != "" || s.Approve.Approvers > 1)
	return policy.Decide(s.Op.Action.Name, worst, s.Approve != nil, personal)
}

// need is a target that a step needs.
type need struct{ target, kind, step, action, place string }

func (n need) reaches(t action.Target) bool {
	return n.target == t.Name || n.target == "" && n.kind == t.Kind
}

// narrow takes of the groups of the environment what the request is limited to.
func (q *Request) narrow() error {
	plans := q.Plan.Whole()
	return q.Environment.Narrow(q.Limit, func(group string) bool {
		return slices.ContainsFunc(plans, func(p *plan.Plan) bool { return p.ReadsGroup(group) })
	})
}

// needsOf returns the targets that the plan needs in an environment, each once; of one
// that only the run can name the name is "".
func needsOf(p *plan.Plan, env *environment.Environment) []need {
	var out []need
	seen := map[need]bool{}
	add := func(s Visited, op *plan.Operation) {
		if op == nil || op.Action.Target == nil {
			return
		}
		for _, name := range targetsOf(op, env) {
			n := need{target: name, kind: op.Action.Target.Name}
			if seen[n] {
				continue
			}
			seen[n] = true
			n.step, n.action, n.place = s.Address, op.Action.Name, s.Place
			out = append(out, n)
		}
	}
	Once(p, func(s Visited) {
		add(s, s.Op)
		add(s, s.Observe)
	})
	return out
}

// targetsOf are the names of the targets of an operation, "" for one that only the run
// can name.
func targetsOf(op *plan.Operation, env *environment.Environment) []string {
	switch {
	case op.Group != "":
		return env.Group(op.Group)
	case op.Target == nil:
		return []string{op.Action.Target.Name}
	}
	name, _ := op.Target.Const.(string)
	return []string{name}
}

// lacks returns the needs of a plan that an environment does not meet; of a target of
// another kind that kind.
func lacks(p *plan.Plan, env *environment.Environment) iter.Seq2[need, string] {
	return func(yield func(need, string) bool) {
		for _, n := range needsOf(p, env) {
			t, ok := env.Target(n.target)
			if n.target != "" && (!ok || t.Kind != n.kind) && !yield(n, t.Kind) {
				return
			}
		}
	}
}

// reach is what of its environment the run can reach.
func (q *Request) reach() environment.Reach {
	needs, plans := needsOf(q.Plan, q.Environment), q.Plan.Whole()
	return environment.Reach{
		DryRun: q.DryRun,
		Target: func(t action.Target) bool {
			return slices.ContainsFunc(needs, func(n need) bool { return n.reaches(t) })
		},
		Var: func(name string) bool {
			return slices.ContainsFunc(plans, func(p *plan.Plan) bool { return p.ReadsVar(name) })
		},
	}
}
