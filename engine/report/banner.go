package report

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// banner prints what is run, on what, and what it may do.
func (p *sheet) banner(r *history.Run) {
	h := &r.Header
	l := p.Line(page.Bold, h.Playbook)
	if h.Title != "" {
		l.Add(page.Plain, "  "+h.Title)
	}
	p.Put(l.Cut(p.Width()))
	p.Blank()
	if h.DryRun {
		p.dryRun()
		p.environment(h.Environment)
		p.targets(h.Environment.Targets)
		p.numbers(h.Numbers)
		p.Blank()
		return
	}
	p.fact(saidFact("Run", fmt.Sprintf("%s, %s %s, by %s", h.Run, p.clock(r.Started), p.zoneName(r.Started), p.begunBy(h))))
	p.environment(h.Environment)
	p.targets(h.Environment.Targets)
	p.inputs(h.Inputs)
	p.numbers(h.Numbers)
	Effects(p.Page, p.label("Effects"), h.Effects, asksFirst(h.Effects.Approvals))
	p.fact(saidFact("Interrupts", h.Interrupts...))
	assumes := saidFact("Assumes", h.Assumes...)
	for i := range assumes.rows {
		assumes.rows[i].right, assumes.rows[i].rightStyle = "not checked", page.Dim
	}
	p.fact(assumes)
	if x := h.Escalation; x != nil {
		at := r.Started.Add(x.After).In(p.zone).Format("15:04")
		p.fact(saidFact("Escalate", fmt.Sprintf("%s at %s, after %s", x.Contact, at, coarse(x.After))))
	}
	if len(r.Locks) > 0 && len(h.Lock) > 0 {
		p.fact(saidFact("Lock", strings.Join(h.Lock, ", ")+", taken in this state directory"))
	}
	p.Blank()
}

func (p *sheet) label(text string) *page.Line { return p.Label(2, text, labelColumn) }

func (p *sheet) dryRun() {
	l := p.Indent(2).Add(page.BlackOnYellow, " DRY RUN ").Pad(labelColumn, 1)
	p.Flow(l, page.Plain, "reads are executed, changes are only previewed")
}

// environment names where the run acts; a protected one stands out.
func (p *sheet) environment(e event.Environment) {
	p.Put(p.environmentLine(p.label("Environment"), e))
}

func (p *sheet) environmentLine(l *page.Line, e event.Environment) *page.Line {
	var notes []string
	if e.Protected {
		l.Add(page.BlackOnRed, " "+e.Name+" ")
		notes = append(notes, "protected")
	} else {
		l.Add(page.Bold, e.Name)
	}
	if e.ByFlag {
		notes = append(notes, "chosen by --env")
	}
	if len(e.Limit) > 0 {
		notes = append(notes, "limited to "+strings.Join(e.Limit, ", "))
	}
	if e.File != "" && e.File != "runbook.yaml" {
		notes = append(notes, "in "+e.File)
	}
	if len(notes) > 0 {
		l.Pad(l.Width()+2, 2)
		l.Add(page.Plain, strings.Join(notes, ", "))
	}
	return l
}

func (p *sheet) targets(targets []event.Target) {
	f := fact{label: "Targets"}
	for _, t := range targets {
		text := strings.Join(append([]string{t.Address}, t.Notes...), ", ")
		f.add(t.Name, strings.TrimPrefix(text, ", "))
	}
	p.fact(f)
}

// inputs marks those that are not defaults.
func (p *sheet) inputs(inputs []event.Input) {
	if len(inputs) == 0 {
		return
	}
	all := row{right: "all defaults", rightStyle: page.Dim}
	var parts []string
	for _, in := range inputs {
		text := in.Name + "=" + in.Text
		if !in.Default {
			text += " (-i)"
			all.right = ""
		}
		parts = append(parts, text)
	}
	all.cells = []string{strings.Join(parts, "  ")}
	p.fact(fact{"Inputs", []row{all}})
}

// numbers tells those that were made of inputs and variables.
func (p *sheet) numbers(all []event.Decided) {
	f := fact{label: "Decided"}
	for i := 0; i < len(all); {
		first, text := all[i], ""
		for ; i < len(all) && all[i].Step == first.Step; i++ {
			text += ", " + all[i].Key + " " + all[i].Text
		}
		f.add(cmp.Or(string(first.Step), "the run"), text[2:])
	}
	p.fact(f)
}

// Effects prints a plan's worst case behind l: "3 reads, up to 3 writes, 0
// destructive; recover/3 asks first".
func Effects(p *page.Page, l *page.Line, e event.Effects, asks string) {
	text := p.Line(page.Plain, page.Counted(e.Reads, "read")+", ")
	if e.Writes+e.WritesEach > 0 {
		text.Add(page.Plain, "up to ")
	}
	style := page.Plain
	if e.Destructive+e.DestructiveEach > 0 {
		style = page.Red
	}
	text.Add(page.Plain, inAll(page.Counted(e.Writes, "write"), page.Counted(e.WritesEach, "write"), e.WritesEach)+", ")
	text.Add(style, inAll(fmt.Sprintf("%d destructive", e.Destructive), fmt.Sprintf("%d destructive", e.DestructiveEach), e.DestructiveEach))
	if asks != "" {
		text.Add(page.Plain, "; "+asks)
	}
	if e.OnFailure > 0 {
		text.Add(page.Plain, "; "+page.Counted(e.OnFailure, "write")+" more if it fails")
	}
	p.FlowLine(l, text)
}

// inAll joins what is counted before and what comes with each item of a loop.
func inAll(before, each string, n int) string {
	switch {
	case n == 0:
		return before
	case strings.HasPrefix(before, "0 "):
		return each + " for each item"
	}
	return before + " and " + each + " for each item"
}

// asksFirst names the steps that ask.
func asksFirst(steps []string) string {
	switch n := len(steps); {
	case n == 0:
		return ""
	case n == 1:
		return steps[0] + " asks first"
	case n > 5:
		return fmt.Sprintf("%d steps ask first", n)
	}
	return strings.Join(steps, ", ") + " ask first"
}
