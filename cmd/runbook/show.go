package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/schema"
)

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME|PATH", Short: "Read the procedure of a playbook", Args: exactly(1, "the name or path of one playbook"),
		RunE: func(_ *cobra.Command, words []string) error {
			p, err := a.plan(words[0])
			if err != nil {
				return err
			}
			return procedure(p, page.Of(a.Out)).Print(a.Out)
		},
		ValidArgsFunction: a.completePlaybooks,
	}
}

// plan compiles a playbook for reading, without an environment.
func (a *app) plan(name string) (*plan.Plan, error) {
	l, err := a.launcher()
	if err != nil {
		return nil, err
	}
	return l.Plan(name, nil)
}

// document is a page on which steps are told.
type document struct {
	*page.Page
	ids int // width of the column of ids
}

// aboutColumn is where the text of a label stands.
const aboutColumn = 13

// about prints paragraphs behind a label; of none it prints nothing.
func (d *document) about(label string, texts ...string) {
	for _, text := range texts {
		d.Flow(d.Label(0, label, aboutColumn), page.Plain, text)
		label = ""
	}
}

// some is text, unless it is empty.
func some(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// idColumn is the width of the longest id, from 10 to 16.
func idColumn(p *plan.Plan) int {
	wide := 10
	for _, s := range p.All() {
		wide = max(wide, len(s.ID))
	}
	return min(wide, 16)
}

// procedure is a playbook as a person reads it.
func procedure(p *plan.Plan, look page.Look) *page.Page {
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
	d.facts(p)
	d.inputs(p)
	d.section("Procedure", p.Prerequisites.Parts, p.Steps.Parts)
	d.section("Finally", p.Finally.Parts)
	d.Blank()
	d.about("Expected", some(p.Expected)...)
	d.about("See also", some(strings.Join(p.SeeAlso, ", "))...)
	d.Whole(d.Label(0, "Try", aboutColumn), page.Plain, "runbook run "+p.Name+" --dry-run", d.Indent(0))
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

func (d *document) facts(p *plan.Plan) {
	d.about("Purpose", some(p.Purpose)...)
	d.bullets("Symptoms", "", p.Symptoms)
	d.about("Alerts", some(strings.Join(p.Alerts, ", "))...)
	d.bullets("Assumes", "not checked", p.Assumes)
	if p.Escalation != nil {
		d.about("Escalate", fmt.Sprintf("to %s after %s", p.Escalation.Contact, schema.TextOf(p.Escalation.After)))
	}
	if p.Timeout > 0 {
		d.about("Takes", "at most "+schema.TextOf(p.Timeout))
	}
	for _, l := range p.Lock {
		d.about("Lock", l.String()+", one run at a time")
	}
	e, asks := launch.Effects(p, environment.DefaultPolicy()), ""
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
