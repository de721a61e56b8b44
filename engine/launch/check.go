package launch

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/plan"
	"runbook/engine/yaml"
)

// Check returns what is wrong with a playbook, by itself and in these environments:
// variables and targets that they do not have. What is wrong in some of them only is a
// warning.
func (l *Launcher) Check(source *yaml.Source, in []*environment.Environment) diag.List {
	alone := l.Compile(source, nil)
	list := slices.Clone(alone.List)
	if alone.Plan == nil {
		return list
	}
	var found diag.List
	where := map[string][]string{} // by what is wrong and where
	for _, env := range in {
		for _, d := range slices.Concat(l.Compile(source, env.VarTypes).List, lacking(alone.Plan, env)) {
			if d.Severity == diag.Error {
				if where[d.String()] == nil {
					found = append(found, d)
				}
				where[d.String()] = append(where[d.String()], env.Name)
			}
		}
	}
	for _, d := range found {
		names := where[d.String()]
		d.Message = fmt.Sprintf("in %s: %s", strings.Join(names, ", "), d.Message)
		if len(names) < len(in) {
			d.Severity = diag.Warning
		}
		list = append(list, d)
	}
	list.Sort()
	return list
}

// lacking returns the targets that an environment does not have, at the steps that need
// them.
func lacking(p *plan.Plan, env *environment.Environment) diag.List {
	var list diag.List
	for n, kind := range lacks(p, env) {
		d := diag.Diagnostic{Code: environment.CodeLacking, Message: fmt.Sprintf("there is no target %s, which %s needs", n.target, n.action)}
		if kind != "" {
			d.Message = fmt.Sprintf("the target %s is of kind %s, and %s needs kind %s", n.target, kind, n.action, n.kind)
		} else if near := diag.Nearest(n.target, namesOf(env, n.kind)); near != "" {
			d.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		at := strings.Split(n.place, ":")
		position := diag.Position{Line: 1, Column: 1}
		if end := len(at) - 2; end > 0 {
			d.Source = strings.Join(at[:end], ":")
			_, _ = fmt.Sscan(at[end], &position.Line) // a place is written so
			_, _ = fmt.Sscan(at[end+1], &position.Column)
		}
		d.Span = diag.At(position, 1)
		list.Add(d)
	}
	return list
}

// namesOf are the targets of a kind.
func namesOf(env *environment.Environment, kind string) []string {
	var names []string
	for _, t := range env.Targets {
		if t.Kind == kind {
			names = append(names, t.Name)
		}
	}
	return names
}
