package playbook

import (
	"fmt"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Step is a step of a playbook, a remedy or a compensation (undo). What the
// file does not give is zero.
type Step struct {
	ID, Title, When yaml.String
	Loop
	Body
	Proof
	Needs     []yaml.String
	HasNeeds  bool // `needs` is given, though it may be empty
	Timeout   yaml.String
	OnFailure yaml.String
	Approve   *Approve
	Retry     *Retry
	Undo      *Step
	Node      *yaml.Node
}

// Loop repeats a step.
type Loop struct {
	ForEach     *yaml.Node // a List, or a Scalar with an expression
	MaxParallel yaml.String
}

// Body is what a step does: exactly one of Action, Steps, Remedies, Call and
// Manual, unless a mistake was reported.
type Body struct {
	Action, Target, Effect yaml.String
	With                   *yaml.Node // a Map
	Steps                  []*Step
	HasSteps               bool // it is a block
	Remedies               []*Step
	HasRemedies            bool
	Call                   yaml.String
	Manual                 *Manual
}

// Proof is how a step shows that it did what it should.
type Proof struct {
	Observe       *Operation
	Verify        []*Check
	Within, Every yaml.String
	SkipIfMet     yaml.String // "true" or "false"
}

// position is where a step stands, as far as it bears on what it may have.
type position struct {
	remedy, undo bool // it is one
	inUndo       bool // it is a part of one
}

func bodyKeys() []string { return []string{"action", "steps", "remedies", "call", "manual"} }

func stepKeys() []string {
	return []string{"id", "title", "when", "needs", "for_each", "max_parallel", "action", "with", "target", "effect", "steps", "remedies",
		"call", "manual", "observe", "verify", "within", "every", "skip_if_met", "approve", "retry", "timeout", "on_failure", "undo"}
}

// steps decodes a list of steps that is not empty.
func (d *decoder) steps(key, value *yaml.Node, at position) []*Step {
	if value.Kind != yaml.List {
		d.wrongKind(value, fmt.Sprintf("%q is a list of steps", key.Text), "begin each step with a dash")
		return nil
	}
	if len(value.Items) == 0 && !value.Broken {
		d.report(key.Span, diag.CodeEmptyList, fmt.Sprintf("%q is empty", key.Text), "write a step, or remove the key")
	}
	all := make([]*Step, 0, len(value.Items))
	for _, item := range value.Items {
		if len(d.list) >= yaml.MaxFaults {
			break
		}
		if s := d.step(item, at); s != nil {
			all = append(all, s)
		}
	}
	return all
}

func (d *decoder) step(n *yaml.Node, at position) *Step {
	what := "a step"
	switch {
	case at.undo:
		what = "an undo"
	case at.remedy:
		what = "a remedy"
	}
	if n.Kind == yaml.Null && !n.Broken {
		d.report(n.Span, diag.CodeWrongKind, what+" is empty", "write its keys, as `action: family.verb`, or remove the dash")
		return nil
	}
	m, ok := d.mapping(n, what, "write its keys, as `action: family.verb`", stepKeys())
	if !ok {
		return nil
	}
	s := &Step{Node: n}
	within := at
	within.remedy, within.undo = false, false
	for _, p := range n.Pairs {
		if !m.stepKey(s, p.Key, p.Value) && !m.bodyKey(&s.Body, p.Key, p.Value, within) && !m.proofKey(&s.Proof, p.Key, p.Value) {
			m.unknown(p.Key)
		}
	}
	m.oneBody()
	m.rules(s)
	m.standing(at)
	return s
}

func (m *mapping) stepKey(s *Step, key, value *yaml.Node) bool {
	switch key.Text {
	case "id":
		s.ID = m.id(key, value)
	case "title":
		s.Title = m.text(key, value)
	case "when":
		s.When = m.expression(key, value)
	case "needs":
		s.Needs, s.HasNeeds = m.texts(key, value), true
	case "for_each":
		if value.Kind == yaml.List {
			s.ForEach = value
		} else if e := m.expression(key, value); e.Set() {
			s.ForEach = value
		}
	case "max_parallel":
		s.MaxParallel = m.text(key, value)
	case "timeout":
		s.Timeout = m.text(key, value)
	case "on_failure":
		s.OnFailure = m.word(key, value, "stop", "continue", "warn", "undo")
	case "approve":
		s.Approve = m.approve(key, value)
	case "retry":
		s.Retry = m.retry(value)
	case "undo":
		s.Undo = m.step(value, position{undo: true, inUndo: true})
	default:
		return false
	}
	return true
}

func (m *mapping) bodyKey(b *Body, key, value *yaml.Node, within position) bool {
	switch key.Text {
	case "action":
		b.Action = m.text(key, value)
	case "target":
		b.Target = m.text(key, value)
	case "effect":
		b.Effect = m.word(key, value, "read", "write", "destructive")
	case "with":
		b.With = m.with(value)
	case "steps":
		b.Steps, b.HasSteps = m.steps(key, value, within), true
	case "remedies":
		within.remedy = true
		b.Remedies, b.HasRemedies = m.steps(key, value, within), true
	case "call":
		if b.Call = m.text(key, value); b.Call.Set() && !m.name(value, "a playbook to call", '-') {
			b.Call = yaml.String{}
		}
	case "manual":
		b.Manual = m.manual(value)
	default:
		return false
	}
	return true
}

// with decodes parameters, which are a mapping.
func (d *decoder) with(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.Map {
		return n
	}
	d.wrongKind(n, `"with" is a mapping`, "write with: {parameter: value}, or remove it")
	return nil
}

// id decodes the id of a step, which is unique in the file.
func (d *decoder) id(key, value *yaml.Node) yaml.String {
	id := d.text(key, value)
	if !id.Set() || !d.name(value, "a step", '_') {
		return yaml.String{}
	}
	if first, ok := d.ids[id.Value]; ok {
		d.report(value.Span, diag.CodeDuplicateID, fmt.Sprintf("the id %q is given twice", id.Value), "ids are unique in the file: name one of the steps otherwise",
			diag.Note{Span: first.Span, Message: "it stands here first"})
		return id
	}
	d.ids[id.Value] = value
	return id
}
