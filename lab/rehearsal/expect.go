package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/yaml"
)

// expect reads how the rehearsal must end.
func (r *reader) expect(e *Expect, h *Rehearsal) {
	if e == nil {
		return // reported with the structure
	}
	h.Before, h.After = r.conditions(e.Before), r.conditions(e.After)
	for _, s := range e.Steps {
		s.address = r.step(s.Step.Node)
	}
	for _, s := range e.Remedies {
		s.address = r.remedy(s)
	}
	if e.Changes != nil {
		r.actions(e.Changes.Only)
		r.actions(e.Changes.Exactly)
	}
}

// step returns the address of the facts of the step that is written.
func (r *reader) step(n *yaml.Node) event.Path {
	if n == nil {
		return ""
	}
	written := n.Text
	address, ok := r.addresses.resolve(written)
	if ok {
		return address
	}
	r.fail(n, CodeStep, fmt.Sprintf("the playbook has no step %q", written), near(string(event.Path(written).Plain()), r.addresses.known, "its steps are "))
	return event.Path(written)
}

// remedy returns the address of a step with a remedy of that title.
func (r *reader) remedy(w *StepRemedy) event.Path {
	step, title := w.Step.Node, w.Title
	address, ok := r.addresses.resolve(step.Text)
	s := r.addresses.steps[address.Plain()]
	if !ok || s == nil || s.Body != plan.BodyRemedies {
		r.fail(step, CodeStep, fmt.Sprintf("the playbook has no step %q with remedies", step.Text), near(step.Text, r.addresses.known, "its steps are "))
		return event.Path(step.Text)
	}
	titles := []string{noRemedy}
	for _, part := range s.Parts {
		titles = append(titles, part.Name())
	}
	if title.Set() && !slices.Contains(titles, title.Value) {
		r.fail(title.Node, CodeStep, fmt.Sprintf("%s has no remedy %q", s.Path, title.Value), "its remedies are: "+strings.Join(titles[1:], " · ")+"; or write none")
	}
	return address
}

// actions reads names of actions. One that the playbook does not use is a warning
// alone: a rehearsal may be written before its playbook.
func (r *reader) actions(names []yaml.String) {
	for _, name := range names {
		if !slices.Contains(r.addresses.actions, name.Value) {
			r.warn(name.Node, CodeStep, fmt.Sprintf("the playbook does not use an action %q", name.Value), near(name.Value, r.addresses.actions, "it uses "))
		}
	}
}

// texts are the values of texts.
func texts(list []yaml.String) []string {
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = s.Value
	}
	return all
}
