package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// value evaluates a playbook value. An error says at which place.
func (r *runner) value(ctx context.Context, v *plan.Value, sc expression.Values) (any, error) {
	if v == nil {
		return nil, nil
	}
	return v.Fill(func(v *plan.Value) (any, error) {
		if v.Expr != nil {
			return condition(placed{v.Expr.Explain(ctx, sc, expression.Limits{}), v.Place}, v.Expr)
		}
		got, err := v.Template.Eval(ctx, sc, expression.Limits{})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Place, err)
		}
		return got, nil
	})
}

// placed is what an expression came to, with its place in the file.
type placed struct {
	expression.Explanation
	place string
}

// condition makes a parameter of an explained expression. An error of its
// evaluation does not stop the action: the condition does not hold.
func condition(x placed, e *expression.Expr) (any, error) {
	if u, ok := x.Value.(schema.Unknown); ok {
		return u, nil
	}
	holds, _ := x.Value.(bool)
	c := schema.Condition{Source: e.Source(), Holds: holds && x.Err == nil, Explanation: x}
	if x.Err != nil {
		c.Error = x.Err.Error()
	}
	return c, nil
}

// text evaluates a value to text for people; "" for nil.
func (r *runner) text(ctx context.Context, v *plan.Value, sc expression.Values) (string, error) {
	got, err := r.value(ctx, v, sc)
	if err != nil || got == nil {
		return "", err
	}
	return schema.TextOf(got), nil
}

// maxText is the longest text that an output may have, in bytes; what is
// longer is cut with a mark.
const maxText = 1 << 20

// bounded returns v with long texts cut, so that no output can fill the memory
// or the journal.
func bounded(v any) any {
	switch v := v.(type) {
	case string:
		if len(v) > maxText {
			return v[:maxText] + fmt.Sprintf("… (cut, %d bytes in all)", len(v))
		}
	case []any:
		for i := range v {
			v[i] = bounded(v[i])
		}
	case map[string]any:
		for k, x := range v {
			switch x.(type) {
			case string, []any, map[string]any:
				v[k] = bounded(x)
			}
		}
	}
	return v
}

// unread takes texts away from which another output was read, and no expression reads.
func unread(t *schema.Type, outputs map[string]any, reads *plan.Reads) {
	for _, f := range t.Fields {
		if f.Raw != "" && outputs[f.Raw] != nil && reads.Of(f.Name) == nil {
			delete(outputs, f.Name)
		}
	}
}

// maxValue is the most that the outputs of an action, a call or a playbook may be, in
// bytes of the journal.
const maxValue = 16 << 20

// journalled returns a value of that type as the journal has it, decoded and encoded:
// with long texts cut, and a mask in place of each secret.
func (r *runner) journalled(t *schema.Type, v map[string]any) (map[string]any, json.RawMessage, error) {
	scratch, _ := r.scratch.Get().([]byte)
	raw, err := schema.AppendBounded(scratch[:0], t, v, maxText)
	if errors.Is(err, schema.ErrLong) {
		v, _ = bounded(v).(map[string]any)
		raw, err = schema.AppendValue(scratch[:0], t, v)
	}
	if err != nil {
		return nil, nil, err
	}
	defer func(b []byte) { r.scratch.Put(b) }(raw) //nolint:staticcheck // three words are cheap beside it
	raw = bytes.Clone(raw)
	if len(raw) > maxValue {
		return nil, nil, fmt.Errorf("they are %s, and at most %s are kept", schema.HumanBytes(float64(len(raw))), schema.HumanBytes(maxValue))
	}
	if r.Mask == nil {
		return v, raw, nil
	}
	clean := r.Mask(raw)
	if bytes.Equal(clean, raw) {
		return v, raw, nil
	}
	masked, err := schema.UnmarshalValue(t, clean)
	if err != nil {
		return nil, nil, err
	}
	return masked.(map[string]any), clean, nil
}

// operation is a call of an action, with its parameters evaluated.
type operation struct {
	action  *action.Action
	target  action.Target
	params  map[string]any
	bound   action.Bound
	effect  action.Effect
	unknown *schema.Unknown // dry run: a parameter is not known, so it cannot run
}

// brief is the operation in a few words.
func (op *operation) brief() string {
	if op.bound.Brief == "" {
		return op.action.Name
	}
	return op.action.Name + " " + op.bound.Brief
}

// asked is the program that the operation starts, as what keeps the run to a place
// asks for it.
func (op *operation) asked() action.Asked {
	words, _ := op.params["argv"].([]any)
	out := action.Asked{Target: op.target.Name}
	for _, w := range words {
		out.Argv = append(out.Argv, schema.TextOf(w))
	}
	return out
}

// resolve evaluates target and parameters of an operation and binds them.
func (r *runner) resolve(ctx context.Context, op *plan.Operation, sc expression.Values) (*operation, *event.Failure) {
	out := &operation{action: op.Action, effect: op.Effect}
	var err error
	if out.target, err = r.target(ctx, op, sc); err != nil {
		return nil, &event.Failure{What: err.Error(), Do: []string{"name it under targets: in runbook.yaml, or choose another environment with --env"}}
	}
	values, err := r.value(ctx, op.Params, sc)
	if err != nil {
		return nil, &event.Failure{What: "parameters of " + op.Action.Name + ": " + err.Error()}
	}
	out.params, _ = values.(map[string]any)
	if u, ok := schema.UnknownIn(values); ok {
		out.unknown = &u
	} else if u, ok := r.Environment.Pending(out.target.Name); ok {
		out.unknown = &u
	}
	out.bound, err = op.Action.Decode(out.params, out.target)
	if err != nil {
		return nil, &event.Failure{What: "parameters of " + op.Action.Name + ": " + err.Error()}
	}
	out.params = out.bound.Params
	out.bound.Idempotent = out.bound.Idempotent || op.Idempotent
	out.effect = out.bound.Effect
	if op.Raised && op.Effect > out.effect {
		out.effect = op.Effect
	}
	return out, nil
}

// target is the target that the operation names, or the family's default.
func (r *runner) target(ctx context.Context, op *plan.Operation, sc expression.Values) (action.Target, error) {
	kind := op.Action.Target
	if kind == nil {
		return action.Target{}, nil
	}
	name := kind.Name
	if op.Target != nil {
		got, err := r.text(ctx, op.Target, sc)
		if err != nil {
			return action.Target{}, err
		}
		name = got
	}
	t, ok := r.Environment.Target(name)
	switch {
	case !ok:
		return t, fmt.Errorf("environment %s has no target %q, which %s needs", r.Environment.Name, name, op.Action.Name)
	case t.Kind != kind.Name:
		return t, fmt.Errorf("target %q is of kind %s; %s needs %s", name, t.Kind, op.Action.Name, kind.Name)
	}
	return t, nil
}
