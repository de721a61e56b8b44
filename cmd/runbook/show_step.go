package main

import (
	"fmt"

	"runbook/engine/action"
	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// steps prints steps and their parts.
func (d *document) steps(steps []*plan.Step, indent int) {
	for i, s := range steps {
		if i > 0 && indent == 2 && (len(steps[i-1].Parts) > 0 || len(s.Parts) > 0) {
			d.Blank()
		}
		d.step(s, indent)
	}
}

// verdict says what a step may do: "write, asks".
func (d *document) verdict(s *plan.Step) *page.Line {
	l := d.Indent(0)
	switch {
	case s.Op != nil && s.Op.Effect == action.Destructive:
		return l.Add(page.Red, s.Op.Effect.String()).Add(page.Plain, ", asks")
	case s.Op != nil:
		l.Add(page.Plain, s.Op.Effect.String())
	case s.Body == plan.BodyManual:
		l.Add(page.Plain, "by a person")
	case s.Body == plan.BodyCall:
		l.Add(page.Plain, "calls "+s.Call.Name)
	}
	if s.Approve != nil && l.Width() > 0 {
		l.Add(page.Plain, ", ")
	}
	if s.Approve != nil {
		l.Add(page.Plain, "asks")
	}
	return l
}

// short is the address of a step in its own block.
func short(s *plan.Step) string {
	if s.ID != "" {
		return s.ID
	}
	if s.Remedy > 0 {
		return fmt.Sprint(s.Remedy)
	}
	return fmt.Sprint(s.Number + 1)
}

func (d *document) step(s *plan.Step, indent int) {
	title := s.Title
	if title == "" && s.Op != nil {
		title = operation(s.Op)
	}
	if title == "" && s.Body == plan.BodyBlock {
		title = "block"
	}
	in := indent + d.ids + 1
	d.FlowTop(d.Indent(indent).Add(page.Bold, short(s)).Pad(in, 1), page.Plain, title, d.verdict(s))
	if s.Title != "" && s.Op != nil {
		d.Flow(d.Indent(in), page.Plain, operation(s.Op))
	}
	d.conditions(s, in)
	switch s.Body {
	case plan.BodyRemedies:
		d.Flow(d.Indent(in), page.Plain, "Remedies, mildest first; the first that reaches the goal is the last")
		d.steps(s.Parts, in)
	case plan.BodyBlock:
		d.steps(s.Parts, indent+2)
	case plan.BodyManual:
		d.Flow(d.Indent(in), page.Plain, s.Manual.Text.String())
	}
}

// labelled prints a labelled text below its step, wrapped.
func (d *document) labelled(in int, label, text string) {
	d.Flow(d.Label(in, label, in+aboutColumn), page.Plain, text)
}

// conditions prints when a step runs and what must hold after it.
func (d *document) conditions(s *plan.Step, in int) {
	if s.When != nil {
		d.labelled(in, "Only when", s.When.Expr.Source())
	}
	if s.Loop != nil {
		text := s.Loop.Items.String()
		if s.Loop.MaxParallel > 1 {
			text += fmt.Sprintf(", %d at once", s.Loop.MaxParallel)
		}
		d.labelled(in, "For each", text)
	}
	if s.Observe != nil {
		d.labelled(in, "Observe", operation(s.Observe))
	}
	label := "Verify"
	if s.Body == plan.BodyRemedies {
		label = "Goal"
	}
	for _, c := range s.Verify {
		name := label
		if c.Warn {
			name = "Warn if not"
		}
		d.labelled(in, name, c.Expr.Source())
		if c.Message != nil {
			d.labelled(in, "", "else: "+c.Message.String())
		}
	}
	if s.Within != nil {
		text := "within " + s.Within.Text
		if s.Body == plan.BodyRemedies {
			text += " of each remedy"
		}
		d.labelled(in, "", text+", observed every "+schema.TextOf(s.Within.Every))
	}
	if s.Retry != nil {
		d.labelled(in, "Tried", fmt.Sprintf("at most %d times", s.Retry.Attempts))
	}
	if s.Undo != nil {
		d.labelled(in, "Undo", s.Undo.Name())
	}
}

// operation is a call of an action as it is written.
func operation(op *plan.Operation) string {
	text := op.Action.Name
	if op.Target != nil {
		text += " on " + op.Target.String()
	}
	if op.Params == nil || op.Params.Value == nil {
		return text
	}
	for _, f := range op.Params.Value.Fields {
		text += "  " + f.Name + "=" + f.Value.String()
	}
	return text
}
