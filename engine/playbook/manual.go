package playbook

// Manual is what a person does and reports.
type Manual struct {
	Text   String
	Fields []*Input
	Node   *Node
}

func (d *decoder) manual(n *Node) *Manual {
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
