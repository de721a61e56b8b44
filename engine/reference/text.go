package reference

import (
	"io"
	"strings"

	"runbook/engine/action"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// effectLine is an effect; what destroys stands out.
func effectLine(p *page.Page, e action.Effect) *page.Line {
	if e == action.Destructive {
		return p.Line(page.Red, e.String())
	}
	return p.Line(page.Plain, e.String())
}

// List returns the actions by family: name, effect and summary.
func List(reg *action.Registry, k page.Look) *page.Page {
	p := page.New(k)
	t := page.Table{Indent: 2, Columns: []page.Column{{}, {Least: len("destructive")}, {Cut: true}}}
	for _, family := range reg.Families() {
		t.Rows = append(t.Rows, p.Cells(page.Bold, family))
		for _, a := range actionsOf(reg, family) {
			t.Rows = append(t.Rows, []*page.Line{p.Line(page.Plain, a.Name), effectLine(p, a.Effect), p.Line(page.Plain, a.Summary)})
		}
	}
	p.Table(t)
	p.Blank()
	p.Flow(p.Indent(0), page.Plain, page.Counted(len(reg.All()), "action")+". Effects are the worst case. Read one: runbook actions NAME")
	return p
}

// Table writes one line an action for a pipe: name, effect, kind of target ("-"
// for none) and summary, separated by tabs, without a header.
func Table(w io.Writer, reg *action.Registry) error {
	var rows [][]string
	for _, a := range reg.All() {
		target := "-"
		if a.Target != nil {
			target = a.Target.Name
		}
		rows = append(rows, []string{a.Name, a.Effect.String(), target, a.Summary})
	}
	return page.Tabbed(w, rows)
}

// Action returns what there is to know of an action.
func Action(a *action.Action, k page.Look) *page.Page {
	p := page.New(k)
	p.Right(p.Line(page.Bold, a.Name), effectLine(p, a.Effect))
	p.Flow(p.Indent(0), page.Plain, a.Summary)
	p.Blank()
	labelled(p, "Effect", append([]string{effectOf(a) + "."}, remarksOf(a)...)...)
	if a.Target != nil {
		labelled(p, "Target", a.Target.Name+": "+a.Target.Summary)
	}
	section(p, "Parameters", a.Params, true)
	section(p, "Outputs", a.Outputs, false)
	p.Blank()
	p.Say(page.Dim, "Example")
	for _, line := range page.Split(strings.TrimSpace(a.Example)) {
		p.Say(page.Plain, "  "+line)
	}
	return p
}

// labelled writes paragraphs behind a label in a column of 13.
func labelled(p *page.Page, label string, paragraphs ...string) {
	for _, paragraph := range paragraphs {
		p.Flow(p.Label(0, label, 13), page.Plain, strings.ReplaceAll(paragraph, "`", ""))
		label = ""
	}
}

func section(p *page.Page, title string, t *schema.Type, params bool) {
	p.Blank()
	p.Say(page.Dim, title)
	rows := rowsOf(t, "")
	switch {
	case t.Kind == schema.Map && params:
		p.Say(page.Plain, "  any, of any type")
		return
	case t.Kind == schema.Map:
		p.Say(page.Plain, "  its parameters, with their types")
		return
	case len(rows) == 0:
		p.Say(page.Plain, "  none")
		return
	}
	var names, kinds, given int
	for i := range rows {
		if !params {
			rows[i].given = ""
			if rows[i].optional {
				rows[i].kind = "optional " + rows[i].kind
			}
		}
		names = max(names, page.Width(rows[i].path))
		kinds = max(kinds, page.Width(rows[i].kind))
		given = max(given, page.Width(rows[i].given))
	}
	for _, r := range rows {
		l := p.Line(page.Bold, "  "+r.path).Pad(2+names+2, 2).Add(page.Plain, r.kind).Pad(2+names+2+kinds+2, 2)
		if given > 0 {
			l.Add(page.Plain, r.given).Pad(l.Width()+given-page.Width(r.given)+2, 2)
		}
		p.Flow(l, page.Plain, r.doc)
	}
}
