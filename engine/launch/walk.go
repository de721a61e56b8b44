package launch

import (
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

	onFailure bool // it only runs if the run fails
}

// Once calls f for every step of p, of undo, and of the playbooks that it calls,
// each of which it looks at once.
func Once(p *plan.Plan, f func(Visited)) {
	seen := map[*plan.Plan]bool{}
	each(p, f, func(callee *plan.Plan) bool {
		before := seen[callee]
		seen[callee] = true
		return !before
	})
}

// each calls f for every step of p, of undo, and of each callee that is to be
// entered, as often as it is called.
func each(p *plan.Plan, f func(Visited), enter func(*plan.Plan) bool) {
	for _, s := range p.All() {
		late := onlyOnFailure(p, s)
		f(Visited{s, s.Path, late})
		if s.Undo != nil {
			f(Visited{s.Undo, s.Path, true})
		}
		if s.Call != nil && enter(s.Call.Plan) {
			each(s.Call.Plan, func(v Visited) { f(Visited{v.Step, s.Path + "/" + v.Address, late || v.onFailure}) }, enter)
		}
	}
}

// onlyOnFailure reports whether a step of finally asks for the failure.
func onlyOnFailure(p *plan.Plan, s *plan.Step) bool {
	asks := false
	for ; s != nil; s = s.Parent {
		asks = asks || s.When != nil && s.When.Expr.Reads("failure")
		if s.Parent == nil {
			return asks && s == p.Finally
		}
	}
	return false
}

// Effects counts the worst case of a plan.
func Effects(p *plan.Plan, policy environment.Policy) event.Effects {
	var out event.Effects
	each(p, func(s Visited) {
		if s.Observe != nil {
			out.Reads++
		}
		if s.Approve != nil && s.Op == nil && s.Body != plan.BodyManual {
			out.Approvals = append(out.Approvals, s.Address)
		}
		if s.Op == nil {
			return
		}
		switch {
		case s.Op.Effect == action.Read:
			out.Reads++
		case s.onFailure:
			out.OnFailure++
		case s.Op.Effect == action.Destructive:
			out.Destructive++
		default:
			out.Writes++
		}
		if decide(policy, s.Step).Answer == environment.Asked && !s.onFailure {
			out.Approvals = append(out.Approvals, s.Address)
		}
	}, func(*plan.Plan) bool { return true })
	return out
}

// decide is the policy's answer to the worst case of an operation.
func decide(policy environment.Policy, s *plan.Step) environment.Decision {
	personal := s.Approve != nil && (s.Approve.By != "" || s.Approve.Approvers > 1)
	return policy.Decide(s.Op.Action.Name, s.Op.Effect, s.Approve != nil, personal)
}

// need is a target that a step needs.
type need struct{ target, kind, step, action, place string }

// needsOf returns the targets that the plan needs, each once; of one that only the
// run can name the name is "".
func needsOf(p *plan.Plan) []need {
	var out []need
	seen := map[need]bool{}
	add := func(s Visited, op *plan.Operation) {
		if op == nil || op.Action.Target == nil {
			return
		}
		n := need{target: op.Action.Target.Name, kind: op.Action.Target.Name}
		if op.Target != nil {
			n.target, _ = op.Target.Const.(string)
		}
		if seen[n] {
			return
		}
		seen[n] = true
		n.step, n.action, n.place = s.Address, op.Action.Name, s.Place
		out = append(out, n)
	}
	Once(p, func(s Visited) {
		add(s, s.Op)
		add(s, s.Observe)
	})
	return out
}

// reach is what of its environment the run can reach.
func (q *Request) reach() environment.Reach {
	needs, plans := needsOf(q.Plan), q.Plan.Whole()
	return environment.Reach{
		DryRun: q.DryRun,
		Target: func(t action.Target) bool {
			return slices.ContainsFunc(needs, func(n need) bool { return n.target == t.Name || n.target == "" && n.kind == t.Kind })
		},
		Var: func(name string) bool {
			return slices.ContainsFunc(plans, func(p *plan.Plan) bool { return p.ReadsVar(name) })
		},
	}
}
