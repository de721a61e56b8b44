package report

import (
	"runbook/engine/event"
)

// preview shows what a change would do.
func (t *tree) preview(s *Step, indent int) {
	d := s.detail
	if d.done.Failure != nil && d.done.Check == nil && !s.isContainer() {
		t.text(indent, plain, failureText(d.done.Failure))
	}
	p := d.done.Preview
	if p == nil {
		return
	}
	text := p.Summary
	if len(p.Interrupts) > 0 {
		text += "; interrupts " + joined(p.Interrupts)
	}
	if text != s.title() {
		t.text(indent, plain, text)
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
func (t *tree) dryRemedy(l *line, r remedyRow, indent int) {
	if r.step == nil {
		t.put(t.add(l, plain, r.title()))
		return
	}
	end := t.headEnd(r.step)
	title := t.line(plain, r.title())
	if l.width+title.width+2+end.width > t.width {
		t.put(l.join(t.cut(title, t.width-l.width)))
		t.put((&line{}).pad(max(t.width-end.width, 0), 0).join(end))
	} else {
		t.put(l.join(title).pad(t.width-end.width, 2).join(end))
	}
	if r.step.detail == nil || r.step.State == event.NotRun {
		return
	}
	t.when(r.step, indent)
	t.preview(r.step, indent)
	t.conditions(r.step, indent)
	t.parts(r.step, indent)
}
