package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/model"
)

// serviceFault reads the name of a fault of the service, not of a connection.
func (r *reader) serviceFault(n *yaml.Node) string {
	name := r.text(n)
	var names []string
	for _, f := range model.Faults() {
		if !f.AtConnection() && f.Name != noFault {
			names = append(names, f.Name)
		}
	}
	if !slices.Contains(names, name) {
		r.fail(n, CodeFault, fmt.Sprintf("the service has no fault %q", name), near(name, names, "its faults are "))
	}
	return name
}

func (r *reader) noFault(n *yaml.Node, name string) {
	var names []string
	for _, f := range model.Faults() {
		names = append(names, f.Name)
	}
	r.fail(n, CodeFault, fmt.Sprintf("there is no fault %q", name), near(name, names, "the faults are "))
}

// fault reads the fault of a rehearsal: a name, or a name with options.
func (r *reader) fault(n *yaml.Node, h *Rehearsal) model.Fault {
	if n == nil {
		return model.Fault{}
	}
	named, options := n, []yaml.Pair(nil)
	if n.Kind == yaml.Map {
		named = n.Get("name")
		if named == nil {
			r.fail(n, CodeKey, "the key `name` is missing", "write `{name: memory-leak, returns: true}`")
			return model.Fault{}
		}
		options = n.Pairs
	}
	h.Fault.Name = r.text(named)
	known, ok := model.Lookup(h.Fault.Name)
	if !ok {
		r.noFault(named, h.Fault.Name)
		return known
	}
	for _, p := range options {
		switch {
		case p.Key.Text == "name":
		case known.AtConnection() && p.Key.Text == "on":
			h.Fault.On = r.target(p.Value, known.Name)
		case known.AtConnection() && p.Key.Text == "for":
			h.Fault.For = r.duration(p.Value, 0)
		case slices.Contains(known.Options, p.Key.Text):
			if h.Fault.Options == nil {
				h.Fault.Options = map[string]any{}
			}
			h.Fault.Options[p.Key.Text] = r.flag(p.Value)
		default:
			r.fail(p.Key, CodeFault, fmt.Sprintf("fault %s has no option %q", known.Name, p.Key.Text), "its options are: "+strings.Join(append([]string{"name"}, known.Options...), ", "))
		}
	}
	if known.AtConnection() && h.Fault.On == "" {
		r.fail(n, CodeFault, "fault "+known.Name+" needs a target", "write `{name: "+known.Name+", on: docker}`")
	}
	return known
}

// target reads the target of a fault at connections.
func (r *reader) target(n *yaml.Node, fault string) string {
	name := r.text(n)
	if service, ok := strings.CutPrefix(name, "container/"); ok && service != "" && fault == "target-gone" {
		return name
	}
	if !slices.Contains(lab.Targets(), name) {
		r.fail(n, CodeFault, fmt.Sprintf("the lab has no target %q", name), near(name, lab.Targets(), "its targets are "))
	}
	return name
}

// injection reads a fault in time.
func (r *reader) injection(n *yaml.Node) Injection {
	var i Injection
	if !r.keys(n, []string{"at"}, "at", "inject", "heal", "on", "for", "times") {
		return i
	}
	r.moment(n.Get("at"), &i)
	switch inject, heal := n.Get("inject"), n.Get("heal"); {
	case (inject == nil) == (heal == nil):
		r.fail(n, CodeKey, "exactly one of `inject` and `heal` is wanted", "write `inject: reply-lost`, or `heal: hanging-target`")
	case heal != nil:
		i.Heal = r.text(heal)
		if _, ok := model.Lookup(strings.SplitN(i.Heal, " on ", 2)[0]); !ok {
			r.noFault(heal, i.Heal)
		}
	default:
		i.Fault = lab.Fault{Name: r.text(inject), For: r.duration(n.Get("for"), 0), Times: r.number(n.Get("times"), 0)}
		known, ok := model.Lookup(i.Fault.Name)
		switch on := n.Get("on"); {
		case !ok:
			r.noFault(inject, i.Fault.Name)
		case known.AtConnection() && on == nil:
			r.fail(n, CodeFault, "fault "+known.Name+" needs a target", "add `on: docker`")
		case on != nil:
			i.Fault.On = r.target(on, known.Name)
		}
	}
	return i
}

// moment reads `at`: a time after the start, or before or after a step's attempt.
func (r *reader) moment(n *yaml.Node, i *Injection) {
	if n == nil {
		return
	}
	i.Place = n.Span
	word, rest, ok := strings.Cut(r.text(n), " ")
	if !ok || word != "before" && word != "after" {
		i.After = r.duration(n, 0)
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
