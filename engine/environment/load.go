package environment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// DefaultFile is the name of the file of environments, in the working
// directory.
const DefaultFile = "runbook.yaml"

// Codes of what is wrong in a runbook.yaml.
const (
	CodeUnknownKey  = "RB1501" // a key that is not there
	CodeWrongValue  = "RB1502" // a value of the wrong kind or type
	CodeNoTarget    = "RB1503" // a kind of target that no action knows
	CodeNoSecret    = "RB1504" // a secret that is not declared
	CodeUnknownRule = "RB1505" // a rule that is neither an effect nor an action
)

// ErrNotFound says that a file has no environment of the wanted name.
type ErrNotFound struct {
	Name, File, Default string
	Has                 []string
}

// Error names the environment and the file.
func (e *ErrNotFound) Error() string {
	return fmt.Sprintf("no environment %q in %s; it has %s", e.Name, e.File, strings.Join(e.Has, ", "))
}

// Local is the environment without a runbook.yaml: the targets at their usual
// places on this machine, and the default policy.
func Local(kinds []*action.TargetKind) *Environment {
	e := &Environment{Name: "local", Policy: DefaultPolicy(), Vars: map[string]any{}, VarTypes: &schema.Type{Kind: schema.Object}}
	for _, k := range kinds {
		if k.Local != nil {
			e.Targets = append(e.Targets, target(k.Name, k, schema.ApplyDefaults(k.Config, k.Local)))
		}
	}
	return e
}

func target(name string, k *action.TargetKind, config map[string]any) action.Target {
	t := action.Target{Name: name, Kind: k.Name, Config: config}
	if k.Address != nil {
		t.Address, t.Notes = k.Address(config)
	}
	return t
}

// Load reads the environment of that name from the file at path, of its
// default for "". Without a file it is Local. Secrets are named but not read:
// Resolve does that. The error is of the file system, or an *ErrNotFound.
func Load(path, name string, kinds []*action.TargetKind) (*Environment, diag.List, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if name != "" && name != "local" {
			return nil, nil, &ErrNotFound{Name: name, File: "./" + path + " (there is none)", Has: []string{"local"}, Default: "local"}
		}
		return Local(kinds), nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading the environments: %w", err)
	}
	return Parse(&yaml.Source{Name: path, Text: text}, name, kinds)
}

// Parse is Load of a text.
func Parse(source *yaml.Source, name string, kinds []*action.TargetKind) (*Environment, diag.List, error) {
	root, list := yaml.Read(source)
	l := &loader{source: source, kinds: kinds, list: list}
	if root == nil || list.Errors() > 0 {
		return nil, l.list, nil
	}
	l.keys(root, "default", "roles", "environments")
	all := root.Get("environments")
	byDefault := l.text(root.Get("default"))
	if name == "" {
		name = byDefault
	}
	if name == "" && all != nil && len(all.Pairs) == 1 {
		name = all.Pairs[0].Key.Text
	}
	chosen := all.Get(name)
	if chosen == nil {
		var has []string
		if all != nil {
			for _, p := range all.Pairs {
				has = append(has, p.Key.Text)
			}
		}
		return nil, l.list, &ErrNotFound{Name: name, File: source.Name, Has: has, Default: byDefault}
	}
	e := l.environment(name, chosen)
	e.File, e.kinds = source.Name, kinds
	e.Roles = l.roles(root.Get("roles"))
	l.list.Sort()
	return e, l.list, nil
}

// loader turns the positioned tree of a runbook.yaml into one environment.
type loader struct {
	source *yaml.Source
	kinds  []*action.TargetKind
	list   diag.List
}

func (l *loader) fail(code string, n *yaml.Node, message, hint string) {
	l.list.Add(diag.Diagnostic{Code: code, Source: l.source.Name, Span: n.Span, Message: message, Hint: hint})
}

// keys reports what of a mapping is not among the keys that it takes.
func (l *loader) keys(n *yaml.Node, takes ...string) {
	for _, p := range n.Pairs {
		if slices.Contains(takes, p.Key.Text) {
			continue
		}
		hint := "it takes: " + strings.Join(takes, ", ")
		if near := diag.Nearest(p.Key.Text, takes); near != "" {
			hint = fmt.Sprintf("did you mean %q? It takes: %s", near, strings.Join(takes, ", "))
		}
		l.fail(CodeUnknownKey, p.Key, fmt.Sprintf("unknown key %q", p.Key.Text), hint)
	}
}

func (l *loader) text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.Scalar {
		l.fail(CodeWrongValue, n, n.Kind.String()+" stands where a text is taken", "")
		return ""
	}
	return n.Text
}

func (l *loader) texts(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.List {
		return []string{l.text(n)}
	}
	var out []string
	for _, item := range n.Items {
		out = append(out, l.text(item))
	}
	return out
}

func (l *loader) roles(n *yaml.Node) map[string][]string {
	out := map[string][]string{}
	if n != nil {
		for _, p := range n.Pairs {
			out[p.Key.Text] = l.texts(p.Value)
		}
	}
	return out
}

func (l *loader) environment(name string, n *yaml.Node) *Environment {
	l.keys(n, "targets", "protected", "vars", "secrets", "policy")
	e := &Environment{Name: name, Protected: l.text(n.Get("protected")) == "true", Policy: DefaultPolicy(), Vars: map[string]any{}}
	l.secrets(e, n.Get("secrets"))
	if targets := n.Get("targets"); targets != nil {
		for _, p := range targets.Pairs {
			l.target(e, p)
		}
	}
	for _, k := range l.kinds {
		if _, named := e.Target(k.Name); k.Everywhere && !named {
			e.Targets = append(e.Targets, target(k.Name, k, schema.ApplyDefaults(k.Config, k.Local)))
		}
	}
	l.vars(e, n.Get("vars"))
	if p := n.Get("policy"); p != nil {
		l.policy(e, p)
	}
	return e
}

func (l *loader) policy(e *Environment, n *yaml.Node) {
	l.keys(n, "allow", "approve", "deny", "yes")
	for key, rules := range map[string]*[]Rule{"allow": &e.Policy.Allow, "approve": &e.Policy.Approve, "deny": &e.Policy.Deny, "yes": &e.Policy.Yes} {
		list := n.Get(key)
		if list == nil {
			continue
		}
		*rules = nil
		for _, item := range list.Items {
			if _, err := action.ParseEffect(item.Text); err != nil && !strings.Contains(item.Text, ".") {
				l.fail(CodeUnknownRule, item, fmt.Sprintf("%q is neither an effect nor an action", item.Text), "write read, write, destructive, or the name of an action")
			}
			*rules = append(*rules, Rule{Name: item.Text, Place: l.source.Name + ":" + item.Span.Start.String()})
		}
	}
}

func (l *loader) vars(e *Environment, n *yaml.Node) {
	e.VarTypes = &schema.Type{Kind: schema.Object}
	if n == nil {
		return
	}
	for _, p := range n.Pairs {
		v := l.value(p.Value, schema.AnyType, e)
		e.Vars[p.Key.Text] = v
		e.VarTypes.Fields = append(e.VarTypes.Fields, schema.Field{Name: p.Key.Text, Type: typeOf(v)})
	}
}

func typeOf(v any) *schema.Type {
	switch v.(type) {
	case bool:
		return schema.BoolType
	case int:
		return schema.IntType
	case float64:
		return schema.NumberType
	case string:
		return schema.StringType
	case schema.Secret:
		return schema.SecretType
	case []any:
		return schema.ListOf(schema.AnyType)
	}
	return schema.AnyType
}
