// Package procedure is a playbook as a person reads it: its page, and the graph of its
// steps.
package procedure

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/schema"
)

// document is a page on which steps are told.
type document struct {
	*page.Page
	ids int // width of the column of ids
}

// aboutColumn is where the text of a label stands.
const aboutColumn = 13

// about prints a paragraph behind a label; of no text it prints nothing.
func (d *document) about(label, text string) {
	if text != "" {
		d.Flow(d.Label(0, label, aboutColumn), page.Plain, text)
	}
}

// idColumn is the width of the longest id, from 10 to 16.
func idColumn(p *plan.Plan) int {
	wide := 10
	for _, s := range p.All() {
		wide = max(wide, len(s.ID))
	}
	return min(wide, 16)
}

// Page is the page of a playbook whose effects were counted; called is the name or path
// by which it was found, and is found again.
func Page(p *plan.Plan, called string, effects event.Effects, look page.Look) *page.Page {
	d := &document{Page: page.New(look), ids: idColumn(p)}
	origin := p.Source.Name
	if p.Source.Embedded {
		origin = "embedded"
	}
	d.Right(d.Line(page.Plain, p.Name), d.Line(page.Plain, strings.TrimPrefix(p.Category+", "+origin, ", ")))
	if p.Title != "" {
		d.Flow(d.Indent(0), page.Plain, p.Title)
	}
	d.Blank()
	d.facts(p, effects)
	d.inputs(p)
	d.section("Procedure", p.Prerequisites.Parts, p.Steps.Parts)
	d.section("Finally", p.Finally.Parts)
	d.Blank()
	d.about("Expected", p.Expected)
	for i, o := range p.Outputs {
		d.about([]string{"Gives", " "}[min(i, 1)], o.Name+" = "+o.Value.String())
	}
	d.about("See also", strings.Join(p.SeeAlso, ", "))
	d.Whole(d.Label(0, "Try", aboutColumn), page.Plain, event.Command{Playbook: called}.Again()+" --dry-run", d.Indent(0))
	return d.Page
}

func (d *document) section(title string, blocks ...[]*plan.Step) {
	if len(slices.Concat(blocks...)) == 0 {
		return
	}
	d.Blank()
	d.Say(page.Dim, title)
	for _, steps := range blocks {
		d.steps(steps, 2)
	}
}

func (d *document) facts(p *plan.Plan, e event.Effects) {
	d.about("Purpose", p.Purpose)
	d.bullets("Symptoms", "", p.Symptoms)
	d.about("Alerts", strings.Join(p.Alerts, ", "))
	d.bullets("Assumes", "not checked", p.Assumes)
	if p.Escalation != nil {
		d.about("Escalate", fmt.Sprintf("to %s after %s", p.Escalation.Contact, schema.TextOf(p.Escalation.After)))
	}
	if most := p.Written("timeout", p.Timeout); p.Timeout > 0 || p.Open("timeout") {
		d.about("Takes", "at most "+most)
	}
	if most := p.Written("max_parallel", p.MaxParallel); most != fmt.Sprint(plan.DefaultParallel) {
		d.about("At once", "at most "+most+" actions")
	}
	d.about("If it fails", afterFailure(p.OnFailure))
	for _, l := range p.Lock {
		d.about("Lock", l.String()+", one run at a time")
	}
	asks := ""
	if n := len(e.Approvals); n > 0 {
		asks = page.Counted(n, "approval")
	}
	report.Effects(d.Page, d.Label(0, "Effects", aboutColumn), e, asks)
}

// bullets prints items behind a label, each with end at the right margin.
func (d *document) bullets(label, end string, items []string) {
	for _, text := range items {
		d.FlowEnd(d.Label(0, label, aboutColumn).Add(page.Plain, "- "), page.Plain, text, d.Line(page.Dim, end))
		label = ""
	}
}

func (d *document) inputs(p *plan.Plan) {
	if len(p.Inputs.Fields) == 0 {
		return
	}
	d.Blank()
	d.Say(page.Dim, "Inputs")
	wide := 0
	for _, f := range p.Inputs.Fields {
		wide = max(wide, page.Width(f.Name))
	}
	for _, f := range p.Inputs.Fields {
		need := ""
		if f.Required {
			need = "required; "
		}
		d.Flow(d.Line(page.Bold, "  "+f.Name).Pad(wide+4, 2), page.Plain, strings.TrimSpace(need+f.Takes()+sentence(f.Doc)))
	}
}

func sentence(doc string) string {
	if doc == "" {
		return ""
	}
	return ". " + doc
}

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
	d.FlowEnd(d.Indent(indent).Add(page.Bold, short(s)).Pad(in, 1), page.Plain, title, d.verdict(s))
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
		if s.Finally != nil {
			d.Say(page.Plain, strings.Repeat(" ", indent+2)+"Finally, however these ended")
			d.steps(s.Finally.Parts, indent+2)
		}
	case plan.BodyManual:
		d.Flow(d.Indent(in), page.Plain, s.Manual.Text.String())
		for i, f := range s.Manual.Fields.Fields {
			d.labelled(in, []string{"Reports", ""}[min(i, 1)], f.Name+"  "+f.Takes()+sentence(f.Doc))
		}
	}
}

// labelled prints a labelled text below its step, wrapped.
func (d *document) labelled(in int, label, text string) {
	d.Flow(d.Label(in, label, in+aboutColumn), page.Plain, text)
}

// operation is a call of an action as it is written.
func operation(op *plan.Operation) string {
	text := op.Action.Name
	if op.Target != nil {
		text += " on " + op.Target.String()
	}
	return text + fields(op.Params)
}
