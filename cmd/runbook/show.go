package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/plan"
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
			text := procedure(p, page.Of(a.Out).Columns())
			if a.Out.Colored() {
				text = paint(text, showBrushes())
			}
			return put(a.Out, text)
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

// document is text in columns.
type document struct {
	strings.Builder
	width int
	ids   int // width of the column of ids
}

// right prints text with a verdict at the right edge.
func (d *document) right(text, verdict string) {
	if verdict == "" {
		fmt.Fprintln(d, text)
		return
	}
	gap := max(2, d.width-len([]rune(text))-len([]rune(verdict)))
	fmt.Fprintf(d, "%s%*s%s\n", text, gap, "", verdict)
}

// label prints a labelled paragraph, wrapped.
func (d *document) label(label, text string) {
	for i, line := range wrap(text, d.width-13) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(d, "%-13s%s\n", label, line)
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

// glue stands for a space at which a line does not end.
const glue = "\x00"

// glued keeps short expressions in one piece.
func glued(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${{")
		inside, after, closed := strings.Cut(rest, "}}")
		if !ok || !closed {
			b.WriteString(text)
			return b.String()
		}
		if len(inside) < 40 {
			inside = strings.ReplaceAll(inside, " ", glue)
		}
		b.WriteString(before + "${{" + inside + "}}")
		text = after
	}
}

// wrap breaks text between words into lines of at most width characters.
func wrap(text string, width int) []string {
	lines := broken(glued(text), width)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], glue, " ")
	}
	return lines
}

func broken(text string, width int) []string {
	var out []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
				out, line = append(out, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		out = append(out, line)
	}
	return out
}

// procedure is a playbook as a person reads it.
func procedure(p *plan.Plan, width int) string {
	d := &document{width: width, ids: idColumn(p)}
	origin := p.Source.Name
	if p.Source.Embedded {
		origin = "embedded"
	}
	d.right(p.Name, strings.TrimPrefix(p.Category+", "+origin, ", "))
	if p.Title != "" {
		fmt.Fprintln(d, p.Title)
	}
	fmt.Fprintln(d)
	d.about(p)
	d.inputs(p)
	fmt.Fprintln(d, "\nProcedure")
	d.steps(p.Prerequisites.Parts, 2)
	d.steps(p.Steps.Parts, 2)
	if len(p.Finally.Parts) > 0 {
		fmt.Fprintln(d, "\nFinally")
		d.steps(p.Finally.Parts, 2)
	}
	fmt.Fprintln(d)
	if p.Expected != "" {
		d.label("Expected", p.Expected)
	}
	if len(p.SeeAlso) > 0 {
		d.label("See also", strings.Join(p.SeeAlso, ", "))
	}
	d.label("Try", "runbook run "+p.Name+" --dry-run")
	return d.String()
}

func (d *document) about(p *plan.Plan) {
	if p.Purpose != "" {
		d.label("Purpose", p.Purpose)
	}
	for i, s := range p.Symptoms {
		label := "Symptoms"
		if i > 0 {
			label = ""
		}
		d.label(label, "- "+s)
	}
	if len(p.Alerts) > 0 {
		d.label("Alerts", strings.Join(p.Alerts, ", "))
	}
	for i, s := range p.Assumes {
		label := "Assumes"
		if i > 0 {
			label = ""
		}
		d.right(fmt.Sprintf("%-13s- %s", label, s), "not checked")
	}
	if p.Escalation != nil {
		d.label("Escalate", fmt.Sprintf("to %s after %s", p.Escalation.Contact, schema.TextOf(p.Escalation.After)))
	}
	if p.Timeout > 0 {
		d.label("Takes", "at most "+schema.TextOf(p.Timeout))
	}
	for _, l := range p.Lock {
		d.label("Lock", l.String()+", one run at a time")
	}
	d.label("Effects", effectsText(p))
}

// effectsText counts the worst case in words.
func effectsText(p *plan.Plan) string {
	e := launch.Effects(p, environment.DefaultPolicy())
	text := fmt.Sprintf("%s, up to %s, %d destructive", counted(e.Reads, "read"), counted(e.Writes, "write"), e.Destructive)
	if n := len(e.Approvals); n > 0 {
		text += "; " + counted(n, "approval")
	}
	if e.OnFailure > 0 {
		text += fmt.Sprintf("; %s more if it fails", counted(e.OnFailure, "write"))
	}
	return text
}

func (d *document) inputs(p *plan.Plan) {
	if len(p.Inputs.Fields) == 0 {
		return
	}
	fmt.Fprintln(d, "\nInputs")
	wide := 0
	for _, f := range p.Inputs.Fields {
		wide = max(wide, len(f.Name))
	}
	for _, f := range p.Inputs.Fields {
		need := ""
		if f.Required {
			need = "required; "
		}
		indent := wide + 4
		lines := wrap(strings.TrimSpace(need+f.Takes()+sentence(f.Doc)), d.width-indent)
		for i, line := range lines {
			name := f.Name
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(d, "  %-*s  %s\n", wide, name, line)
		}
	}
}

func sentence(doc string) string {
	if doc == "" {
		return ""
	}
	return ". " + doc
}
