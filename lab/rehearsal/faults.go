package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/model"
	"runbook/lab/stub"
)

// serviceFault reports what is no fault of the service, but one of a connection.
func (r *reader) serviceFault(name yaml.String) {
	names := serviceFaults()
	if !slices.Contains(names, name.Value) {
		r.fail(name.Node, CodeFault, fmt.Sprintf("the service has no fault %q", name.Value), near(name.Value, names, "its faults are "))
	}
}

// serviceFaults are the names of the faults of the service.
func serviceFaults() []string {
	var names []string
	for _, f := range model.Faults() {
		if !f.AtConnection() && f.Name != noFault {
			names = append(names, f.Name)
		}
	}
	return names
}

func (r *reader) noFault(n *yaml.Node, name string) {
	var names []string
	for _, f := range model.Faults() {
		names = append(names, f.Name)
	}
	r.fail(n, CodeFault, fmt.Sprintf("there is no fault %q", name), near(name, names, "the faults are "))
}

// fault reads a fault and its options.
func (r *reader) fault(w *stub.Fault, to *lab.Fault) model.Fault {
	if !w.Name.Set() {
		return model.Fault{} // reported with the structure
	}
	to.Name = w.Name.Value
	known, ok := model.Lookup(to.Name)
	if !ok {
		r.noFault(w.Name.Node, to.Name)
		return known
	}
	for _, p := range w.Options {
		switch {
		case known.AtConnection() && p.Key.Text == "on":
			to.On = r.target(p.Value, known.Name)
		case known.AtConnection() && p.Key.Text == "for":
			to.For = r.duration(p.Value)
		case slices.Contains(known.Options, p.Key.Text):
			if to.Options == nil {
				to.Options = map[string]bool{}
			}
			to.Options[p.Key.Text] = typed[bool](r, p.Value, schema.BoolType)
		default:
			r.fail(p.Key, CodeFault, fmt.Sprintf("fault %s has no option %q", known.Name, p.Key.Text), "its options are: "+strings.Join(append([]string{"name"}, known.Options...), ", "))
		}
	}
	if known.AtConnection() && to.On == "" {
		r.fail(w.Node, CodeFault, "fault "+known.Name+" needs a target", "write `{name: "+known.Name+", on: docker}`")
	}
	return known
}

// Fault is a fault that a stub brings.
func (r *reader) Fault(w *stub.Fault) (fault lab.Fault) {
	r.fault(w, &fault)
	return fault
}

// Heals reports a fault that goes where there is none of that name.
func (r *reader) Heals(fault yaml.String) {
	name, _, _ := strings.Cut(fault.Value, " on ")
	if _, ok := model.Lookup(name); !ok {
		r.noFault(fault.Node, fault.Value)
	}
}

// target reads the target of a fault at connections.
func (r *reader) target(n *yaml.Node, fault string) string {
	name := n.Text
	if service, ok := strings.CutPrefix(name, "container/"); ok && service != "" && fault == "target-gone" {
		return name
	}
	if !slices.Contains(lab.Targets(), name) {
		r.fail(n, CodeFault, fmt.Sprintf("the lab has no target %q", name), near(name, lab.Targets(), "its targets are "))
	}
	return name
}

// injection reads a fault in time.
func (r *reader) injection(i *Injection) {
	r.moment(i)
	if i.Heal.Set() {
		r.Heals(i.Heal)
		return
	}
	known, ok := model.Lookup(i.Inject.Value)
	switch {
	case !i.Inject.Set(): // reported with the structure
	case !ok:
		r.noFault(i.Inject.Node, i.Inject.Value)
	case i.On.Set():
		r.target(i.On.Node, known.Name)
	case known.AtConnection():
		r.fail(i.Node, CodeFault, "fault "+known.Name+" needs a target", "add `on: docker`")
	}
}

// moment reads `at`: a time after the start, or before or after a step's attempt.
func (r *reader) moment(i *Injection) {
	n := i.At.Node
	if n == nil {
		return
	}
	word, rest, ok := strings.Cut(n.Text, " ")
	if !ok || word != "before" && word != "after" {
		i.After = r.duration(n)
		return
	}
	step, number, ok := attempt(strings.TrimSpace(rest))
	if !ok {
		r.fail(n, CodeValue, "the attempt is a number from 1", "write `before recover/2.1`")
		return
	}
	i.Before, i.Attempt = word == "before", number
	at := *n
	at.Text = step
	i.Step = r.step(&at)
}
