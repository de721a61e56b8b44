package environment

import (
	"errors"
	"fmt"
	"slices"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// target compiles one entry of `targets:`. Its kind is its name, or `kind:`.
func (l *loader) target(e *Environment, p yaml.Pair) {
	name, n := p.Key.Text, p.Value
	kindName := name
	if k := n.Get("kind"); k != nil {
		kindName = l.text(k)
	}
	i := slices.IndexFunc(l.kinds, func(k *action.TargetKind) bool { return k.Name == kindName })
	if i < 0 {
		var names []string
		for _, k := range l.kinds {
			names = append(names, k.Name)
		}
		hint := "name a kind: kind: " + fmt.Sprint(names)
		if near := diag.Nearest(kindName, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		l.fail(CodeNoTarget, p.Key, fmt.Sprintf("no action knows targets of kind %q", kindName), hint)
		return
	}
	k := l.kinds[i]
	config := map[string]any{}
	var reads []action.ReadRule
	for _, q := range n.Pairs {
		switch q.Key.Text {
		case "kind":
			continue
		case "reads":
			reads = l.reads(q.Value)
			continue
		}
		f, ok := k.Config.Field(q.Key.Text)
		if !ok {
			l.keys(&yaml.Node{Kind: yaml.Map, Pairs: []yaml.Pair{q}}, append(k.Config.Names(), "kind", "reads")...)
			continue
		}
		config[f.Name] = l.value(q.Value, f.Type, e)
	}
	fitted, err := schema.Convert(k.Config, schema.ApplyDefaults(k.Config, config))
	if err != nil {
		l.fail(CodeWrongValue, p.Key, err.Error(), takes(err))
		return
	}
	t := target(name, k, fitted.(map[string]any))
	t.Reads = reads
	e.Targets = append(e.Targets, t)
}

func takes(err error) string {
	var f *schema.Fault
	if errors.As(err, &f) && f.Takes != "" {
		return "it takes " + f.Takes
	}
	return ""
}

// reads decodes what a target lists as reads: "POST /graphql", {rpc: name}.
func (l *loader) reads(n *yaml.Node) []action.ReadRule {
	var out []action.ReadRule
	for _, item := range n.Items {
		if item.Kind == yaml.Map {
			l.keys(item, "rpc")
			out = append(out, action.ReadRule{RPC: l.text(item.Get("rpc"))})
			continue
		}
		var r action.ReadRule
		if _, err := fmt.Sscan(item.Text, &r.Method, &r.Path); err != nil {
			l.fail(CodeWrongValue, item, fmt.Sprintf("%q is no method and path", item.Text), `write "POST /graphql" or {rpc: name}`)
			continue
		}
		out = append(out, r)
	}
	return out
}

// value decodes a node; {secret: name} is the secret of that name.
func (l *loader) value(n *yaml.Node, t *schema.Type, e *Environment) any {
	switch n.Kind {
	case yaml.Null:
		return nil
	case yaml.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = l.value(item, t.Element(), e)
		}
		return list
	case yaml.Map:
		if s := n.Get("secret"); s != nil && len(n.Pairs) == 1 {
			return l.secret(s, e)
		}
		m := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			m[p.Key.Text] = l.value(p.Value, t.Element(), e)
		}
		return m
	}
	v, err := schema.ParseText(t, n.Text, n.Quoted)
	if err != nil {
		l.fail(CodeWrongValue, n, err.Error(), takes(err))
	}
	return v
}
