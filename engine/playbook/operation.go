package playbook

import "runbook/engine/yaml"

// Operation is a read that shows the state that matters.
type Operation struct {
	Action yaml.String
	With   *yaml.Node // a Map, nil if not given
	Target yaml.String
	Node   *yaml.Node
}

func (d *decoder) observe(n *yaml.Node) *Operation {
	m, ok := d.mapping(n, "an observation", "write {action: family.verb, with: {parameter: value}}", []string{"action", "with", "target"})
	if !ok {
		return nil
	}
	o := &Operation{Node: n}
	for _, p := range n.Pairs {
		switch p.Key.Text {
		case "action":
			o.Action = d.text(p.Key, p.Value)
		case "with":
			o.With = d.with(p.Value)
		case "target":
			o.Target = d.text(p.Key, p.Value)
		default:
			m.unknown(p.Key)
		}
	}
	m.require("action", "name the action that observes, as docker.inspect")
	return o
}
