package plan

import (
	"fmt"
	"slices"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// parts compiles the parts of a step, each after those that it waits for.
func (c *compiler) parts(n *node) {
	for _, block := range n.blocks() {
		order, _ := sequence(block.children)
		for _, child := range order {
			c.step(child)
		}
	}
}

// step compiles one step: what surrounds its body, its body, and what is
// judged after it.
func (c *compiler) step(n *node) { c.seen(n, &view{c: c, reader: n}) }

// seen compiles a step that sees what v does.
func (c *compiler) seen(n *node, v *view) {
	t, s := n.tree, n.step
	s.Title = t.Title.Value
	s.OnFailure = onFailure(t.OnFailure)
	s.Timeout = t.Timeout.Value
	s.SkipIfMet = t.SkipIfMet.Value
	c.when(n, v)
	c.loop(n, v)
	c.title(n, v)
	c.observe(n, v)
	c.body(n, v)
	set := &typeSet{outputs: s.Outputs, observed: s.Observed}
	if s.ID != "" {
		c.types[s.ID] = set
	}
	c.verify(n)
	c.show(n)
	c.within(n)
	c.approval(n, v)
	c.retry(n)
	c.numbers(n)
	c.undo(n)
	c.timely(n)
}

func (c *compiler) when(n *node, v *view) {
	if e := c.expr(n.tree.When, v, schema.BoolType); e != nil {
		n.step.When = &Condition{Expr: e, Place: c.place(n.tree.When.Node)}
	}
}

// title compiles a title that is made of what is known when the step starts.
func (c *compiler) title(n *node, v *view) {
	if t := n.tree.Title; expression.HasTemplate(t.Value) {
		n.step.Titled = c.template(t, v, schema.StringType)
	}
}

func (c *compiler) observe(n *node, v *view) {
	o := n.tree.Observe
	if o == nil {
		return
	}
	op := c.operation(o.Action, o.With, c.targetOf(n, o.Action, o.Target), v)
	if op == nil {
		n.step.Observed = schema.AnyType // what follows from a wrong name is not reported
		return
	}
	if op.Best != action.Read {
		c.fail(CodeEffect, o.Action.Node, "`observe` only reads, and "+op.Action.Name+" is a "+op.Effect.String(), "observe with an action that reads")
	}
	n.step.Observe, n.step.Observed = op, op.Action.Outputs
}

// body compiles the one body of a step.
func (c *compiler) body(n *node, v *view) {
	t, s := n.tree, n.step
	switch {
	case t.Has("steps"):
		s.Body, s.Brief = BodyBlock, schema.HumanQuantity(len(t.Steps), "step", "steps")
		c.parts(n)
		if len(t.Outputs) > 0 {
			s.Gives, s.Outputs = c.results(t.Outputs, &view{c: c, reader: n, within: true})
		}
	case len(t.Remedies) > 0:
		s.Body, s.Brief = BodyRemedies, schema.HumanQuantity(len(t.Remedies), "remedy", "remedies")
		s.Outputs = schema.ObjectOf(
			schema.Field{Name: "remedy", Type: schema.StringType.AsOptional()},
			schema.Field{Name: "verdict", Type: schema.EnumOf("met", "effective", "ineffective", "worse")},
		)
		c.parts(n)
	case t.Call.Set():
		s.Body, s.Brief = BodyCall, "call "+t.Call.Value
		c.call(n, v)
	case t.Manual != nil:
		s.Body, s.Brief = BodyManual, "by a person"
		c.manual(n, v)
	default:
		s.Body = BodyAction
		c.action(n, v)
	}
}

func (c *compiler) action(n *node, v *view) {
	t, s, before := n.tree, n.step, c.errors
	op := c.operation(t.Action, t.With, c.targetOf(n, t.Action, t.Target), v)
	if op == nil {
		s.Outputs = schema.AnyType
		return
	}
	s.Op, s.Outputs = op, op.Action.Outputs
	if op.Action.Untyped {
		s.Outputs = op.Params.Type
	}
	c.raise(t.Effect, op)
	if op.Idempotent = t.Idempotent.Value; op.Idempotent && !op.Action.Child {
		c.fail(diag.CodeMisplaced, t.Idempotent.Node, "`idempotent` is said of a program; of "+op.Action.Name+" it is known whether sending it again changes more", "remove it; a shell.run or a docker.exec takes it")
	}
	if op.Best != action.Read {
		c.changes(n, s, t.Action.Node, "")
	}
	s.Brief = op.Action.Name
	if brief := c.brief(op); brief != "" {
		s.Brief += " " + brief
	}
	switch {
	case op.Effect != action.Destructive:
	case op.Best < op.Effect:
		if t.Approve == nil && c.errors == before {
			c.warn(CodeEffect, t.Action.Node, op.Action.Name+" may destroy here, and nobody is asked", "add `approve: {message: …}`, or see that each target lists what it only writes under `writes`")
		}
	case undone(n) != nil:
		c.fail(CodeEffect, t.Action.Node, "an undo never destroys, and "+op.Action.Name+" does", "put back with an action that writes")
	case t.Approve == nil:
		c.fail(diag.CodeMissingKey, t.Action.Node, op.Action.Name+" destroys, and nobody is asked", "add `approve: {message: …}`")
	}
}

// changes keeps the first step that changes something whatever its values are, and
// refuses one among the prerequisites; through is the playbook that a call reaches it
// by.
func (c *compiler) changes(n *node, s *Step, at *yaml.Node, through string) {
	if c.plan.changing == nil {
		c.plan.changing = s
	}
	if n.phase != inPrerequisites {
		return
	}
	what := s.Op.Action.Name + " does not: its effect is " + s.Op.Effect.String()
	if through != "" {
		what = through + " does not: at " + s.Path + " the effect of " + s.Op.Action.Name + " is " + s.Op.Effect.String()
	}
	c.fail(CodeEffect, at, "a prerequisite only reads, and "+what, "look here with an action that reads, and move what changes something to `steps`")
}

// undone is the step that n undoes, or is a part of undoing; nil: it does neither.
func undone(n *node) *node {
	for ; n.parent != nil; n = n.parent {
		if n.undoes() {
			return n.parent
		}
	}
	return nil
}

// undoes reports whether the step is the undo of the one above it.
func (n *node) undoes() bool {
	return n.tree != nil && n.parent != nil && n.parent.tree != nil && n.parent.tree.Undo == n.tree
}

// raise applies `effect:`, which may only raise what the action declares.
func (c *compiler) raise(s yaml.String, op *Operation) {
	if !s.Set() {
		return
	}
	e, err := action.ParseEffect(s.Value)
	switch {
	case err != nil:
		c.fail(diag.CodeBadWord, s.Node, err.Error(), "")
	case e < op.Effect:
		c.fail(CodeEffect, s.Node, fmt.Sprintf("%s is a %s; a step may raise an effect, not lower it", op.Action.Name, op.Effect), "remove it")
	default:
		op.Effect, op.Best, op.Raised = e, max(op.Best, e), true
	}
}

// targetOf is the target of an action of a step: its own; else that of the step, which
// also covers its observation, and what undoes it, where they are of the same family.
func (c *compiler) targetOf(n *node, name, own yaml.String) yaml.String {
	a, ok := c.Registry.Lookup(name.Value)
	if own.Set() || !ok || a.Target == nil {
		return own
	}
	for ; n != nil && n.tree != nil; n = undone(n) {
		of, ok := c.Registry.Lookup(n.tree.Action.Value)
		if !n.tree.Action.Set() && n.tree.Observe != nil {
			of, ok = c.Registry.Lookup(n.tree.Observe.Action.Value)
		}
		if n.tree.Target.Set() && ok && of.Target != nil && of.Target.Name == a.Target.Name {
			return n.tree.Target
		}
	}
	return own
}

// operation compiles a call of an action.
func (c *compiler) operation(name yaml.String, with *yaml.Node, target yaml.String, v *view) *Operation {
	a, ok := c.Registry.Lookup(name.Value)
	if !ok {
		switch {
		case c.fixed("action", name, "choose by `when` on two steps"):
		case name.Set():
			hint := "list them: runbook actions"
			if near := c.near(CodeUnknownAction, name.Value, c.Registry.Names()); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			c.fail(CodeUnknownAction, name.Node, fmt.Sprintf("there is no action %q", name.Value), hint)
		}
		c.usesIn(with)
		return nil
	}
	op := &Operation{Action: a, Effect: a.Effect, Best: a.Effect}
	if a.Lowers() {
		op.Best = action.Read
	}
	if target.Set() {
		op.Target = c.template(target, v, schema.StringType)
		op.Group = v.groupAround(target)
	}
	before := c.errors
	op.Params = c.params(a.Name, a.Params, name.Node, with, v)
	if c.errors > before {
		return op
	}
	if b, err := a.Decode(static(op.Params), action.Target{}); err == nil {
		op.Effect, op.Best, op.takes = b.Effect, b.Best, b.Takes
	} else if at := with; at != nil {
		c.mismatch(at, err)
	}
	return op
}

// fixed reports an expression where none is taken.
func (c *compiler) fixed(key string, s yaml.String, hint string) bool {
	if !expression.HasTemplate(s.Value) {
		return false
	}
	c.fail(diag.CodeBadValue, s.Node, fmt.Sprintf("%q is fixed, it takes no ${{ }}", key), hint)
	return true
}

// params compiles `with` against the declared parameters.
func (c *compiler) params(owner string, t *schema.Type, at, with *yaml.Node, v *view) *Value {
	p := &Value{Type: t, Place: c.place(at), IsObject: true}
	var given []string
	if with != nil {
		for _, pair := range with.Pairs {
			given = append(given, pair.Key.Text)
		}
		object := c.members(p, with, t, v, owner)
		if t.Kind == schema.Map {
			p.Type = object
		}
	}
	for _, f := range t.Fields {
		// a wrong name that was given, and was reported, may stand for the missing one
		stands := func(g string) bool { return g == f.Name || diag.Nearest(g, []string{f.Name}) == f.Name }
		if f.Required && !slices.ContainsFunc(given, stands) {
			c.fail(CodeMissingParam, at, fmt.Sprintf("%s needs %q", owner, f.Name), "it takes "+f.Takes())
		}
	}
	return p
}

// checkField checks a constant against the bounds of its parameter.
func (c *compiler) checkField(t *schema.Type, name string, n *yaml.Node, v *Value) {
	f, ok := t.Field(name)
	if !ok || v.Template != nil || v.Expr != nil || v.IsList || v.IsObject || v.Const == nil {
		return
	}
	if _, err := schema.ConvertField(f, v.Const); err != nil {
		c.mismatch(n, err)
	}
}

// EffectAt are the worst effect of the operation at a target, and the mildest that a
// value may give which is not known there: one for which leaf gives an Unknown.
func (op *Operation) EffectAt(target action.Target, leaf func(*Value) (any, error)) (worst, best action.Effect) {
	values, err := op.Params.Fill(leaf)
	if err != nil {
		return op.Effect, op.Best
	}
	b, err := op.Action.Decode(values.(map[string]any), target)
	if err != nil {
		return op.Effect, op.Best
	}
	if op.Raised {
		b.Effect, b.Best = max(b.Effect, op.Effect), max(b.Best, op.Effect)
	}
	return b.Effect, b.Best
}

// Unread gives for each expression that it is not known.
func Unread(*Value) (any, error) { return schema.Unknown{}, nil }

// static are the parameters with what an expression gives as unknown.
func static(p *Value) map[string]any {
	values, _ := p.Fill(Unread)
	return values.(map[string]any)
}
