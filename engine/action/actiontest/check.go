package actiontest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// units are the ends of names that say what a figure counts or measures.
var units = []string{
	"_ms", "_seconds", "_minutes", "_hours", "_days", "_bytes", "_percent", "_per_second", "_per_minute", "_per_hour",
	"_count", "_cores", "_ratio", "_celsius",
}

// Check fails t where a's declaration is not complete: an example that is no
// step of this action or gives parameters that do not fit, a field without
// documentation, an output that is a duration, a size or a fraction and does
// not say its unit in its name.
func Check(t testing.TB, a *action.Action) {
	t.Helper()
	for _, problem := range Problems(a) {
		t.Errorf("%s: %s", a.Name, problem)
	}
}

// Problems returns what Check finds.
func Problems(a *action.Action) []string {
	var found []string
	if !strings.HasSuffix(a.Summary, ".") || strings.Contains(strings.TrimSuffix(a.Summary, "."), "\n") {
		found = append(found, "the summary is not one sentence that ends with a full stop")
	}
	found = append(found, undocumented("parameter", a.Params)...)
	found = append(found, undocumented("output", a.Outputs)...)
	found = append(found, withoutUnit(a.Outputs)...)
	return append(found, exampleProblems(a)...)
}

func undocumented(noun string, t *schema.Type) []string {
	var found []string
	for _, f := range t.Fields {
		if f.Doc == "" {
			found = append(found, fmt.Sprintf("the %s %s has no doc tag", noun, f.Name))
		}
		inner := f.Type
		for inner.Elem != nil {
			inner = inner.Elem
		}
		found = append(found, undocumented(noun, inner)...)
	}
	return found
}

func withoutUnit(t *schema.Type) []string {
	var found []string
	for _, f := range t.Fields {
		inner := f.Type
		for inner.Elem != nil {
			inner = inner.Elem
		}
		found = append(found, withoutUnit(inner)...)
		hasUnit := slices.ContainsFunc(units, func(u string) bool { return strings.HasSuffix("_"+f.Name, u) })
		if inner.Kind == schema.SizeKind && !hasUnit {
			found = append(found, fmt.Sprintf("the output %s is a size, and its name does not end with its unit, as _bytes", f.Name))
		}
	}
	return found
}

// exampleStep is the part of a step that an example must have.
type exampleStep struct {
	Action string         `yaml:"action"`
	With   map[string]any `yaml:"with"`
}

func exampleProblems(a *action.Action) []string {
	text := strings.TrimSpace(a.Example)
	var steps []exampleStep
	err := yaml.Unmarshal([]byte(text), &steps)
	if err != nil || len(steps) == 0 {
		var one exampleStep
		if err = yaml.Unmarshal([]byte(text), &one); err != nil {
			return []string{"the example is no YAML: " + err.Error()}
		}
		steps = []exampleStep{one}
	}
	step := steps[0]
	if step.Action != a.Name {
		return []string{fmt.Sprintf("the example is a step with the action %q", step.Action)}
	}
	values := map[string]any{}
	for name, v := range step.With {
		values[name] = exampleValue(memberType(a.Params, name), v)
	}
	if _, err := a.Decode(values, action.Target{}); err != nil {
		return []string{"the example does not fit: " + err.Error()}
	}
	return nil
}

func memberType(t *schema.Type, name string) *schema.Type {
	switch t.Kind {
	case schema.Object:
		if f, ok := t.Field(name); ok {
			return f.Type
		}
	case schema.Map, schema.List:
		return t.Element()
	}
	return schema.AnyType
}

// exampleValue makes a playbook value of what the YAML library decoded:
// expressions are unknown, as in a validation, and text is read by its type.
func exampleValue(t *schema.Type, v any) any {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, "${{") {
			return schema.Unknown{After: "an expression"}
		}
		if t.Kind == schema.ConditionKind {
			return schema.Condition{Source: v, Holds: true}
		}
		if parsed, err := schema.ParseText(t, v, true); err == nil {
			return parsed
		}
		return v
	case int, int64, uint64:
		if t.Kind == schema.String {
			return fmt.Sprint(v)
		}
		var n int
		_, _ = fmt.Sscan(fmt.Sprint(v), &n)
		return n
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = exampleValue(memberType(t, ""), v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for key := range v {
			m[key] = exampleValue(memberType(t, key), v[key])
		}
		return m
	}
	return v
}
