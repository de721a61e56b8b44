package launch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/plan"
)

// misplaced returns the operations of a plan that look, or look again, and are no reads
// in an environment, by the values that are known before a run: what its targets do not
// list. What a plan refuses by itself is not among them.
func misplaced(p *plan.Plan, env *environment.Environment, values names) diag.List {
	var list diag.List
	own := []*plan.Step{p.Prerequisites, p.Steps, p.Finally}
	Once(p, func(s Visited) {
		known := values
		if !slices.Contains(own, rootOf(s.Step)) {
			known = nil
		}
		for _, look := range looks(s.Step) {
			name, kind := look.op.Action.Name, look.op.Action.Target
			if kind == nil {
				continue
			}
			target := cmp.Or(look.op.Target.String(), kind.Name)
			worst, best := effectIn(env, look.op, known)
			if t, ok := env.Target(target); best != action.Read && ok && t.Kind == kind.Name {
				list.Add(placed(s.Place, diag.Diagnostic{
					Code: look.code, Message: fmt.Sprintf(look.what, name, worst), Hint: strings.Join(append(kind.ToRead(target), look.do...), ", or "),
				}))
			}
		}
	})
	return list
}

// look is an operation that has to be a read where it stands.
type look struct {
	op         *plan.Operation
	what, code string
	do         []string // where it is to stay a change
}

func looks(s *plan.Step) []look {
	var all []look
	if s.Observe != nil {
		all = append(all, look{s.Observe, "`observe` only reads, and this %s does not: its effect is %s", plan.CodeEffect, nil})
	}
	switch {
	case s.Op == nil:
	case s.Within != nil && s.Observe == nil:
		all = append(all, look{s.Op, "`within` looks again, and this %s is no read to look by: its effect is %s", diag.CodeMisplaced, []string{"add observe: {action: …, with: {…}}"}})
	case s.Retry != nil && s.Op.Action.Child && !s.Op.Idempotent:
		all = append(all, look{s.Op, "a `retry` of this %s has no use: its effect is %s, and of a program that failed it is not known what it did", diag.CodeMisplaced,
			[]string{"write idempotent: true beside it, if running the program again changes nothing more"}})
	}
	return all
}
