package environment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// DefaultFile is the name of the file of environments, in the working directory or
// above it.
const DefaultFile = "runbook.yaml"

// Codes of what is wrong in a runbook.yaml beside its structure.
const (
	CodeUnknownKey  = "RB1501" // a key that the kind of the target does not have
	CodeWrongValue  = "RB1502" // a value of the wrong type
	CodeNoTarget    = "RB1503" // a kind of target that no action knows
	CodeNoSecret    = "RB1504" // a secret that is not declared
	CodeUnknownRule = "RB1505" // a rule that is neither an effect nor an action
	CodeLacking     = "RB1506" // a target that a playbook or a group needs and the environment lacks
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
			config := k.Local
			if k.Here != nil {
				config = k.Here()
			}
			e.Targets = append(e.Targets, target(k.Name, k, schema.ApplyDefaults(k.Config, config)))
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
// default for "". With no path it is Local. Secrets are named but not read:
// Resolve does that. The error is of the file system, or an *ErrNotFound.
func Load(path, name string, registry *action.Registry) (*Environment, diag.List, error) {
	switch {
	case path == "" && name != "" && name != "local":
		return nil, nil, &ErrNotFound{Name: name, Has: []string{"local"}, Default: "local"}
	case path == "":
		return Local(registry.Targets()), nil, nil
	}
	source, err := written(path)
	if err != nil {
		return nil, nil, err
	}
	return Parse(source, name, registry)
}

// written is the file at path.
func written(path string) (*yaml.Source, error) {
	source, err := yaml.Load(path)
	if err != nil {
		err = fmt.Errorf("reading the environments: %w", err)
	}
	return source, err
}

// Parse is Load of a text. All environments of the file are checked, and of the
// chosen one also what its targets take.
func Parse(source *yaml.Source, name string, registry *action.Registry) (*Environment, diag.List, error) {
	file, list := ReadFile(source)
	if file == nil {
		return nil, list, nil
	}
	chosen, missing := file.choose(name)
	if missing != nil {
		if list.Errors() > 0 {
			return nil, list, nil
		}
		missing.File = source.Name
		return nil, list, missing
	}
	kinds := registry.Targets()
	l := &loader{source: source, registry: registry, kinds: kinds, list: list}
	e := l.environment(chosen)
	e.File, e.kinds = source.Name, kinds
	for _, r := range file.Roles {
		e.Roles[r.Name.Value] = values(r.People)
	}
	l.list.Sort()
	return e, l.list, nil
}

// All reads every environment of the file at path and returns what is wrong with any; it
// is empty without a path.
func All(path string, registry *action.Registry) (all []*Environment, list diag.List, err error) {
	if path == "" {
		return nil, nil, nil
	}
	source, err := written(path)
	if err != nil {
		return nil, nil, err
	}
	file, list := ReadFile(source)
	if file == nil {
		return nil, list, nil
	}
	for _, d := range file.Environments {
		e, more, _ := Parse(source, d.Name.Value, registry) // it has this one
		all = append(all, e)
		list = append(list, slices.DeleteFunc(more, func(d diag.Diagnostic) bool {
			return slices.ContainsFunc(list, func(known diag.Diagnostic) bool { return known.String() == d.String() })
		})...)
	}
	list.Sort()
	return all, list, nil
}

// choose returns the environment of that name; for "" the default one, or the
// only one that there is.
func (f *File) choose(name string) (*Described, *ErrNotFound) {
	if name == "" {
		name = f.Default.Value
	}
	if name == "" && len(f.Environments) == 1 {
		name = f.Environments[0].Name.Value
	}
	missing := &ErrNotFound{Name: name, Default: f.Default.Value}
	for _, d := range f.Environments {
		if d.Name.Value == name {
			return d, nil
		}
		missing.Has = append(missing.Has, d.Name.Value)
	}
	return nil, missing
}

func values(list []yaml.String) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Value)
	}
	return out
}

// loader makes one environment of what is written of it: kinds of targets,
// values of their types, and the names of secrets and rules.
type loader struct {
	source   *yaml.Source
	registry *action.Registry
	kinds    []*action.TargetKind
	list     diag.List
}

func (l *loader) fail(code string, n *yaml.Node, message, hint string) {
	if !n.Broken {
		l.list.Add(diag.Diagnostic{Code: code, Source: l.source.Name, Span: n.Span, Message: message, Hint: hint})
	}
}

func (l *loader) place(n *yaml.Node) string { return l.source.Name + ":" + n.Span.Start.String() }

func (l *loader) environment(d *Described) *Environment {
	e := &Environment{
		Name: d.Name.Value, Protected: d.Protected.Value, Vars: map[string]any{},
		Roles: map[string][]string{}, sources: map[string]secretSource{},
	}
	for _, s := range d.Secrets {
		if s.Env.Value != "" {
			e.Hidden = append(e.Hidden, s.Env.Value)
		}
		e.sources[s.Name.Value] = secretSource{env: s.Env.Value, file: s.File.Value, command: values(s.Command), reads: s.Read.Value, weak: s.Weak.Value, place: l.place(s.Name.Node)}
	}
	for _, t := range d.Targets {
		l.target(e, t)
	}
	for _, k := range l.kinds {
		if _, named := e.Target(k.Name); k.Everywhere && !named {
			e.Targets = append(e.Targets, target(k.Name, k, schema.ApplyDefaults(k.Config, k.Local)))
		}
	}
	l.groups(e, d.Groups)
	l.vars(e, d.Vars)
	var wrong diag.List
	e.Policy, wrong = d.Policy.Policy(l.source, l.registry)
	l.list = append(l.list, wrong...)
	return e
}

func (l *loader) vars(e *Environment, pairs []yaml.Pair) {
	e.VarTypes = &schema.Type{Kind: schema.Object}
	for _, p := range pairs {
		v := l.value(p.Value, schema.AnyType, e)
		e.Vars[p.Key.Text] = v
		e.VarTypes.Fields = append(e.VarTypes.Fields, schema.Field{Name: p.Key.Text, Type: typeOf(v)})
	}
}

// typeOf is the type of a variable. A map that holds a secret is typed by its
// members, so that what is done with the secret is checked.
func typeOf(v any) *schema.Type {
	m, ok := v.(map[string]any)
	if !ok || !schema.HoldsSecret(m) {
		return schema.TypeOf(v)
	}
	t := &schema.Type{Kind: schema.Object}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		t.Fields = append(t.Fields, schema.Field{Name: key, Type: typeOf(m[key])})
	}
	return t
}
