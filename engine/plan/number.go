package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// number is a number of the language that stands in no file: how long, how often, how
// many at once. It is decided over the inputs and the variables, when the run of its
// playbook begins, or the call.
type number struct {
	step  *Step // nil: it is the playbook's
	key   string
	value *Value
	at    diag.Position
	field schema.Field        // its type and its bounds
	set   func(*Step, any)    // on the step as the run has it
	whole func(*Decided, any) // on the playbook, where step is nil
}

// Decided is a plan with its numbers as one run has them. It is immutable.
type Decided struct {
	Timeout     time.Duration // 0: none
	MaxParallel int           // actions of its run at once
	Numbers     []Number      // those that were open, in the order of the file

	steps map[*Step]*Step
}

// Number is one that was decided.
type Number struct {
	Step  *Step  // nil: it is the playbook's
	Key   string // "within", "retry.attempts"
	From  string // as it is written
	Value any    // of the type of the key; a schema.Unknown where a dry run does not know it
	field schema.Field
}

// Wrong says which number has no value, or one that it does not take.
type Wrong struct {
	Number string   // "the timeout of step look"
	From   string   // as it is written
	Place  string   // file:line:column
	Inputs []string // that it is made of
	Takes  string
	Err    error
}

// Error implements error.
func (w *Wrong) Error() string {
	text := w.Err.Error()
	if faults := schema.Faults(w.Err); len(faults) > 0 {
		text = faults[0].Message
	}
	return fmt.Sprintf("%s, %s: %s", w.Number, w.From, text)
}

// Unwrap returns what is wrong with the value.
func (w *Wrong) Unwrap() error { return w.Err }

// Wrongs are all that an error of Decide is of.
func Wrongs(err error) []*Wrong {
	var all []*Wrong
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range list.Unwrap() {
			all = append(all, Wrongs(one)...)
		}
		return all
	}
	if one := (*Wrong)(nil); errors.As(err, &one) {
		all = append(all, one)
	}
	return all
}

// Fixed is the plan with the numbers that stand in its file; those that are open are as
// if they were not written.
func (p *Plan) Fixed() *Decided {
	return &Decided{Timeout: p.Timeout, MaxParallel: p.MaxParallel}
}

// Decide decides the numbers of the plan by what a run of it knows when it begins. An
// error is of *Wrong, all of them. What is unknown, as in a dry run, is as if it was not
// written.
func (p *Plan) Decide(ctx context.Context, names expression.Values) (*Decided, error) {
	d := p.Fixed()
	d.steps = map[*Step]*Step{}
	var wrong []error
	for _, n := range p.numbers {
		v, err := n.decide(ctx, names)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		d.Numbers = append(d.Numbers, Number{Step: n.step, Key: n.key, From: n.value.String(), Value: v, field: n.field})
		if schema.HasUnknown(v) {
			continue
		}
		if n.step == nil {
			n.whole(d, v)
			continue
		}
		n.set(d.own(n.step), v)
	}
	return d, errors.Join(wrong...)
}

func (n *number) decide(ctx context.Context, names expression.Values) (any, error) {
	got, err := n.value.Template.Eval(ctx, names, expression.Limits{})
	if err == nil && schema.HasUnknown(got) {
		return got, nil
	}
	if err == nil {
		if got, err = schema.ConvertField(n.field, got); err == nil {
			return got, nil
		}
	}
	w := &Wrong{Number: n.called(), From: n.value.String(), Place: n.value.Place, Takes: n.field.Takes(), Err: err}
	for _, path := range n.value.Template.Paths() {
		if path[0] == "inputs" && len(path) > 1 && !slices.Contains(w.Inputs, path[1]) {
			w.Inputs = append(w.Inputs, path[1])
		}
	}
	return nil, w
}

// called is how messages call the number.
func (n *number) called() string { return Called(n.step, n.key) }

// Called is how messages call a number of a step, nil for the playbook.
func Called(s *Step, key string) string {
	if s == nil {
		return "`" + key + "` of the playbook"
	}
	return "`" + key + "` of step " + s.Path
}

// own is the run's copy of a step.
func (d *Decided) own(s *Step) *Step {
	if have := d.steps[s]; have != nil {
		return have
	}
	c := *s
	c.planned = s
	if s.Loop != nil {
		loop := *s.Loop
		c.Loop = &loop
	}
	if s.Within != nil {
		within := *s.Within
		c.Within = &within
	}
	if s.Retry != nil {
		retry := *s.Retry
		c.Retry = &retry
	}
	d.steps[s] = &c
	return &c
}

// Step is a step of the plan with its numbers.
func (d *Decided) Step(s *Step) *Step {
	if own := d.steps[s]; own != nil {
		return own
	}
	return s
}

// Planned is the step of the plan that s has the numbers of a run for; s itself where
// it is that step.
func (s *Step) Planned() *Step {
	if s.planned != nil {
		return s.planned
	}
	return s
}

// Facts are the numbers as the journal has them, of a playbook that is called at an
// address.
func (d *Decided) Facts(called event.Path) []event.Decided {
	var out []event.Decided
	for _, n := range d.Numbers {
		f := event.Decided{Step: called, Key: n.Key, From: n.From, Text: "unknown"}
		if n.Step != nil {
			f.Step = n.Step.Address(called)
		}
		if !schema.HasUnknown(n.Value) {
			f.Text = schema.TextOf(n.Value)
			if raw, err := schema.MarshalValue(n.field.Type, n.Value); err == nil {
				f.Value = json.RawMessage(raw)
			}
		}
		out = append(out, f)
	}
	return out
}

