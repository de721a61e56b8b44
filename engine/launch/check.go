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
// variables and targets that they do not have, and prerequisites that change something
// there. What is wrong in some of them only is a warning. Of nil it is the one that is
// built in.
func (l *Launcher) Check(source *yaml.Source, in []*environment.Environment) diag.List {
	alone := l.Compile(source, nil)
	list := slices.Clone(alone.List)
	if alone.Plan == nil {
		return list
	}
	if in == nil { // a run would be in the one that is built in
		list = append(list, inPlaceOfReads(alone.Plan, environment.Local(l.Registry.Targets()), names{})...)
		list.Sort()
		return list
	}
	var found diag.List
	where := map[string][]string{} // by what is wrong and where
	for _, env := range in {
		for _, d := range slices.Concat(l.Compile(source, env).List, lacking(alone.Plan, env), inPlaceOfReads(alone.Plan, env, names{})) {
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

// inPlaceOfReads returns what stands where only a read may, and is none in an
// environment by the values that are known before a run.
func inPlaceOfReads(p *plan.Plan, env *environment.Environment, values names) diag.List {
	return slices.Concat(changing(p, env, values), misplaced(p, env, values))
}

// lacking returns the targets that an environment does not have, at the steps that need
// them.
func lacking(p *plan.Plan, env *environment.Environment) diag.List {
	var list diag.List
	var names []string
	for _, t := range env.Targets {
		names = append(names, t.Name)
	}
	for n, kind := range lacks(p, env) {
		d := diag.Diagnostic{Code: environment.CodeLacking, Message: fmt.Sprintf("there is no target %s, which %s needs", n.target, n.action)}
		if kind != "" {
			d.Message = fmt.Sprintf("the target %s is of kind %s, and %s needs kind %s", n.target, kind, n.action, n.kind)
		} else if near := diag.Nearest(n.target, names); near != "" {
			d.Hint = fmt.Sprintf("did you mean %q?", near)
		}
		list.Add(placed(n.place, d))
	}
	return list
}

// placed is a finding at a place, file:line:column.
func placed(place string, d diag.Diagnostic) diag.Diagnostic {
	at := strings.Split(place, ":")
	var position diag.Position
	if end := len(at) - 2; end > 0 {
		d.Source = strings.Join(at[:end], ":")
		_, _ = fmt.Sscan(at[end]+" "+at[end+1], &position.Line, &position.Column)
	}
	d.Span = diag.At(position, 1)
	return d
}
