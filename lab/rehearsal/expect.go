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
func (r *reader) expect(w *writtenExpect, h *Rehearsal) {
	if w == nil {
		return // reported with the structure
	}
	h.Expect = Expect{
		Exit: w.Exit.Value, ExitPlace: h.Place, Before: r.conditions(w.Before), After: r.conditions(w.After),
		Within: w.Within.Or(time.Minute), Hold: w.Hold.Or(30 * time.Second), Changes: r.changes(w.Changes),
		Run: w.WithinRun.Value, RunPlace: w.WithinRun.Span(), Message: w.Message.Value, Said: w.Message.Span(),
	}
	e := &h.Expect
	if w.Exit.Set() {
		e.ExitPlace = w.Exit.Span()
	}
	for _, s := range w.Steps {
		e.Steps = append(e.Steps, StepState{Step: r.step(s.Step.Node), State: event.State(s.State.Value), Place: s.Node.Span})
	}
	for _, m := range w.Remedies {
		e.Remedies = append(e.Remedies, StepRemedy{Step: r.remedy(m), Title: m.Title.Value, Place: m.Node.Span})
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
func (r *reader) remedy(w *writtenRemedy) event.Path {
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

func (r *reader) changes(w *writtenChanges) *Changes {
	if w == nil {
		return nil
	}
	return &Changes{None: w.None.Set(), Only: r.actions(w.Only), Exactly: r.actions(w.Exactly), Count: w.Count.Or(-1), Place: w.Node.Span}
}

// actions reads names of actions; nil without a list. One that the playbook does
// not use is a warning alone: a rehearsal may be written before its playbook.
func (r *reader) actions(names []yaml.String) []string {
	if names == nil {
		return nil
	}
	all := []string{}
	for _, name := range names {
		if !slices.Contains(r.addresses.actions, name.Value) {
			r.warn(name.Node, CodeStep, fmt.Sprintf("the playbook does not use an action %q", name.Value), near(name.Value, r.addresses.actions, "it uses "))
		}
		all = append(all, name.Value)
	}
	return all
}
