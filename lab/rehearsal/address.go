package rehearsal

import (
	"slices"
	"strconv"
	"strings"

	"runbook/engine/event"
	"runbook/engine/plan"
)

// addresses are the steps of a playbook by the addresses of their facts, without
// the items of loops, and the other ways to write them.
type addresses struct {
	steps   map[event.Path]*plan.Step // by the address of its facts
	written map[string]event.Path     // what may be written, to the address of the facts
	of      map[*plan.Step]event.Path
	known   []string // the addresses of the facts, in the order of the file
	actions []string // that the steps use
}

// addressesOf are those of a plan and of the playbooks that it calls.
func addressesOf(p *plan.Plan) *addresses {
	a := &addresses{steps: map[event.Path]*plan.Step{}, written: map[string]event.Path{}, of: map[*plan.Step]event.Path{}}
	a.add(p, "")
	return a
}

func (a *addresses) add(p *plan.Plan, call event.Path) {
	nested := map[*plan.Step]event.Path{}
	var steps []*plan.Step
	for _, s := range p.All() {
		steps = append(steps, s.WithUndo()...)
	}
	for _, s := range steps {
		of, own := call.Part(s.Path), s.ID
		if loop := loopAround(s); loop != nil {
			of = a.of[loop].Part(s.Local)
		} else if call != "" {
			of = call.Part(s.Local)
		}
		if own == "" {
			own = event.Path(s.Path).Last()
		}
		nested[s] = of
		if around := s.Around(); around == s.Parent && nested[around] != "" {
			nested[s] = nested[around].Part(own)
		}
		a.steps[of], a.of[s] = s, of
		a.known = append(a.known, string(of))
		a.written[string(of)] = of
		for _, other := range []event.Path{nested[s], call.Part(s.Path)} {
			if _, taken := a.written[string(other)]; !taken {
				a.written[string(other)] = of
			}
		}
		if s.Op != nil && !slices.Contains(a.actions, s.Op.Action.Name) {
			a.actions = append(a.actions, s.Op.Action.Name)
		}
		if s.Call != nil && s.Call.Plan != nil {
			a.add(s.Call.Plan, of)
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
func (a *addresses) resolve(written string) (address event.Path, ok bool) {
	given := event.Path(written)
	plain := given.Plain()
	address, ok = a.written[string(plain)]
	if ok && plain != given && plain == address {
		return given, true
	}
	return address, ok
}

// around is the address of the step that holds another; "" for none.
func (a *addresses) around(address event.Path) event.Path {
	if s := a.steps[address.Plain()]; s != nil && s.Parent != nil {
		return a.of[s.Around()]
	}
	return ""
}

// matches says whether a written address is that of a fact: with an item it is
// that item alone, without one each.
func matches(written, address event.Path) bool {
	return written == address || written == address.Plain()
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
