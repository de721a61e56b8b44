package playbook

import (
	"fmt"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Playbook is the typed tree of a file. What the file does not give is zero.
type Playbook struct {
	Source *yaml.Source
	Name   yaml.String
	About
	Lock               []yaml.String
	Timeout, OnFailure yaml.String
	Inputs             []*Input
	Prerequisites      []*Prerequisite
	Steps, Finally     []*Step
	Outputs            []yaml.Pair
	Node               *yaml.Node
}

// About is what people read of a playbook.
type About struct {
	Title, Category, Purpose, Expected yaml.String
	Symptoms, Alerts, SeeAlso          []yaml.String
	Escalation                         *Escalation
}

// Escalation is whom to call, and after which time.
type Escalation struct {
	After, Contact yaml.String
	Node           *yaml.Node
}

// Prerequisite is a step that reads, or a text that nobody checks.
type Prerequisite struct {
	Text yaml.String
	Step *Step // nil: it is a text
}

func playbookKeys() []string {
	return []string{"playbook", "title", "category", "purpose", "symptoms", "expected", "escalation", "alerts", "see_also",
		"lock", "timeout", "on_failure", "inputs", "prerequisites", "steps", "finally", "outputs"}
}

// Parse returns the typed tree of a file and all of its mistakes, in the order
// of the file. The playbook is nil only if nothing can be made of the file; if
// the list has errors, it lacks what they concern.
func Parse(source *yaml.Source) (*Playbook, diag.List) {
	root, list := yaml.Read(source)
	if root == nil {
		return nil, list
	}
	d := &decoder{source: source.Name, list: list, ids: map[string]*yaml.Node{}}
	p := d.playbook(root)
	if p != nil {
		p.Source = source
	}
	return p, yaml.Ended(d.list, source.Name)
}

// playbook decodes the root of a file.
func (d *decoder) playbook(n *yaml.Node) *Playbook {
	if n.Kind == yaml.Null && !n.Broken {
		d.report(n.Span, diag.CodeWrongKind, "the file is empty", "a playbook begins with `playbook: name` and has `steps:`")
		return nil
	}
	m, ok := d.mapping(n, "a playbook", "it begins with `playbook: name` and has `steps:`", playbookKeys())
	if !ok {
		return nil
	}
	p := &Playbook{Node: n}
	for _, pair := range n.Pairs {
		if !m.about(&p.About, pair.Key, pair.Value) && !m.part(p, pair.Key, pair.Value) {
			m.unknown(pair.Key)
		}
	}
	m.require("playbook", "write `playbook: name`, the name by which it is run")
	m.require("steps", "write `steps:` and under it the steps, each with a dash")
	return p
}

// about decodes a key of what people read; false if it is none.
func (m *mapping) about(a *About, key, value *yaml.Node) bool {
	switch key.Text {
	case "title":
		a.Title = m.text(key, value)
	case "category":
		a.Category = m.word(key, value, "deploy", "monitor", "troubleshoot", "tune", "emergency", "backup", "scale", "routine")
	case "purpose":
		a.Purpose = m.text(key, value)
	case "expected":
		a.Expected = m.text(key, value)
	case "symptoms":
		a.Symptoms = m.texts(key, value)
	case "alerts":
		a.Alerts = m.texts(key, value)
	case "see_also":
		a.SeeAlso = m.texts(key, value)
	case "escalation":
		a.Escalation = m.escalation(value)
	default:
		return false
	}
	return true
}

// part decodes a key of what is run; false if it is none.
func (m *mapping) part(p *Playbook, key, value *yaml.Node) bool {
	switch key.Text {
	case "playbook":
		if p.Name = m.text(key, value); p.Name.Set() && !m.name(value, "a playbook", '-') {
			p.Name = yaml.String{}
		}
	case "lock":
		if value.Kind == yaml.Scalar {
			p.Lock = []yaml.String{m.text(key, value)}
		} else {
			p.Lock = m.texts(key, value)
		}
	case "timeout":
		p.Timeout = m.text(key, value)
	case "on_failure":
		p.OnFailure = m.word(key, value, "stop", "continue", "warn", "undo")
	case "inputs":
		p.Inputs = m.inputs(key, value, "an input")
	case "prerequisites":
		p.Prerequisites = m.prerequisites(key, value)
	case "steps":
		p.Steps = m.steps(key, value, position{})
	case "finally":
		p.Finally = m.steps(key, value, position{})
	case "outputs":
		p.Outputs = m.outputs(key, value)
	default:
		return false
	}
	return true
}

func (d *decoder) escalation(n *yaml.Node) *Escalation {
	m, ok := d.mapping(n, "an escalation", "write {after: 30m, contact: on-call engineer}", []string{"after", "contact"})
	if !ok {
		return nil
	}
	e := &Escalation{Node: n}
	for _, p := range n.Pairs {
		switch p.Key.Text {
		case "after":
			e.After = d.text(p.Key, p.Value)
		case "contact":
			e.Contact = d.text(p.Key, p.Value)
		default:
			m.unknown(p.Key)
		}
	}
	m.require("after", "say after which time to call, as 30m")
	m.require("contact", "say whom to call")
	return e
}

func (d *decoder) prerequisites(key, value *yaml.Node) []*Prerequisite {
	if value.Kind != yaml.List {
		d.wrongKind(value, fmt.Sprintf("%q is a list", key.Text), "begin each prerequisite with a dash")
		return nil
	}
	all := make([]*Prerequisite, 0, len(value.Items))
	for _, item := range value.Items {
		if item.Kind == yaml.Scalar {
			all = append(all, &Prerequisite{Text: yaml.TextOf(item)})
		} else if step := d.step(item, position{}); step != nil {
			all = append(all, &Prerequisite{Step: step})
		}
	}
	return all
}

func (d *decoder) outputs(key, value *yaml.Node) []yaml.Pair {
	if value.Kind != yaml.Map {
		d.wrongKind(value, fmt.Sprintf("%q is a mapping", key.Text), "write name: ${{ expression }} under it")
		return nil
	}
	all := make([]yaml.Pair, 0, len(value.Pairs))
	for _, p := range value.Pairs {
		if d.name(p.Key, "an output", '_') {
			all = append(all, p)
		}
	}
	return all
}
