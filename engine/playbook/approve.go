package playbook

import (
	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Approve asks a person before an action.
type Approve struct {
	Always    bool // written as `approve: true`
	Message   yaml.String
	By        yaml.String // a role
	Approvers yaml.String
	Expires   yaml.String
	Node      *yaml.Node
}

func (d *decoder) approve(key, n *yaml.Node) *Approve {
	const hint = "write approve: true, or {message: text, by: role, approvers: 2, expires: 10m}"
	if n.Kind == yaml.Scalar && n.Text == "true" {
		return &Approve{Always: true, Node: n}
	}
	if n.Kind == yaml.Scalar && n.Text == "false" {
		d.report(n.Span, diag.CodeBadWord, `"false" is no value of "approve"`, "remove the key: without it the policy decides")
		return nil
	}
	m, ok := d.mapping(n, `"`+key.Text+`"`, hint, []string{"message", "by", "approvers", "expires"})
	if !ok {
		return nil
	}
	a := &Approve{Node: n}
	for _, p := range n.Pairs {
		switch p.Key.Text {
		case "message":
			a.Message = d.text(p.Key, p.Value)
		case "by":
			a.By = d.text(p.Key, p.Value)
		case "approvers":
			a.Approvers = d.text(p.Key, p.Value)
		case "expires":
			a.Expires = d.text(p.Key, p.Value)
		default:
			m.unknown(p.Key)
		}
	}
	return a
}
