package main

import (
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// steps prints steps and their parts.
func (d *document) steps(steps []*plan.Step, indent int) {
	for i, s := range steps {
		if i > 0 && indent == 2 && (len(steps[i-1].Parts) > 0 || len(s.Parts) > 0) {
			fmt.Fprintln(d)
		}
		d.step(s, indent)
	}
}

// verdictOf says what a step may do: "write, asks".
func verdictOf(s *plan.Step) string {
	var out []string
	switch {
	case s.Op != nil:
		out = append(out, s.Op.Effect.String())
	case s.Body == plan.BodyManual:
		out = append(out, "by a person")
	case s.Body == plan.BodyCall:
		out = append(out, "calls "+s.Call.Name)
	}
	if s.Approve != nil || s.Op != nil && s.Op.Effect == action.Destructive {
		out = append(out, "asks")
	}
	return strings.Join(out, ", ")
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
	pad := strings.Repeat(" ", indent)
	title := s.Title
	if title == "" && s.Op != nil {
		title = operation(s.Op)
	}
	if title == "" && s.Body == plan.BodyBlock {
		title = "block"
	}
	d.right(fmt.Sprintf("%s%-*s %s", pad, d.ids, short(s), title), verdictOf(s))
	in := pad + strings.Repeat(" ", d.ids+1)
	if s.Title != "" && s.Op != nil {
		d.hanging(in, operation(s.Op))
	}
	d.conditions(s, in)
	switch s.Body {
	case plan.BodyRemedies:
		fmt.Fprintf(d, "%sRemedies, mildest first; the first that reaches the goal is the last\n", in)
		d.steps(s.Parts, len(in))
	case plan.BodyBlock:
		d.steps(s.Parts, indent+2)
	case plan.BodyManual:
		d.hanging(in, s.Manual.Text.String())
	}
}

// hanging prints text below its step, wrapped.
func (d *document) hanging(in, text string) {
	for _, line := range wrap(text, max(40, d.width-len(in))) {
		fmt.Fprintf(d, "%s%s\n", in, line)
	}
}

// labelled prints a labelled text below its step, wrapped.
func (d *document) labelled(in, label, text string) {
	for i, line := range wrap(text, max(40, d.width-len(in)-13)) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(d, "%s%-13s%s\n", in, label, line)
	}
}

// conditions prints when a step runs and what must hold after it.
func (d *document) conditions(s *plan.Step, in string) {
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
