package plan

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

const defaultEvery = time.Second

// judged are the names that a step's verification, its undo and its messages
// see beside those that stand everywhere.
func judged(s *Step) map[string]*schema.Type {
	names := map[string]*schema.Type{}
	if s.Outputs != nil {
		names["outputs"] = s.Outputs
	}
	if s.Observed != nil {
		names["observed"], names["before"] = s.Observed, s.Observed
	}
	return names
}

func (c *compiler) verify(n *node) {
	v := &view{c: c, reader: n, within: true, names: judged(n.step)}
	for _, t := range n.tree.Verify {
		e := c.expr(t.That, v, schema.BoolType)
		if e == nil {
			continue
		}
		n.step.Verify = append(n.step.Verify, &Check{
			Expr: e, Message: c.template(t.Message, v, schema.StringType), Warn: t.Level.Value == "warn",
			Place: c.place(t.That.Node), Pre: !e.Reads("outputs") && !e.Reads("before"),
		})
	}
}

// within bounds the polling; it needs something to look at again.
func (c *compiler) within(n *node) {
	t, s := n.tree, n.step
	if !t.Within.Set() {
		return
	}
	reads := s.Body == BodyAction && s.Op != nil && s.Op.Best == action.Read
	if t.Observe == nil && !reads && (s.Op != nil || s.Body != BodyAction) {
		c.fail(diag.CodeMisplaced, t.Within.Node, "`within` needs something to look at again: an `observe`, or an action that reads", "add observe: {action: …, with: {…}}")
		return
	}
	w := &Within{Limit: t.Within.Value, Every: t.Every.Or(defaultEvery), Text: t.Within.Node.Text}
	if t.Every.Set() {
		w.EveryText = t.Every.Node.Text
	}
	s.Within = w
}

func (c *compiler) approval(n *node, v *view) {
	t := n.tree.Approve
	if t == nil || n.step.Body != BodyAction {
		return
	}
	c.fixed("by", t.By, "name one of the roles of runbook.yaml")
	c.role(t.By)
	names := judged(n.step)
	delete(names, "outputs")
	shown := &view{c: c, reader: v.reader, names: names}
	n.step.Approve = &Approve{
		Message: c.template(t.Message, shown, schema.StringType), By: t.By.Value,
		Approvers: t.Approvers.Or(1), Expires: t.Expires.Value,
		Refuse: t.Unattended.Value == "refuse",
	}
}

// role wants that somebody can have the role that is to answer.
func (c *compiler) role(by yaml.String) {
	if c.Roles == nil || !by.Set() || slices.Contains(c.Roles, by.Value) {
		return
	}
	hint := "list it under `roles` of runbook.yaml, with the people who have it"
	if near := c.near(CodeNoRole, by.Value, c.Roles); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	c.fail(CodeNoRole, by.Node, fmt.Sprintf("there is no role %q, and nobody else may answer", by.Value), hint)
}

func (c *compiler) retry(n *node) {
	t := n.tree.Retry
	if t == nil || n.step.Body != BodyAction {
		return
	}
	if op := n.step.Op; op != nil && op.Action.Child && op.Best != action.Read && !op.Idempotent && !op.Action.Idempotent {
		c.fail(diag.CodeMisplaced, t.Node, "a `retry` of "+op.Action.Name+" has no use: of a program that failed it is not known what it did", "write idempotent: true beside it, if running the program again changes nothing more")
	}
	r := &Retry{
		Attempts: t.Attempts.Or(1), Delay: t.Delay.Or(time.Second), MaxDelay: t.MaxDelay.Value, Jitter: t.Jitter.Value,
		Exponential: t.Backoff.Value == "exponential",
		If:          c.expr(t.If, &view{c: c, reader: n, names: map[string]*schema.Type{"error": schema.StringType}}, schema.BoolType),
	}
	n.step.Retry = r
}

// undo compiles the compensation of a step, which sees its before and outputs, as do
// the parts of it.
func (c *compiler) undo(n *node) {
	t := n.tree.Undo
	if t == nil || n.step.Body != BodyAction {
		return
	}
	child := &node{tree: t, parent: n, phase: n.phase, step: &Step{
		Path: n.step.Path + "/undo", Local: n.step.Local + "/undo", Place: c.place(t.Node), Parent: n.step,
	}}
	if t.Manual != nil {
		return // reported with the tree
	}
	v := &view{c: c, reader: child}
	if n.tree.ForEach != nil { // it undoes an item
		child.step.Local = "undo"
	}
	if len(t.Remedies) > 0 {
		c.children(child, t.Remedies, true)
	} else {
		c.children(child, t.Steps, false)
		c.lastly(child)
	}
	c.seen(child, v)
	n.step.Undo = child.step
	if !n.step.Undone() {
		c.warn(CodeIdleUndo, t.Node, "nothing in this playbook calls this undo", "write on_failure: undo on the step, on the block around it, or on the playbook; or on what calls this playbook")
	}
}

func (c *compiler) manual(n *node, v *view) {
	m := n.tree.Manual
	fields := &schema.Type{Kind: schema.Object}
	for _, f := range m.Fields {
		fields.Fields = append(fields.Fields, c.field(f))
	}
	n.step.Manual = &Manual{Text: c.template(m.Text, v, schema.StringType), Fields: fields}
	outputs := schema.ObjectOf(append(append([]schema.Field{}, fields.Fields...),
		schema.Field{Name: "by", Type: schema.StringType}, schema.Field{Name: "at", Type: schema.TimeType})...)
	n.step.Outputs = outputs
}

// call types inputs and outputs by the callee.
func (c *compiler) call(n *node, v *view) {
	name := n.tree.Call
	if c.Callee == nil {
		c.fail(CodeUnknownPlaybook, name.Node, fmt.Sprintf("no playbook %q", name.Value), "")
		return
	}
	callee, err := c.Callee(name.Value, c.tree.Source)
	var wrong *CallError
	switch {
	case errors.As(err, &wrong):
		c.fail(wrong.Code, name.Node, wrong.Message, wrong.Hint)
		return
	case err != nil:
		c.fail(CodeUnknownPlaybook, name.Node, err.Error(), "list them: runbook list")
		return
	}
	n.step.Call = &Call{Name: name.Value, Plan: callee, Params: c.params(name.Value, callee.Inputs, name.Node, n.tree.With, v)}
	n.step.Outputs = callee.Result
	c.keys(n)
	if callee.changing != nil {
		c.changes(n, callee.changing, name.Node, name.Value)
	}
}
