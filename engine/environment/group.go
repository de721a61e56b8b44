package environment

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// TargetGroup are the names of targets that have a name together.
type TargetGroup struct {
	Name    string
	Targets []string
}

// groups checks that each group names targets that there are, each once.
func (l *loader) groups(e *Environment, written []*Group) {
	var names []string
	for _, t := range e.Targets {
		names = append(names, t.Name)
	}
	for _, g := range written {
		if slices.Contains(names, g.Name.Value) {
			l.fail(CodeWrongValue, g.Name.Node, fmt.Sprintf("%q is the name of a target, too", g.Name.Value), "give the group another name, so that --limit can tell them apart")
		}
		for i, t := range g.Targets {
			switch {
			case !slices.Contains(names, t.Value):
				l.fail(CodeLacking, t.Node, fmt.Sprintf("there is no target %q in %s", t.Value, e.Name), meant(t.Value, names, "name some of: "+strings.Join(names, ", ")))
			case slices.ContainsFunc(g.Targets[:i], func(o yaml.String) bool { return o.Value == t.Value }):
				l.fail(CodeWrongValue, t.Node, fmt.Sprintf("%q is twice in the group", t.Value), "keep one of them")
			}
		}
		e.Groups = append(e.Groups, TargetGroup{Name: g.Name.Value, Targets: values(g.Targets)})
	}
}

// Group returns the targets of a group, as far as Narrow has left them.
func (e *Environment) Group(name string) []string {
	for _, g := range e.Groups {
		if g.Name == name {
			return g.Targets
		}
	}
	return nil
}

// Value is what playbooks read as `environment`.
func (e *Environment) Value() map[string]any {
	groups := map[string]any{}
	for _, g := range e.Groups {
		targets := make([]any, len(g.Targets))
		for i, t := range g.Targets {
			targets[i] = t
		}
		groups[g.Name] = targets
	}
	return map[string]any{"name": e.Name, "groups": groups}
}

// GroupTypes is the type of the groups: an Object.
func (e *Environment) GroupTypes() *schema.Type {
	t := &schema.Type{Kind: schema.Object}
	for _, g := range e.Groups {
		t.Fields = append(t.Fields, schema.Field{Name: g.Name, Type: schema.ListOf(schema.StringType)})
	}
	return t
}

// Narrow leaves of each group only what is named, by itself or by a group. The error
// is of a name that is of no group that is read, and names those.
func (e *Environment) Narrow(names []string, read func(group string) bool) error {
	if len(names) == 0 {
		return nil
	}
	var known, kept []string
	for _, g := range e.Groups {
		if !read(g.Name) {
			continue
		}
		known = append(known, append([]string{g.Name}, g.Targets...)...)
		if slices.Contains(names, g.Name) {
			kept = append(kept, g.Targets...)
		}
	}
	if len(known) == 0 {
		return &action.Failure{What: "--limit narrows loops over groups of targets, and this playbook goes over none of " + e.Name, Do: []string{"leave it out"}}
	}
	known = unique(known)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &action.Failure{
				What: fmt.Sprintf("--limit %s: no group that the playbook goes over has it", name), Nearest: nearest(name, known),
				Do: []string{"name some of: " + strings.Join(known, ", ")},
			}
		}
	}
	kept = append(kept, names...)
	for i, g := range e.Groups {
		e.Groups[i].Targets = slices.DeleteFunc(slices.Clone(g.Targets), func(t string) bool { return !slices.Contains(kept, t) })
	}
	e.Limit = names
	return nil
}

func unique(names []string) []string {
	var out []string
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func nearest(name string, known []string) []string {
	if near := diag.Nearest(name, known); near != "" {
		return []string{near}
	}
	return nil
}
