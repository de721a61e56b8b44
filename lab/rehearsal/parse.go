package rehearsal

import (
	"time"

	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// Codes of files of rehearsals: RB17xx.
const (
	CodeKey       = "RB1701" // a key that is not there, or is missing
	CodeValue     = "RB1702" // a value of the wrong kind or type
	CodeCondition = "RB1703" // a condition that does not compile
	CodeFault     = "RB1704" // no such fault, option or target
	CodeStep      = "RB1705" // no such step or remedy
	CodeInput     = "RB1706" // no such input, or a value that does not fit
)

// Parse reads a file of rehearsals of a playbook. The file is nil if the list
// has errors.
func Parse(s *yaml.Source, p *plan.Plan) (*File, diag.List) {
	root, list := yaml.Read(s)
	r := &reader{source: s, plan: p, env: scope(p), addresses: addressesOf(p), list: list}
	if root == nil || list.Errors() > 0 {
		return nil, r.list
	}
	f := &File{Source: s}
	r.keys(root, []string{"rehearsals"}, "rehearsals")
	for i, n := range r.items(root.Get("rehearsals")) {
		f.Rehearsals = append(f.Rehearsals, r.rehearsal(n, i+1))
	}
	r.list.Sort()
	if r.list.Errors() > 0 {
		return nil, r.list
	}
	return f, r.list
}

func (r *reader) rehearsal(n *yaml.Node, number int) *Rehearsal {
	h := &Rehearsal{Number: number, Inputs: map[string]any{}, texts: map[string]*template{}, Place: n.Span}
	if !r.keys(n, []string{"name", "fault", "expect"}, "name", "fault", "settle", "seed", "faults", "inputs", "approve", "report", "yes", "always", "expect", "again", "also") {
		return h
	}
	if name := n.Get("name"); name != nil {
		h.Name, h.Place = r.text(name), name.Span
	}
	known := r.fault(n.Get("fault"), h)
	h.Settle = r.duration(n.Get("settle"), known.Settles)
	h.Seed = uint64(r.number(n.Get("seed"), 0))
	r.inputs(n.Get("inputs"), h)
	for _, item := range r.items(n.Get("faults")) {
		h.Moments = append(h.Moments, r.injection(item))
	}
	for _, item := range r.items(n.Get("approve")) {
		h.Approve = append(h.Approve, r.approval(item))
	}
	for _, item := range r.items(n.Get("report")) {
		h.Report = append(h.Report, r.answer(item))
	}
	h.Yes = r.flag(n.Get("yes"))
	h.Always = r.conditions(n.Get("always"))
	if again := n.Get("again"); again != nil {
		if h.Again = r.text(again) == "changes"; !h.Again {
			r.fail(again, CodeValue, "`again` is `changes` or is left out", "write `again: changes` where a second run may change something")
		}
	}
	for _, item := range r.items(n.Get("also")) {
		h.Also = append(h.Also, r.serviceFault(item))
	}
	r.expect(n.Get("expect"), h)
	return h
}

func (r *reader) approval(n *yaml.Node) Approval {
	a := Approval{After: 10 * time.Second}
	if !r.keys(n, []string{"step", "as"}, "step", "as", "at", "refuse") {
		return a
	}
	a.Step, a.Place = r.step(n.Get("step")), n.Span
	a.As, a.After, a.Refuse = r.text(n.Get("as")), r.duration(n.Get("at"), a.After), r.text(n.Get("refuse"))
	a.Refuses = n.Get("refuse") != nil
	return a
}

func (r *reader) answer(n *yaml.Node) Answer {
	a := Answer{After: 10 * time.Second, Fields: map[string]any{}}
	if !r.keys(n, []string{"step"}, "step", "as", "at", "fields") {
		return a
	}
	a.Step, a.Place = r.step(n.Get("step")), n.Span
	a.As, a.After = r.text(n.Get("as")), r.duration(n.Get("at"), a.After)
	for _, p := range r.pairs(n.Get("fields")) {
		a.Fields[p.Key.Text] = r.plainValue(p.Value)
	}
	return a
}

// inputs reads the inputs of the playbook; those that are not given have their
// defaults.
func (r *reader) inputs(n *yaml.Node, h *Rehearsal) {
	given := map[string]bool{}
	if n != nil && r.keys(n, nil, r.plan.Inputs.Names()...) {
		for _, p := range n.Pairs {
			if f, ok := r.plan.Inputs.Field(p.Key.Text); ok {
				given[f.Name] = true
				r.input(&f, p.Value, h)
			}
		}
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
		for _, p := range problems {
			if p.Warning {
				continue
			}
			r.list.Add(diag.Diagnostic{Severity: diag.Error, Code: CodeCondition, Source: r.source.Name, Span: n.At(p.Offset, p.Length), Message: p.Message, Hint: p.Hint})
		}
		h.texts[f.Name] = &template{t}
		return
	}
	var v any
	var err error
	if n.Kind == yaml.Scalar {
		v, err = schema.ParseText(f.Type, n.Text, n.Quoted)
	} else {
		v = r.plainValue(n)
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
