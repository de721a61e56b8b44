package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/playbook"
)

// expect reads how the rehearsal must end.
func (r *reader) expect(n *playbook.Node, h *Rehearsal) {
	h.Expect = Expect{Within: time.Minute, Hold: 30 * time.Second, ExitPlace: h.Place}
	if n == nil || !r.keys(n, nil, "exit", "before", "after", "within", "hold", "steps", "remedies", "changes", "within_run", "message") {
		return
	}
	e := &h.Expect
	if exit := n.Get("exit"); exit != nil {
		e.Exit, e.ExitPlace = r.number(exit, 0), exit.Span
	}
	e.Before, e.After = r.conditions(n.Get("before")), r.conditions(n.Get("after"))
	e.Within, e.Hold = r.duration(n.Get("within"), e.Within), r.duration(n.Get("hold"), e.Hold)
	if steps := n.Get("steps"); steps != nil {
		for _, p := range steps.Pairs {
			r.step(p.Key, p.Key.Text)
			e.Steps = append(e.Steps, StepState{Step: p.Key.Text, State: r.state(p.Value), Place: p.Value.Span})
		}
	}
	if remedies := n.Get("remedies"); remedies != nil {
		for _, p := range remedies.Pairs {
			r.remedy(p)
			e.Remedies = append(e.Remedies, StepRemedy{Step: p.Key.Text, Title: r.text(p.Value), Place: p.Value.Span})
		}
	}
	e.Changes = r.changes(n.Get("changes"))
	if d := n.Get("within_run"); d != nil {
		e.Run, e.RunPlace = r.duration(d, 0), d.Span
	}
	if m := n.Get("message"); m != nil {
		e.Message, e.Said = r.text(m), m.Span
	}
}

// step checks an address of a step.
func (r *reader) step(n *playbook.Node, address string) {
	plain := withoutItems(address)
	var known []string
	for _, s := range r.plan.All() {
		known = append(known, s.Path)
		if s.Path == plain || s.ID != "" && s.ID == plain {
			return
		}
	}
	hint := "runbook show lists the steps"
	if near := diag.Nearest(plain, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.fail(n, CodeStep, fmt.Sprintf("the playbook has no step %q", plain), hint)
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

// states are those that a step may end in.
var states = [...]event.State{event.Passed, event.Warned, event.Failed, event.Refused, event.Cancelled, event.Skipped, event.NotRun, event.Waiting, event.InDoubt, event.Undone, event.UndoFailed}

func (r *reader) state(n *playbook.Node) event.State {
	s := event.State(r.text(n))
	if !slices.Contains(states[:], s) {
		var names []string
		for _, s := range states {
			names = append(names, string(s))
		}
		r.fail(n, CodeValue, fmt.Sprintf("there is no state %q of a step", s), "it is one of "+strings.Join(names, ", "))
	}
	return s
}

func (r *reader) remedy(p playbook.Pair) {
	for _, s := range r.plan.All() {
		if s.ID != p.Key.Text && s.Path != p.Key.Text || s.Body != plan.BodyRemedies {
			continue
		}
		var titles []string
		for _, part := range s.Parts {
			titles = append(titles, part.Name())
		}
		if !slices.Contains(titles, p.Value.Text) {
			r.fail(p.Value, CodeStep, fmt.Sprintf("%s has no remedy %q", s.Path, p.Value.Text), "its remedies are: "+strings.Join(titles, " · "))
		}
		return
	}
	r.fail(p.Key, CodeStep, fmt.Sprintf("the playbook has no step %q with remedies", p.Key.Text), "")
}

func (r *reader) changes(n *playbook.Node) *Changes {
	if n == nil {
		return nil
	}
	c := &Changes{Count: -1, Place: n.Span}
	if n.Kind == playbook.Scalar {
		if c.None = n.Text == "none"; !c.None {
			r.fail(n, CodeValue, fmt.Sprintf("%q says nothing about changes", n.Text), "write none, {only: [actions]}, {exactly: [actions]} or {count: 2}")
		}
		return c
	}
	if !r.keys(n, nil, "only", "exactly", "count") {
		return c
	}
	c.Only, c.Exactly = r.texts(n.Get("only")), r.texts(n.Get("exactly"))
	c.Count = r.number(n.Get("count"), -1)
	return c
}
