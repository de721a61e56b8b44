package report

import (
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// preview shows what a change would do.
func (t *tree) preview(s *history.Step, indent int) {
	d := s.Detail
	if d.Done.Failure != nil && d.Done.Check == nil && !s.IsContainer() {
		t.text(indent, page.Plain, d.Done.Failure.Line())
	}
	p := d.Done.Preview
	if p == nil {
		return
	}
	text := p.Summary
	if len(p.Interrupts) > 0 {
		text += "; interrupts " + strings.Join(p.Interrupts, ", ")
	}
	if text != title(s) {
		t.text(indent, page.Plain, text)
	}
	for _, o := range p.Touches {
		if text := unsaid(p, o); text != "" {
			t.text(indent, page.Plain, "touches "+text)
		}
	}
}

// unsaid is what a change touches, where its summary lacks a note of it, as that a
// container is unhealthy; else "".
func unsaid(p *action.Preview, o action.Object) string {
	if o.Note == "" || strings.Contains(p.Summary, o.Note) {
		return ""
	}
	return strings.Join(strings.Fields(o.Kind+" "+o.Name+" "+o.ID+" "+o.Note), " ")
}

// dryRemedy prints a remedy of a dry run: what it would do, and when.
func (t *tree) dryRemedy(l *page.Line, r remedyRow, indent int) {
	if r.step == nil {
		t.Put(l.Add(page.Plain, r.title()))
		return
	}
	t.Right(l.Join(t.Line(page.Plain, r.title()).Cut(t.Width()-l.Width())), t.headEnd(r.step))
	if r.step.Detail == nil || r.step.State == event.NotRun {
		return
	}
	t.when(r.step, indent)
	t.preview(r.step, indent)
	t.conditions(r.step, indent)
	t.parts(r.step, indent)
}
