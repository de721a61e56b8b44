package rehearsal

import (
	"fmt"
	"regexp"
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
	names := namesOf(r.faults)
	if !slices.Contains(names, name.Value) {
		r.fail(name.Node, CodeFault, fmt.Sprintf("the service has no fault %q", name.Value), near(name.Value, names, "its faults are "))
	}
}

// serviceFaults are the names of the faults of the lab's service.
func serviceFaults() []string { return namesOf(model.Faults()) }

// namesOf are the names of those faults that are of a service.
func namesOf(faults []model.Fault) []string {
	var names []string
	for _, f := range faults {
		if !f.AtConnection() && f.Name != noFault {
			names = append(names, f.Name)
		}
	}
	return names
}

func (r *reader) noFault(n *yaml.Node, name string) {
	var names []string
	for _, f := range r.faults {
		names = append(names, f.Name)
	}
	r.fail(n, CodeFault, fmt.Sprintf("there is no fault %q", name), near(name, names, "the faults are "))
}

// lookup returns the fault of that name.
func (r *reader) lookup(name string) (model.Fault, bool) { return faultIn(r.faults, name) }

func faultIn(faults []model.Fault, name string) (model.Fault, bool) {
	i := slices.IndexFunc(faults, func(f model.Fault) bool { return f.Name == name })
	if i < 0 {
		return model.Fault{}, false
	}
	return faults[i], true
}

// declared reads what the lab has beside its own, and makes its faults known.
func (r *reader) declared(x *writtenEnvironment) (d model.Declared) {
	r.faults = model.Faults()
	if x == nil {
		return d
	}
	for _, s := range x.Services {
		name := s.Name.Value
		switch {
		case slices.Contains(model.Services(), name):
			r.fail(s.Name.Node, CodeValue, "the lab has a service "+name+" of its own", "leave it out, or call yours otherwise")
		case !serviceName.MatchString(name):
			r.fail(s.Name.Node, CodeValue, fmt.Sprintf("%q is no name of a service", name), "write small letters, digits, `-`, `_` and `.`")
		}
		d.Services = append(d.Services, model.Service{Name: name, Image: tagged(s.Image.Value), Replicas: s.Replicas.Or(1)})
	}
	for _, f := range x.Faults {
		name := f.Name.Value
		if _, taken := r.lookup(name); taken {
			r.fail(f.Name.Node, CodeFault, "the lab has a fault "+name+" of its own", "name it otherwise")
		}
		if f.Restart.Set() && !slices.ContainsFunc(d.Services, func(s model.Service) bool { return s.Name == f.Restart.Value }) && !slices.Contains(model.Services(), f.Restart.Value) {
			r.fail(f.Restart.Node, CodeFault, fmt.Sprintf("there is no service %q", f.Restart.Value), "add it below `services`")
		}
		d.Faults = append(d.Faults, model.DeclaredFault(name, f.What.Value, f.Restart.Value))
	}
	r.faults = append(r.faults, d.Faults...)
	return d
}

// serviceName is the form of the name of a service of Compose.
var serviceName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)

// tagged is an image with its tag.
func tagged(image string) string {
	if strings.Contains(image[strings.LastIndexByte(image, '/')+1:], ":") {
		return image
	}
	return image + ":latest"
}

// fault reads a fault and its options.
func (r *reader) fault(w *stub.Fault, to *lab.Fault) model.Fault {
	if !w.Name.Set() {
		return model.Fault{} // reported with the structure
	}
	to.Name = w.Name.Value
	known, ok := r.lookup(to.Name)
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

// Named reports where there is no fault of that name.
func (r *reader) Named(fault yaml.String) {
	name, _, _ := strings.Cut(fault.Value, " on ")
	if _, ok := r.lookup(name); !ok {
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
		r.Named(i.Heal)
		return
	}
	known, ok := r.lookup(i.Inject.Value)
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
