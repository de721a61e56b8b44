package report

import (
	"fmt"
	"strings"

	"runbook/engine/event"
)

// banner prints what is run, on what, and what it may do.
func (p *page) banner(r *Run) {
	h := &r.Header
	l := p.line(bold, h.Playbook)
	if h.Title != "" {
		p.add(l, plain, "  "+h.Title)
	}
	p.put(p.cut(l, p.width))
	p.blank()
	if h.DryRun {
		p.dryRun()
		p.environment(h.Environment)
		p.targets(h.Environment.Targets)
		p.blank()
		return
	}
	p.fact(saidFact("Run", fmt.Sprintf("%s, %s %s, by %s", h.Run, p.clock(r.Started), p.zoneName(r.Started), h.User)))
	p.environment(h.Environment)
	p.targets(h.Environment.Targets)
	p.inputs(h.Inputs)
	p.effects(h.Effects)
	p.fact(saidFact("Interrupts", h.Interrupts...))
	assumes := saidFact("Assumes", h.Assumes...)
	for i := range assumes.rows {
		assumes.rows[i].right, assumes.rows[i].rightStyle = "not checked", dim
	}
	p.fact(assumes)
	if x := h.Escalation; x != nil {
		at := r.Started.Add(x.After).In(p.zone).Format("15:04")
		p.fact(saidFact("Escalate", fmt.Sprintf("%s at %s, after %s", x.Contact, at, coarse(x.After))))
	}
	if len(r.Locks) > 0 && len(h.Lock) > 0 {
		p.fact(saidFact("Lock", strings.Join(h.Lock, ", ")+", taken"))
	}
	p.blank()
}

func (p *page) label(text string) *line {
	if text == "" {
		return &line{}
	}
	return p.line(dim, "  "+text).pad(labelColumn, 1)
}

func (p *page) dryRun() {
	l := p.line(plain, "  ")
	p.add(l, blackOnYellow, " DRY RUN ").pad(labelColumn, 1)
	p.last(l, row{cells: []string{"reads are executed, changes are only previewed"}})
}

// environment names where the run acts; a protected one stands out.
func (p *page) environment(e event.Environment) {
	p.put(p.environmentLine(p.label("Environment"), e))
}

func (p *page) environmentLine(l *line, e event.Environment) *line {
	var notes []string
	if e.Protected {
		p.add(l, blackOnRed, " "+e.Name+" ")
		notes = append(notes, "protected")
	} else {
		p.add(l, bold, e.Name)
	}
	if e.ByFlag {
		notes = append(notes, "chosen by --env")
	}
	if len(notes) > 0 {
		l.pad(l.width+2, 2)
		p.add(l, plain, strings.Join(notes, ", "))
	}
	return l
}

func (p *page) targets(targets []event.Target) {
	f := fact{label: "Targets"}
	for _, t := range targets {
		text := strings.Join(append([]string{t.Address}, t.Notes...), ", ")
		f.rows = append(f.rows, row{cells: []string{t.Name, strings.TrimPrefix(text, ", ")}})
	}
	p.fact(f)
}

// inputs marks those that are not defaults.
func (p *page) inputs(inputs []event.Input) {
	if len(inputs) == 0 {
		return
	}
	defaults := true
	parts := make([]string, len(inputs))
	for i, in := range inputs {
		parts[i] = in.Name + "=" + in.Text
		if !in.Default {
			parts[i] += " (-i)"
			defaults = false
		}
	}
	f := fact{label: "Inputs", rows: []row{{cells: []string{strings.Join(parts, "  ")}}}}
	if defaults {
		f.rows[0].right, f.rows[0].rightStyle = "all defaults", dim
	}
	p.fact(f)
}

func (p *page) effects(e event.Effects) {
	text := effectsText(e)
	l := p.label("Effects")
	before, after, found := strings.Cut(text, counted0(e.Destructive))
	if e.Destructive == 0 || !found || l.width+len(text) > p.width {
		p.fact(saidFact("Effects", text))
		return
	}
	p.add(l, plain, before)
	p.add(l, red, counted0(e.Destructive))
	p.put(p.add(l, plain, after))
}

func counted0(destructive int) string { return fmt.Sprintf("%d destructive", destructive) }

// effectsText is a plan's worst case: "3 reads, up to 3 writes, 0
// destructive; recover/3 asks first".
func effectsText(e event.Effects) string {
	text := counted(e.Reads, "read") + ", "
	if e.Writes > 0 {
		text += "up to "
	}
	text += counted(e.Writes, "write") + ", " + counted0(e.Destructive)
	switch n := len(e.Approvals); {
	case n == 1:
		text += "; " + e.Approvals[0] + " asks first"
	case n > 5:
		text += fmt.Sprintf("; %d steps ask first", n)
	case n > 1:
		text += "; " + strings.Join(e.Approvals, ", ") + " ask first"
	}
	if e.OnFailure > 0 {
		text += "; " + counted(e.OnFailure, "write") + " more if it fails"
	}
	return text
}
