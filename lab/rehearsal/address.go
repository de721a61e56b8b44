package rehearsal

import (
	"slices"
	"strconv"
	"strings"

	"runbook/engine/plan"
)

// addresses are the steps of a playbook by the addresses of their facts, without
// the items of loops, and the other ways to write them.
type addresses struct {
	steps   map[string]*plan.Step // by the address of its facts
	written map[string]string     // what may be written, to the address of the facts
	of      map[*plan.Step]string
	known   []string // the addresses of the facts, in the order of the file
	actions []string // that the steps use
}

// addressesOf are those of a plan and of the playbooks that it calls.
func addressesOf(p *plan.Plan) *addresses {
	a := &addresses{steps: map[string]*plan.Step{}, written: map[string]string{}, of: map[*plan.Step]string{}}
	a.add(p, "")
	return a
}

func (a *addresses) add(p *plan.Plan, prefix string) {
	nested := map[*plan.Step]string{}
	for _, s := range p.All() {
		of, own := prefix+s.Path, s.ID
		if loop := loopAround(s); loop != nil {
			of = a.of[loop] + "/" + s.Local
		} else if prefix != "" {
			of = prefix + s.Local
		}
		if own == "" {
			own = s.Path[strings.LastIndexByte(s.Path, '/')+1:]
		}
		nested[s] = of
		if s.Parent != nil && nested[s.Parent] != "" {
			nested[s] = nested[s.Parent] + "/" + own
		}
		a.steps[of], a.of[s] = s, of
		a.known = append(a.known, of)
		a.written[of] = of
		for _, other := range []string{nested[s], prefix + s.Path} {
			if _, taken := a.written[other]; !taken {
				a.written[other] = of
			}
		}
		a.acts(s)
		if s.Call != nil && s.Call.Plan != nil {
			a.add(s.Call.Plan, of+"/")
		}
	}
}

// acts notes the actions of a step and of what undoes it.
func (a *addresses) acts(s *plan.Step) {
	for ; s != nil; s = s.Undo {
		if s.Op != nil && !slices.Contains(a.actions, s.Op.Action.Name) {
			a.actions = append(a.actions, s.Op.Action.Name)
		}
	}
}

// loopAround is the innermost loop that holds a step.
func loopAround(s *plan.Step) *plan.Step {
	for p := s.Parent; p != nil; p = p.Parent {
		if p.Loop != nil {
			return p
		}
	}
	return nil
}

// resolve returns the address of the facts of the step that is written, with the
// items that are written with it; ok is whether there is such a step.
func (a *addresses) resolve(written string) (address string, ok bool) {
	plain := withoutItems(written)
	address, ok = a.written[plain]
	if ok && plain != written && plain == address {
		return written, true
	}
	return address, ok
}

// around is the address of the step that holds another; "" for none.
func (a *addresses) around(address string) string {
	if s := a.steps[withoutItems(address)]; s != nil && s.Parent != nil {
		return a.of[s.Parent]
	}
	return ""
}

// withoutItems takes the items of loops out of an address: recover[0]/2 is a
// part of recover/2.
func withoutItems(address string) string {
	var b strings.Builder
	depth := 0
	for _, c := range address {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// matches says whether a written address is that of a fact: with an item it is
// that item alone, without one each.
func matches(written, address string) bool {
	return written == address || written == withoutItems(address)
}

// attempt splits recover/2.1 into the step and its attempt, which is 1 where
// none is written; ok is whether it is a number from 1.
func attempt(text string) (step string, number int, ok bool) {
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return text, 1, true
	}
	number, err := strconv.Atoi(text[at+1:])
	return text[:at], number, err == nil && number > 0
}
