package playbook

import "runbook/engine/yaml"

// Manual is what a person does and reports.
type Manual struct {
	Text   yaml.String
	Fields []*Input
	Node   *yaml.Node
}

func (d *decoder) manual(n *yaml.Node) *Manual {
	m, ok := d.mapping(n, "a manual step", "write {text: what to do, fields: {name: {type: string}}}", []string{"text", "fields"})
	if !ok {
		return nil
	}
	manual := &Manual{Node: n}
	for _, p := range n.Pairs {
		switch p.Key.Text {
		case "text":
			manual.Text = d.text(p.Key, p.Value)
		case "fields":
			manual.Fields = d.inputs(p.Key, p.Value, "a field")
		default:
			m.unknown(p.Key)
		}
	}
	m.require("text", "say what the person is to do")
	return manual
}
