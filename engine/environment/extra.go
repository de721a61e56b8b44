package environment

import (
	"slices"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// Extra is what is added to an environment, as it is written.
type Extra struct {
	Targets []*Target   `yaml:"targets,omitempty" doc:"Targets by their names, as in runbook.yaml. Those of a kind that the lab plays are the lab's, whatever address is written; they take what they list. Programs of others are answered by stubs."`
	Groups  []*Group    `yaml:"groups,omitempty" doc:"Targets that have a name together."`
	Roles   []*Role     `yaml:"roles,omitempty" doc:"Names of roles and the people who have them, as in runbook.yaml. Without it who answers is named after the role."`
	Vars    []yaml.Pair `yaml:"vars,omitempty" hint:"write name: value under it" doc:"Values that playbooks read as 'vars'; '{secret: token}' is one of the lab's secrets, which are redis, mongo and token."`
	Node    *yaml.Node  `what:"an environment of rehearsals" write:"write {targets: {...}}"`
}

// Add adds what is written, in place of what has the same name. A target of a kind of
// which the environment has one is made from that of its name, or from the first of
// its kind, and adds what it lists; but not where every environment has one.
func (e *Environment) Add(x *Extra, source *yaml.Source, registry *action.Registry) diag.List {
	l := &loader{source: source, registry: registry, kinds: registry.Targets()}
	had := slices.Clone(e.Targets)
	for _, t := range x.Targets {
		e.Targets = slices.DeleteFunc(slices.Clone(e.Targets), func(old action.Target) bool { return old.Name == t.Name.Value })
		l.added(e, had, t)
	}
	l.groups(e, x.Groups)
	for _, r := range x.Roles {
		e.Roles[r.Name.Value] = values(r.People)
	}
	vars, types := e.Vars, e.VarTypes
	e.Vars = map[string]any{}
	l.vars(e, x.Vars)
	for _, f := range types.Fields {
		if _, again := e.Vars[f.Name]; !again {
			e.Vars[f.Name] = vars[f.Name]
			e.VarTypes.Fields = append(e.VarTypes.Fields, f)
		}
	}
	l.list.Sort()
	return l.list
}

// added adds a target to those that the environment had.
func (l *loader) added(e *Environment, had []action.Target, written *Target) {
	name, k := written.Name.Value, l.kind(written.Kind.Or(written.Name.Value))
	var as *action.Target
	for i := range had {
		if k != nil && !k.Everywhere && had[i].Kind == k.Name && (as == nil || had[i].Name == name) {
			as = &had[i]
		}
	}
	if as == nil {
		l.target(e, written)
		return
	}
	takes := &schema.Type{Kind: schema.Object}
	if k.Config != nil {
		takes = k.Config
	}
	for _, p := range written.Rest {
		if _, ok := takes.Field(p.Key.Text); !ok {
			l.unknown(p.Key, k, keysOf(k))
		}
	}
	t := *as
	t.Name = name
	t.Reads, t.Writes, t.Programs = slices.Clone(t.Reads), slices.Clone(t.Writes), slices.Clone(t.Programs)
	l.lists(&t, k, written)
	e.Targets = append(e.Targets, t)
}