// Written is a number of the step as the file has it: an expression, or the value.
func (s *Step) Written(key string, value any) string {
	if from := s.open[key]; from != "" {
		return from
	}
	return schema.TextOf(value)
}

// Open reports whether a number of the step is decided by a run.
func (s *Step) Open(key string) bool { return s.open[key] != "" }

// Written is Step.Written of the playbook.
func (p *Plan) Written(key string, value any) string { return p.Steps.Written(key, value) }

// Open is Step.Open of the playbook.
func (p *Plan) Open(key string) bool { return p.Steps.Open(key) }

// The keys of which numbers are.
func playbookKey(name string) schema.Field {
	return yaml.DeclarationOf[playbook.Playbook]().Key(name).Field
}
func stepKey(name string) schema.Field  { return yaml.DeclarationOf[playbook.Step]().Key(name).Field }
func retryKey(name string) schema.Field { return yaml.DeclarationOf[playbook.Retry]().Key(name).Field }

// open compiles a number that stands in no file, of a step or, for nil, of the
// playbook; nil for one that does, or that is wrong.
func (c *compiler) open(n *node, key string, f schema.Field, at *yaml.Node) *number {
	if at == nil || !strings.Contains(at.Text, "${{") {
		return nil
	}
	v := &view{c: c, reader: n}
	if other := lateIn(at.Text, v); other != "" {
		c.fail(diag.CodeBadValue, at, fmt.Sprintf("`%s` is decided when the run begins, of inputs and vars, and %s is neither", key, other), "write it of inputs and vars")
		return nil
	}
	value := c.value(at, f.Type, v)
	if value.Template == nil {
		return nil
	}
	out := &number{key: key, value: value, field: f, at: at.Span.Start}
	if n != nil {
		out.step = n.step
		n.step.opens(key, value)
	}
	c.plan.numbers = append(c.plan.numbers, out)
	return out
}

// lateIn is what a text reads beside inputs and variables, of whatever type it is; ""
// for nothing.
func lateIn(text string, v *view) string {
	t, _ := expression.CompileTemplate(text, v.env(), schema.AnyType)
	if t == nil {
		return ""
	}
	for _, path := range t.Paths() {
		if path[0] != "inputs" && path[0] != "vars" {
			return strings.Join(path[:min(2, len(path))], ".")
		}
	}
	return ""
}

func (s *Step) opens(key string, v *Value) {
	if s.open == nil {
		s.open = map[string]string{}
	}
	s.open[key] = v.String()
}

// openOn is open of a step, whose number set puts where it belongs.
func openOn[T any](c *compiler, n *node, key string, f schema.Field, at *yaml.Node, set func(*Step, T)) {
	if out := c.open(n, key, f, at); out != nil {
		out.set = func(s *Step, v any) { set(s, v.(T)) }
	}
}

// numbers compiles those of a step that stand in no file.
func (c *compiler) numbers(n *node) {
	t := n.tree
	openOn(c, n, "timeout", stepKey("timeout"), t.Timeout.Node, func(s *Step, d time.Duration) { s.Timeout = d })
	if n.step.Loop != nil {
		openOn(c, n, "max_parallel", stepKey("max_parallel"), t.MaxParallel.Node, func(s *Step, most int) { s.Loop.MaxParallel = most })
		openOn(c, n, "max_failures", stepKey("max_failures"), t.MaxFailures.Node, func(s *Step, most int) { s.Loop.MaxFailures = most })
	}
	if n.step.Within != nil {
		openOn(c, n, "within", stepKey("within"), t.Within.Node, func(s *Step, d time.Duration) {
			s.Within.Limit, s.Within.Text = d, schema.TextOf(d)
		})
		openOn(c, n, "every", stepKey("every"), t.Every.Node, func(s *Step, d time.Duration) {
			s.Within.Every, s.Within.EveryText = d, schema.TextOf(d)
		})
	}
	if r := t.Retry; r != nil && n.step.Retry != nil {
		openOn(c, n, "retry.attempts", retryKey("attempts"), r.Attempts.Node, func(s *Step, most int) { s.Retry.Attempts = most })
		openOn(c, n, "retry.delay", retryKey("delay"), r.Delay.Node, func(s *Step, d time.Duration) { s.Retry.Delay = d })
		openOn(c, n, "retry.max_delay", retryKey("max_delay"), r.MaxDelay.Node, func(s *Step, d time.Duration) { s.Retry.MaxDelay = d })
		openOn(c, n, "retry.jitter", retryKey("jitter"), r.Jitter.Node, func(s *Step, share float64) { s.Retry.Jitter = share })
	}
}

// ofPlaybook compiles the numbers of the playbook that stand in no file.
func (c *compiler) ofPlaybook(steps *node) {
	if n := c.open(nil, "timeout", playbookKey("timeout"), c.tree.Timeout.Node); n != nil {
		steps.step.opens(n.key, n.value)
		n.whole = func(d *Decided, v any) { d.Timeout = v.(time.Duration) }
	}
	if n := c.open(nil, "max_parallel", playbookKey("max_parallel"), c.tree.MaxParallel.Node); n != nil {
		steps.step.opens(n.key, n.value)
		n.whole = func(d *Decided, v any) { d.MaxParallel = v.(int) }
	}
}
