package rehearsal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/yaml"
)

// expect reads how the rehearsal must end.
func (r *reader) expect(n *yaml.Node, h *Rehearsal) {
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
	for _, p := range r.pairs(n.Get("steps")) {
		e.Steps = append(e.Steps, StepState{Step: r.step(p.Key), State: r.state(p.Value), Place: p.Value.Span})
	}
	for _, p := range r.pairs(n.Get("remedies")) {
		e.Remedies = append(e.Remedies, StepRemedy{Step: r.remedy(p), Title: r.text(p.Value), Place: p.Value.Span})
	}
	e.Changes = r.changes(n.Get("changes"))
	if d := n.Get("within_run"); d != nil {
		e.Run, e.RunPlace = r.duration(d, 0), d.Span
	}
	if m := n.Get("message"); m != nil {
		e.Message, e.Said = r.text(m), m.Span
	}
}

// step returns the address of the facts of the step that is written.
func (r *reader) step(n *yaml.Node) event.Path {
	written := r.text(n)
	address, ok := r.addresses.resolve(written)
	if ok || n == nil {
		return address
	}
	r.fail(n, CodeStep, fmt.Sprintf("the playbook has no step %q", written), near(string(event.Path(written).Plain()), r.addresses.known, "its steps are "))
	return event.Path(written)
}

// states are those that a step may end in.
var states = [...]event.State{event.Passed, event.Warned, event.Failed, event.Refused, event.Cancelled, event.Skipped, event.NotRun, event.Waiting, event.InDoubt, event.Undone, event.UndoFailed}

func (r *reader) state(n *yaml.Node) event.State {
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

// remedy returns the address of a step with a remedy of that title.
func (r *reader) remedy(p yaml.Pair) event.Path {
	address, ok := r.addresses.resolve(p.Key.Text)
	s := r.addresses.steps[address.Plain()]
	if !ok || s == nil || s.Body != plan.BodyRemedies {
		r.fail(p.Key, CodeStep, fmt.Sprintf("the playbook has no step %q with remedies", p.Key.Text), near(p.Key.Text, r.addresses.known, "its steps are "))
		return event.Path(p.Key.Text)
	}
	titles := []string{noRemedy}
	for _, part := range s.Parts {
		titles = append(titles, part.Name())
	}
	if !slices.Contains(titles, p.Value.Text) {
		r.fail(p.Value, CodeStep, fmt.Sprintf("%s has no remedy %q", s.Path, p.Value.Text), "its remedies are: "+strings.Join(titles[1:], " · ")+"; or write none")
	}
	return address
}

func (r *reader) changes(n *yaml.Node) *Changes {
	if n == nil {
		return nil
	}
	c := &Changes{Count: -1, Place: n.Span}
	if n.Kind == yaml.Scalar {
		if c.None = n.Text == "none"; !c.None {
			r.fail(n, CodeValue, fmt.Sprintf("%q says nothing about changes", n.Text), "write none, {only: [actions]}, {exactly: [actions]} or {count: 2}")
		}
		return c
	}
	if !r.keys(n, nil, "only", "exactly", "count") {
		return c
	}
	c.Only, c.Exactly = r.actions(n.Get("only")), r.actions(n.Get("exactly"))
	c.Count = r.number(n.Get("count"), -1)
	return c
}

// actions reads names of actions; nil without a list. One that the playbook does
// not use is a warning alone: a rehearsal may be written before its playbook.
func (r *reader) actions(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	all := []string{}
	for _, item := range r.items(n) {
		name := r.text(item)
		if !slices.Contains(r.addresses.actions, name) {
			r.warn(item, CodeStep, fmt.Sprintf("the playbook does not use an action %q", name), near(name, r.addresses.actions, "it uses "))
		}
		all = append(all, name)
	}
	return all
}
