package playbook

import (
	"fmt"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Check is one item of a verification.
type Check struct {
	That    yaml.String // an expression
	Message yaml.String
	Level   yaml.String // "fail" or "warn"; absent: fail
	Node    *yaml.Node
}

func (m *mapping) proofKey(p *Proof, key, value *yaml.Node) bool {
	switch key.Text {
	case "observe":
		p.Observe = m.observe(value)
	case "verify":
		p.Verify = m.verify(value)
	case "within":
		p.Within = m.text(key, value)
	case "every":
		p.Every = m.text(key, value)
	case "skip_if_met":
		p.SkipIfMet = m.word(key, value, "true", "false")
	default:
		return false
	}
	return true
}

func (d *decoder) verify(n *yaml.Node) []*Check {
	if n.Kind != yaml.List {
		hint := "begin each check with a dash"
		if n.Kind == yaml.Scalar && len(n.Text) <= 60 {
			hint = fmt.Sprintf("write verify: [%s]", yaml.Quote(n.Text))
		}
		d.wrongKind(n, `"verify" is a list of checks`, hint)
		return nil
	}
	if len(n.Items) == 0 && !n.Broken {
		d.report(n.Span, diag.CodeEmptyList, `"verify" is empty`, "write a check, or remove the key")
	}
	all := make([]*Check, 0, len(n.Items))
	for _, item := range n.Items {
		if c := d.check(item); c != nil {
			all = append(all, c)
		}
	}
	return all
}

func (d *decoder) check(n *yaml.Node) *Check {
	if n.Kind == yaml.Scalar && n.Text != "" {
		return &Check{That: yaml.TextOf(n), Node: n}
	}
	if n.Kind == yaml.Scalar || n.Kind == yaml.Null {
		if !n.Broken {
			d.report(n.Span, diag.CodeEmptyText, "a check is empty", "write a condition, or remove the item")
		}
		return nil
	}
	m, ok := d.mapping(n, "a check", "write a condition, or {that: condition, message: text, level: warn}", []string{"that", "message", "level"})
	if !ok {
		return nil
	}
	c := &Check{Node: n}
	for _, p := range n.Pairs {
		switch p.Key.Text {
		case "that":
			c.That = d.expression(p.Key, p.Value)
		case "message":
			c.Message = d.text(p.Key, p.Value)
		case "level":
			c.Level = d.word(p.Key, p.Value, "fail", "warn")
		default:
			m.unknown(p.Key)
		}
	}
	if len(n.Pairs) > 1 || m.has("message") || m.has("level") {
		m.require("that", "write the condition: that: outputs.status == 200")
	}
	if !c.That.Set() {
		return nil
	}
	return c
}
