package plan

import (
	"context"
	"maps"
	"time"

	"runbook/engine/action"
	"runbook/engine/expression"
	"runbook/engine/schema"
)

// brief is an operation in a few words, with the inputs at their defaults;
// what is known only in a run is left out.
func (c *compiler) brief(op *Operation) string {
	d := defaults{inputs: schema.ApplyDefaults(c.inputs, nil)}
	filled, _ := op.Params.Fill(d.value) // which gives no error
	values, ok := filled.(map[string]any)
	if !ok {
		return ""
	}
	maps.DeleteFunc(values, func(_ string, v any) bool { return schema.HasUnknown(v) })
	b, err := op.Action.Decode(values, action.Target{})
	if err != nil {
		return ""
	}
	return b.Brief
}

// defaults are the values of inputs before a run gives others.
type defaults struct{ inputs map[string]any }

// Name implements expression.Values.
func (d defaults) Name(name string) (any, bool) {
	if name == "inputs" {
		return d.inputs, true
	}
	return schema.Unknown{}, true
}

// Step implements expression.Values.
func (d defaults) Step(string) (any, bool) { return schema.Unknown{}, true }

// value is what an expression gives; where it is text that is not known, the
// expression as it is written.
func (d defaults) value(v *Value) (any, error) {
	if v.Expr != nil {
		return schema.Unknown{}, nil
	}
	got, err := v.Template.Eval(context.Background(), d, expression.Limits{Deadline: time.Now().Add(10 * time.Millisecond)})
	switch {
	case err == nil && !schema.HasUnknown(got):
		return got, nil
	case v.Type.Kind == schema.String || v.Type.Kind == schema.Any:
		return v.Template.Source(), nil
	}
	return schema.Unknown{}, nil
}
