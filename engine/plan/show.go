package plan

import (
	"context"
	"fmt"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// silence is the word by which a step shows nothing.
const silence = "none"

// show compiles what a person should see of a step. It sees what the verification
// sees, and nothing relies on it: what cannot be evaluated is told in its place.
func (c *compiler) show(n *node) {
	t, s := n.tree, n.step
	c.showsItself(n)
	v := &view{c: c, reader: n, within: true, names: judged(s)}
	for _, part := range t.Show {
		var shown *Show
		switch {
		case part.Table.Set():
			shown = c.table(part, v)
		case part.Value.Value == silence && len(t.Show) == 1:
			s.Silent = true
		default:
			shown = c.shown(part.Value, v)
		}
		if shown != nil {
			s.Show = append(s.Show, shown)
		}
	}
}

// showsItself notes that what the action shows by itself, or what is kept, is read.
func (c *compiler) showsItself(n *node) {
	n.step.Keep = n.tree.Keep.Value
	if n.step.Op == nil {
		return
	}
	some := false
	for _, f := range n.step.Op.Action.Outputs.Fields {
		some = some || f.Show != ""
		if f.Show != "" && (n.step.Keep || len(n.tree.Show) == 0) {
			n.read([]string{"outputs", f.Name}, false)
		}
	}
	if n.step.Keep && !some {
		c.fail(diag.CodeMisplaced, n.tree.Keep.Node, n.step.Op.Action.Name+" gives no text that is kept", "remove it; the journal has its outputs")
	}
}

// shown compiles an expression, or a text with some in it.
func (c *compiler) shown(s yaml.String, v *view) *Show {
	if expression.HasTemplate(s.Value) && !expression.IsAlone(s.Value) {
		tm, problems := expression.CompileTemplate(s.Value, v.env(), schema.StringType)
		c.problems(s.Node, problems)
		c.uses(s.Value)
		if failedIn(problems) {
			return nil
		}
		c.reads(v, tm.Paths())
		return &Show{Text: tm}
	}
	e := c.glance(s, v, nil)
	if e == nil || !c.isShown(s, e.Type(), true) {
		return nil
	}
	return &Show{Expr: e}
}

// isShown reports whether a value of that type can be shown as text, and reports one
// that cannot.
func (c *compiler) isShown(s yaml.String, t *schema.Type, list bool) bool {
	switch {
	case t.HoldsSecret():
		c.fail(expression.CodeSecret, s.Node, "a secret is shown to nobody", "show what is no secret")
	case t.Kind == schema.List && list:
		return c.isShown(s, t.Element(), false)
	case t.Kind == schema.Object && !list:
		c.fail(expression.CodeType, s.Node, "this is a list of rows, and a line is shown of a text or a number", "write {table: …, columns: [name, …]}; the rows have: "+strings.Join(t.Names(), ", "))
	case t.Kind == schema.Object && len(t.Fields) > 0:
		c.fail(expression.CodeType, s.Node, "this has members, and a line is shown of a text or a number", "show some of them, as a list; it has: "+strings.Join(t.Names(), ", "))
	default:
		return true
	}
	return false
}

// table compiles a table, whose columns are members of its rows.
func (c *compiler) table(t *playbook.Shown, v *view) *Show {
	e := c.glance(t.Table, v, schema.ListOf(schema.AnyType))
	if e == nil {
		return nil
	}
	row := schema.AnyType
	if e.Type().Kind == schema.List {
		row = e.Type().Element()
	}
	out := &Show{Expr: e}
	switch {
	case row.Kind != schema.Object && row.Kind != schema.Map && row.Kind != schema.Any:
		c.fail(expression.CodeType, t.Table.Node, "a row of a table has members, and this is "+e.Type().String(), "show it without a table: a line for each element")
		return nil
	case len(t.Columns) > 0:
		out.Columns = c.columns(t.Columns, row)
	case row.Kind == schema.Object:
		out.Columns = cellsOf(row)
	default:
		out.Seen = true
	}
	return out
}

func (c *compiler) columns(given []yaml.String, row *schema.Type) []string {
	var out []string
	for _, name := range given {
		if _, ok := row.Field(name.Value); row.Kind == schema.Object && !ok {
			c.fail(expression.CodeUnknownName, name.Node, fmt.Sprintf("the rows have no %q", name.Value), c.known(expression.CodeUnknownName, name.Value, row.Names))
			continue
		}
		out = append(out, name.Value)
	}
	return out
}

// cellsOf are the members that fit into a cell.
func cellsOf(row *schema.Type) []string {
	var out []string
	for _, f := range row.Fields {
		switch f.Type.Kind {
		case schema.List, schema.Map, schema.Object:
		default:
			out = append(out, f.Name)
		}
	}
	return out
}

// Eval gives the value of the part, and its unit where that is a number and its names
// say it.
func (s *Show) Eval(ctx context.Context, names expression.Values) (any, schema.Unit, error) {
	if s.Text != nil {
		v, err := s.Text.Eval(ctx, names, expression.Limits{})
		return v, "", err
	}
	x := s.Expr.Explain(ctx, names, expression.Limits{})
	return x.Value, x.Root.Unit, x.Err
}

// Reads reports whether the part refers to a top-level name.
func (s *Show) Reads(name string) bool {
	if s.Text != nil {
		return s.Text.Reads(name)
	}
	return s.Expr.Reads(name)
}

// String is the part as it is written.
func (s *Show) String() string {
	switch {
	case s.Text != nil:
		return s.Text.Source()
	case s.Columns == nil && !s.Seen:
		return s.Expr.Source()
	case s.Seen:
		return "a table of " + s.Expr.Source()
	}
	return "a table of " + s.Expr.Source() + ": " + strings.Join(s.Columns, ", ")
}
