package report

import (
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
		text += "; interrupts " + joined(p.Interrupts)
	}
	if text != title(s) {
		t.text(indent, page.Plain, text)
	}
}

func joined(names []string) string {
	text := ""
	for i, n := range names {
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}

// dryRemedy prints a remedy of a dry run: what it would do, and when.
func (t *tree) dryRemedy(l *page.Line, r remedyRow, indent int) {
	if r.step == nil {
		t.Put(l.Add(page.Plain, r.title()))
		return
	}
	end := t.headEnd(r.step)
	title := t.Line(page.Plain, r.title())
	if l.Width()+title.Width()+2+end.Width() > t.Width() {
		t.Put(l.Join(title.Cut(t.Width() - l.Width())))
		t.Put((t.Indent(0)).Pad(max(t.Width()-end.Width(), 0), 0).Join(end))
	} else {
		t.Put(l.Join(title).Pad(t.Width()-end.Width(), 2).Join(end))
	}
	if r.step.Detail == nil || r.step.State == event.NotRun {
		return
	}
	t.when(r.step, indent)
	t.preview(r.step, indent)
	t.conditions(r.step, indent)
	t.parts(r.step, indent)
}
