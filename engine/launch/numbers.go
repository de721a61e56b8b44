package launch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// decided are the numbers of the plan in this run. What a playbook that is called would
// have by what is known now is looked at, too: that which it does not take is refused
// before the first step. A limit that ends before what it bounds is told.
func (q *Request) decided(ctx context.Context, in *Inputs) (*plan.Decided, error) {
	values := q.names(in)
	d, err := q.Plan.Decide(ctx, values)
	if err == nil {
		err = (&calls{seen: map[string]bool{}}).wrong(ctx, q.Plan, values, "")
	}
	if err != nil {
		return nil, q.wrongNumbers(err)
	}
	for _, text := range d.Tight(q.Plan, values.known) {
		q.note("warning: %s", text)
	}
	return d, nil
}

// known is the value of an expression, unknown where only a step gives it.
func (n names) known(v *plan.Value) (any, error) {
	if v.Template == nil {
		return plan.Unread(v)
	}
	got, err := n.value(context.Background(), v)
	if err != nil {
		return plan.Unread(v)
	}
	return got, nil
}

// calls looks at the numbers of playbooks that are called, each with the same inputs
// once.
type calls struct{ seen map[string]bool }

// wrong is what is wrong with a number of a playbook that p calls, by what is known
// before a run. What cannot be evaluated yet is told when the call starts.
func (c *calls) wrong(ctx context.Context, p *plan.Plan, values names, around string) error {
	for _, s := range p.All() {
		for _, one := range s.WithUndo() {
			if one.Call == nil || len(c.seen) > maxCalls {
				continue
			}
			inner := names{"inputs": values.typedInputs(ctx, one.Call), "vars": values["vars"], "environment": values["environment"]}
			call := callOf(one.Call.Plan, inner)
			if c.seen[call] {
				continue
			}
			c.seen[call] = true
			at := around + one.Path
			if _, err := one.Call.Plan.Decide(ctx, inner); err != nil {
				if w := misfit(err); w != nil {
					return &called{at: at, name: one.Call.Name, Wrong: w}
				}
			}
			if err := c.wrong(ctx, one.Call.Plan, inner, at+"/"); err != nil {
				return err
			}
		}
	}
	return nil
}

// misfit is the first number whose value is not taken, nil where none is known.
func misfit(err error) *plan.Wrong {
	for _, w := range plan.Wrongs(err) {
		if len(schema.Faults(w.Err)) > 0 {
			return w
		}
	}
	return nil
}

// typedInputs are calleeInputs, each of the type that the playbook declares; one that
// is not is unknown: the call fails by it.
func (n names) typedInputs(ctx context.Context, c *plan.Call) map[string]any {
	values := n.calleeInputs(ctx, c)
	for _, f := range c.Plan.Inputs.Fields {
		if v := values[f.Name]; v == nil || schema.HasUnknown(v) {
			continue
		}
		fitted, err := schema.ConvertField(f, values[f.Name])
		if err != nil {
			fitted = schema.Unknown{}
		}
		values[f.Name] = fitted
	}
	return values
}

// called is what is wrong with a number of a playbook that a step calls.
type called struct {
	at, name string
	*plan.Wrong
}

// Error implements error.
func (c *called) Error() string { return "step " + c.at + " calls " + c.name + ": " + c.Wrong.Error() }

// Unwrap returns what is wrong.
func (c *called) Unwrap() error { return c.Wrong }

// wrongNumbers refuses a run by the numbers of its playbook.
func (q *Request) wrongNumbers(err error) *Refusal {
	list := plan.Wrongs(err)
	f := &action.Failure{What: err.Error(), Err: err, Do: []string{"runbook show " + action.Quote(q.Command.Playbook)}}
	if len(list) > 1 {
		f.What = fmt.Sprintf("%d numbers of %s are wrong", len(list), q.Plan.Name)
	}
	var inputs []string
	for _, w := range list {
		if len(list) > 1 {
			f.Facts = append(f.Facts, action.Fact{Label: "wrong", Value: w.Error()})
		}
		f.Facts = append(f.Facts, action.Fact{Label: "at", Value: w.Place}, action.Fact{Label: "takes", Value: w.Takes})
		inputs = append(inputs, w.Inputs...)
	}
	slices.Sort(inputs)
	if c := (*called)(nil); !errors.As(err, &c) && len(inputs) > 0 {
		f.Do = []string{q.with(slices.Compact(inputs))}
	}
	return &Refusal{Ending: event.EndInvalid, Failure: f}
}

// with is the command with other values of some inputs.
func (q *Request) with(inputs []string) string {
	flags := q.Command.Bare().Flags
	given := q.Command.Flags[len(flags):]
	for i := 0; i+1 < len(given); i += 2 {
		name, _, _ := strings.Cut(strings.TrimPrefix(given[i+1], "'"), "=")
		if !slices.Contains(inputs, name) {
			flags = append(slices.Clip(flags), given[i], given[i+1])
		}
	}
	for _, name := range inputs {
		if f, ok := q.Plan.Inputs.Field(name); ok {
			flags = append(slices.Clip(flags), "-i", name+"="+strings.ToUpper(f.Name))
		}
	}
	return event.Command{Playbook: q.Command.Playbook, Flags: flags}.Again()
}
