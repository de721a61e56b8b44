package plan

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/expression"
	"runbook/engine/schema"
)

// brief is an operation in a few words, with the inputs at their defaults;
// what is known only in a run is left out.
func (c *compiler) brief(op *Operation) string {
	d := defaults{inputs: schema.ApplyDefaults(c.inputs, nil)}
	values, ok := d.value(op.Params).(map[string]any)
	if !ok {
		return ""
	}
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

func (d defaults) value(v *Value) any {
	switch {
	case v.Template != nil:
		got, err := v.Template.Eval(context.Background(), d, expression.Limits{Deadline: time.Now().Add(10 * time.Millisecond)})
		if err != nil || schema.HasUnknown(got) {
			if v.Type.Kind == schema.String || v.Type.Kind == schema.Any {
				return v.Template.Source()
			}
			return schema.Unknown{}
		}
		return got
	case v.Expr != nil:
		return schema.Unknown{}
	case v.IsList:
		list := make([]any, len(v.List))
		for i, x := range v.List {
			list[i] = d.value(x)
		}
		return list
	case v.IsObject:
		object := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			if got := d.value(f.Value); !schema.HasUnknown(got) {
				object[f.Name] = got
			}
		}
		return object
	}
	return v.Const
}
