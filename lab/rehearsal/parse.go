package rehearsal

import (
	"fmt"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/stub"
)

// Codes of what is wrong in a file of rehearsals beside its structure: RB17xx.
const (
	CodeValue     = "RB1702" // a value of the wrong type
	CodeCondition = "RB1703" // a condition that does not compile
	CodeFault     = "RB1704" // no such fault, option or target
	CodeStep      = "RB1705" // no such step or remedy
	CodeInput     = "RB1706" // no such input, or a value that does not fit
)

// Parse reads a file of rehearsals of a playbook over these actions. The file is nil if the list
// has errors.
func Parse(s *yaml.Source, p *plan.Plan, registry *action.Registry) (*File, diag.List) {
	var w written
	r := &reader{source: s, plan: p, registry: registry, env: scope(p), addresses: addressesOf(p), list: yaml.Decode(s, &w)}
	f := &File{Source: s, Declared: r.declared(w.Environment)}
	r.roles = rolesIn(w.Environment)
	f.Stubs = stub.Read(&w.Written, r)
	for i, one := range w.Rehearsals {
		f.Rehearsals = append(f.Rehearsals, r.rehearsal(one, i+1))
	}
	r.waits(&w)
	if w.Environment != nil {
		f.Environment = &w.Environment.Extra
		r.environment(w.Environment)
	}
	r.list.Sort()
	if r.list.Errors() > 0 {
		return nil, r.list
	}
	return f, r.list
}

// environment reports what is wrong with an environment of rehearsals.
func (r *reader) environment(x *writtenEnvironment) {
	env, err := lab.Outline(r.registry)
	if err != nil || env == nil {
		r.fail(x.Node, CodeValue, "the lab's environment cannot be read", "")
		return
	}
	r.list = append(r.list, env.Add(&x.Extra, r.source, r.registry)...)
}

// waits reports what stubs wait for and nothing sets: those of the file may wait for
// what any rehearsal sets, those of a rehearsal for what it or the file does.
func (r *reader) waits(w *written) {
	all := []*stub.Written{&w.Written}
	for _, one := range w.Rehearsals {
		all = append(all, &one.Written)
		stub.Check(&one.Written, []*stub.Written{&w.Written, &one.Written}, r)
	}
	stub.Check(&w.Written, all, r)
}

func (r *reader) rehearsal(w *Written, number int) *Rehearsal {
	h := &Rehearsal{
		Written: w, Number: number, Name: w.Name.Value, Place: w.Node.Span, Inputs: map[string]any{}, texts: map[string]*expression.Template{},
		Setting: r.setting(w), Always: r.conditions(w.Always), Stubs: stub.Read(&w.Written, r),
	}
	if w.Name.Set() {
		h.Place = w.Name.Span()
	}
	h.Settle = w.Settle.Or(r.fault(&w.Fault, &h.Fault).Settles)
	r.inputs(w.Inputs, h)
	for _, i := range w.Faults {
		r.injection(i)
	}
	for _, a := range w.Approve {
		a.address = r.step(a.Step.Node)
		r.approver(a)
	}
	for _, a := range w.Report {
		a.address = r.step(a.Step.Node)
	}
	for _, name := range w.Also {
		r.serviceFault(name)
	}
	r.expect(w.Expect, h)
	return h
}

// rolesIn are the people of the roles that the file names.
func rolesIn(x *writtenEnvironment) map[string][]string {
	roles := map[string][]string{}
	if x != nil {
		for _, role := range x.Roles {
			roles[role.Name.Value] = texts(role.People)
		}
	}
	return roles
}

// approver reports an approval by somebody who does not have the role that the step asks
// for: it would not count.
func (r *reader) approver(a *Approval) {
	s := r.addresses.steps[a.address.Plain()]
	if s == nil || s.Approve == nil || s.Approve.By == "" || !a.As.Set() || a.Refuse.Set() {
		return
	}
	if role := s.Approve.By; a.As.Value != role && !slices.Contains(r.roles[role], a.As.Value) {
		r.fail(a.As.Node, CodeStep, fmt.Sprintf("%s does not have the role %s, which the step asks for", a.As.Value, role),
			fmt.Sprintf("write as: %s, or below environment: roles: {%s: [%s]}", role, role, a.As.Value))
	}
}

func (r *reader) setting(w *Written) Setting {
	out := Setting{Held: texts(w.Held)}
	if w.Policy != nil {
		policy, wrong := w.Policy.Policy(r.source, r.registry)
		out.Policy, r.list = &policy, append(r.list, wrong...)
	}
	return out
}

// answerAfter is how long a person thinks.
const answerAfter = 10 * time.Second

// inputs reads the inputs of the playbook; those that are not given have their
// defaults.
func (r *reader) inputs(pairs []yaml.Pair, h *Rehearsal) {
	given := map[string]bool{}
	for _, p := range pairs {
		f, ok := r.plan.Inputs.Field(p.Key.Text)
		if !ok {
			r.fail(p.Key, CodeInput, fmt.Sprintf("the playbook has no input %q", p.Key.Text), near(p.Key.Text, r.plan.Inputs.Names(), "its inputs are "))
			continue
		}
		given[f.Name] = true
		r.input(&f, p.Value, h)
	}
	for _, f := range r.plan.Inputs.Fields {
		switch {
		case given[f.Name]:
		case f.Required:
			r.list.Add(diag.Diagnostic{Severity: diag.Error, Code: CodeInput, Source: r.source.Name, Span: h.Place, Message: "the input " + f.Name + " of the playbook is not given", Hint: "add inputs: {" + f.Name + ": …}"})
		default:
			h.Inputs[f.Name] = f.Default
		}
	}
}

func (r *reader) input(f *schema.Field, n *yaml.Node, h *Rehearsal) {
	if n.Kind == yaml.Scalar && expression.HasTemplate(n.Text) {
		t, problems := expression.CompileTemplate(n.Text, r.env, f.Type)
		r.problems(n, problems)
		h.texts[f.Name] = t
		return
	}
	var v any
	var err error
	if n.Kind == yaml.Scalar {
		v, err = schema.ParseText(f.Type, n.Text, n.Quoted)
	} else {
		v = stub.Value(n)
	}
	if err == nil {
		v, err = schema.ConvertField(*f, v)
	}
	if err != nil {
		r.fail(n, CodeInput, err.Error(), "the input takes "+f.Takes())
		return
	}
	h.Inputs[f.Name] = v
}
