package rehearsal

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab/model"
)

// Condition is a condition on the lab.
type Condition struct {
	Source string
	Place  diag.Span
	expr   *expression.Expr
}

// scope is what conditions read.
func scope(p *plan.Plan) *expression.Env {
	types := map[string]*schema.Type{
		"lab":    schema.Of(reflect.TypeFor[model.State]()),
		"inputs": p.Inputs,
		"folder": {Kind: schema.String},
		"run": schema.ObjectOf(
			schema.Field{Name: "exit", Type: &schema.Type{Kind: schema.Int}},
			schema.Field{Name: "state", Type: &schema.Type{Kind: schema.String}},
		),
	}
	return &expression.Env{
		Name: func(name string) *schema.Type { return types[name] }, Names: []string{"folder", "inputs", "lab", "run"},
		Step: func(id string) (*schema.Type, *expression.Problem) {
			return nil, &expression.Problem{Code: CodeCondition, Message: "a rehearsal cannot read steps", Hint: "expect states under `steps`, and the service under `lab`"}
		},
	}
}

// values are what a condition is evaluated with.
type values struct {
	lab    model.State
	folder string
	inputs map[string]any
	run    event.RunFinished
}

// Name gives the value of a top-level name.
func (v *values) Name(name string) (any, bool) {
	switch name {
	case "lab":
		return schema.Encode(v.lab), true
	case "folder":
		return v.folder, true
	case "inputs":
		return v.inputs, true
	case "run":
		return map[string]any{"exit": v.run.ExitCode, "state": string(v.run.State)}, true
	}
	return nil, false
}

// Step gives none.
func (v *values) Step(string) (any, bool) { return nil, false }

// verdict is a condition that was evaluated.
type verdict struct {
	held bool
	seen string
}

// judge evaluates a condition.
func (c *Condition) judge(ctx context.Context, v *values) verdict {
	x := c.expr.Explain(ctx, v, expression.Limits{})
	if x.Err != nil {
		return verdict{seen: "not evaluated: " + x.Err.Error()}
	}
	held, _ := x.Value.(bool)
	return verdict{held: held, seen: shown(deciding(x.Root))}
}

// deciding is the value that decided: the first part of the expression that was
// evaluated and is no condition.
func deciding(p *expression.Part) any {
	for _, part := range p.Parts {
		if !part.Evaluated {
			continue
		}
		if _, isBool := part.Value.(bool); isBool && len(part.Parts) > 0 {
			return deciding(part)
		}
		return part.Value
	}
	return p.Value
}

// shown is a value in a few characters: 88.0, 4.048, true.
func shown(v any) string {
	switch v := v.(type) {
	case float64:
		if math.Abs(v) >= 10 || v == math.Trunc(v) {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return strconv.FormatFloat(v, 'g', 4, 64)
	case nil:
		return "nil"
	}
	return fmt.Sprint(schema.TextOf(v))
}

// conditions compiles conditions; those with a mistake are left out.
func (r *reader) conditions(list []yaml.String) []*Condition {
	var all []*Condition
	for _, text := range list {
		expr, problems := expression.Compile(text.Value, r.env, schema.BoolType)
		r.problems(text.Node, problems)
		if expr != nil {
			all = append(all, &Condition{Source: expr.Source(), Place: text.Span(), expr: expr})
		}
	}
	return all
}

// problems reports what is wrong with an expression, without warnings.
func (r *reader) problems(n *yaml.Node, problems []expression.Problem) {
	for _, p := range problems {
		if !p.Warning && !n.Broken {
			r.list.Add(diag.Diagnostic{Code: CodeCondition, Source: r.source.Name, Span: n.At(p.Offset, p.Length), Message: p.Message, Hint: p.Hint})
		}
	}
}
