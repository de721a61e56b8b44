package environment

import (
	"errors"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// target compiles one target. Its kind is its name, or what it says.
func (l *loader) target(e *Environment, written *Target) {
	name := written.Name.Node
	kindName := written.Kind.Or(name.Text)
	k := l.kind(kindName)
	if k == nil {
		l.noKind(name, kindName)
		return
	}
	t := action.Target{}
	values, fits := l.config(e, k, written)
	if fits {
		t = target(name.Text, k, values)
	}
	l.lists(&t, k, written) // what is wrong there is told in any case
	if fits {
		e.Targets = append(e.Targets, t)
	}
}

// config returns what a target says of itself, by its kind; ok is false where something
// is wrong in it.
func (l *loader) config(e *Environment, k *action.TargetKind, written *Target) (values map[string]any, ok bool) {
	takes := k.Config
	if takes == nil {
		takes = &schema.Type{Kind: schema.Object}
	}
	config, mistakes := map[string]any{}, len(l.list)
	for _, p := range written.Rest {
		f, ok := takes.Field(p.Key.Text)
		if !ok {
			l.unknown(p.Key, k, keysOf(k))
			continue
		}
		config[f.Name] = l.value(p.Value, f.Type, e)
	}
	if len(l.list) > mistakes {
		return nil, false
	}
	fitted, err := schema.Convert(takes, schema.ApplyDefaults(takes, config))
	for _, f := range schema.Faults(err) {
		l.misfit(written, f)
	}
	if err != nil {
		return nil, false
	}
	values = fitted.(map[string]any)
	if k.Parse != nil {
		if values, err = k.Parse(values); err != nil { // without the line: a password may stand in it
			at := &schema.Fault{Path: takes.Fields[0].Name}
			errors.As(err, &at)
			l.list.Add(diag.Diagnostic{
				Code: CodeWrongValue, Source: l.source.Name, Span: placeOf(written, at.Path).Span,
				Message: "target " + written.Name.Value + ": " + err.Error(), NoExcerpt: true,
			})
			return nil, false
		}
	}
	return values, true
}

func requestRule(written string) action.RequestRule {
	method, path, _ := strings.Cut(written, " ")
	return action.RequestRule{Method: method, Path: path}
}

// meant is the hint to a wrong name: the nearest of those that there are, else other.
func meant(name string, known []string, other string) string {
	if near := diag.Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return other
}

func (l *loader) kind(name string) *action.TargetKind {
	for _, k := range l.kinds {
		if k.Name == name {
			return k
		}
	}
	return nil
}

func (l *loader) noKind(at *yaml.Node, name string) {
	var names []string
	for _, k := range l.kinds {
		names = append(names, k.Name)
	}
	l.fail(CodeNoTarget, at, fmt.Sprintf("no action knows targets of kind %q", name), meant(name, names, "name a kind: kind: "+strings.Join(names, ", ")))
}

// unknown reports a key that a kind of target does not have.
func (l *loader) unknown(key *yaml.Node, kind *action.TargetKind, has []string) {
	hint := "it takes: " + strings.Join(has, ", ")
	if now := kind.Former[key.Text]; now != "" {
		hint = "it is called " + now + " now"
	} else if near := diag.Nearest(key.Text, has); near != "" {
		hint = fmt.Sprintf("did you mean %q? It takes: %s", near, strings.Join(has, ", "))
	}
	l.fail(CodeUnknownKey, key, fmt.Sprintf("a target of kind %s has no %q", kind.Name, key.Text), hint)
}

// misfit reports a key of a target that does not fit, at its value; one that is
// missing at the target's name.
func (l *loader) misfit(t *Target, f *schema.Fault) {
	first := f.Path
	if end := strings.IndexAny(first, ".["); end > 0 {
		first = first[:end]
	}
	l.fail(CodeWrongValue, placeOf(t, first), f.Path+": "+f.Message, takesOf(f))
}

// placeOf returns the value of a key of a target; its name if it does not have the key.
func placeOf(t *Target, key string) *yaml.Node {
	at := t.Name.Node
	for _, p := range t.Rest {
		if p.Key.Text == key {
			at = p.Value
		}
	}
	return at
}

func takesOf(err error) string {
	var f *schema.Fault
	if errors.As(err, &f) && f.Takes != "" {
		return "it takes " + f.Takes
	}
	return ""
}

// value decodes a node; {secret: name} is the secret of that name, and a text with
// ${{ secrets.name }} is a secret, too.
func (l *loader) value(n *yaml.Node, t *schema.Type, e *Environment) any {
	if n.Kind == yaml.Map && n.Get("secret") != nil && len(n.Pairs) == 1 {
		return l.secret(n.Get("secret"), e)
	}
	if n.Kind == yaml.Scalar && strings.Contains(n.Text, "${{") {
		return l.composed(n, e)
	}
	if l.notASecret(n, t) {
		return nil
	}
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
		m := make(map[string]any, len(n.Pairs))
		for _, p := range n.Pairs {
			m[p.Key.Text] = l.value(p.Value, t.Element(), e)
		}
		return m
	}
	v, err := schema.ParseText(t, n.Text, n.Quoted)
	if err != nil {
		l.fail(CodeWrongValue, n, err.Error(), takesOf(err))
	}
	return v
}
