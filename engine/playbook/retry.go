package playbook

import "runbook/engine/yaml"

// Retry repeats an action after an error.
type Retry struct {
	Attempts, Delay, MaxDelay yaml.String
	Backoff                   yaml.String // "constant" or "exponential"
	Jitter, If                yaml.String
	Node                      *yaml.Node
}

func (d *decoder) retry(n *yaml.Node) *Retry {
	keys := []string{"attempts", "delay", "max_delay", "backoff", "jitter", "if"}
	m, ok := d.mapping(n, "a retry", "write {attempts: 3, delay: 2s}", keys)
	if !ok {
		return nil
	}
	r := &Retry{Node: n}
	for _, p := range n.Pairs {
		switch p.Key.Text {
		case "attempts":
			r.Attempts = d.text(p.Key, p.Value)
		case "delay":
			r.Delay = d.text(p.Key, p.Value)
		case "max_delay":
			r.MaxDelay = d.text(p.Key, p.Value)
		case "backoff":
			r.Backoff = d.word(p.Key, p.Value, "constant", "exponential")
		case "jitter":
			r.Jitter = d.text(p.Key, p.Value)
		case "if":
			r.If = d.expression(p.Key, p.Value)
		default:
			m.unknown(p.Key)
		}
	}
	m.require("attempts", "say how often it is tried in all, as attempts: 3")
	return r
}
