package playbook

import (
	"fmt"

	"runbook/engine/diag"
	"runbook/engine/yaml"
)

// Input declares an input of a playbook, or a field of a manual step.
type Input struct {
	Name, Type, Of    yaml.String
	Default, Min, Max *yaml.Node // nil: not given
	Enum              []*yaml.Node
	Pattern, Doc      yaml.String
	Weak              yaml.String // "true": a secret may be shorter than 8 bytes
	Node              *yaml.Node
}

func inputKeys() []string {
	return []string{"type", "of", "default", "enum", "min", "max", "pattern", "doc", "weak"}
}

func typeNames() []string {
	return []string{"string", "int", "number", "bool", "duration", "size", "time", "secret", "list", "map"}
}

// inputs decodes declarations; what says of what, for messages.
func (d *decoder) inputs(key, value *yaml.Node, what string) []*Input {
	if value.Kind != yaml.Map {
		d.wrongKind(value, fmt.Sprintf("%q is a mapping", key.Text), "write name: {type: string} under it")
		return nil
	}
	all := make([]*Input, 0, len(value.Pairs))
	for _, p := range value.Pairs {
		named := d.name(p.Key, what, '_')
		if in := d.input(p.Key, p.Value, what); in != nil && named {
			all = append(all, in)
		}
	}
	return all
}

func (d *decoder) input(name, n *yaml.Node, what string) *Input {
	if n.Kind == yaml.Null && !n.Broken {
		d.report(name.Span, diag.CodeMissingKey, what+` needs "type"`, fmt.Sprintf("write %s: {type: string}", yaml.Clip(name.Text)))
		return nil
	}
	m, ok := d.mapping(n, what, fmt.Sprintf("write %s: {type: string}", yaml.Clip(name.Text)), inputKeys())
	if !ok {
		return nil
	}
	in := &Input{Name: yaml.TextOf(name), Node: n}
	for _, p := range n.Pairs {
		if !m.inputKey(in, p.Key, p.Value) {
			m.unknown(p.Key)
		}
	}
	m.require("type", "give the type, one of string, int, number, bool, duration, size, time, secret, list, map")
	if in.Type.Set() && in.Of.Set() && in.Type.Value != "list" && in.Type.Value != "map" {
		m.misplaced("of", fmt.Sprintf("%q belongs to a list or map, not to the type %s", "of", in.Type.Value), "remove it, or write type: list")
	}
	if in.Weak.Set() && in.Type.Set() && in.Type.Value != "secret" {
		m.misplaced("weak", `"weak" belongs to a secret`, "remove it")
	}
	return in
}

func (m *mapping) inputKey(in *Input, key, value *yaml.Node) bool {
	switch key.Text {
	case "type":
		in.Type = m.word(key, value, typeNames()...)
	case "of":
		in.Of = m.word(key, value, typeNames()...)
	case "default":
		in.Default = value
	case "min":
		in.Min = m.bound(key, value)
	case "max":
		in.Max = m.bound(key, value)
	case "enum":
		if value.Kind != yaml.List {
			m.wrongKind(value, `"enum" is a list`, "write enum: [a, b]")
		} else if in.Enum = value.Items; len(in.Enum) == 0 && !value.Broken {
			m.report(value.Span, diag.CodeEmptyList, `"enum" is empty`, "list the values that are taken, or remove it")
		}
	case "pattern":
		in.Pattern = m.text(key, value)
	case "doc":
		in.Doc = m.text(key, value)
	case "weak":
		in.Weak = m.word(key, value, "true", "false")
	default:
		return false
	}
	return true
}

func (d *decoder) bound(key, value *yaml.Node) *yaml.Node {
	if s := d.text(key, value); s.Set() {
		return value
	}
	return nil
}
