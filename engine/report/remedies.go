package report

import (
	"fmt"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// remedyRow is a remedy as it stands: its step and the verdict on it.
type remedyRow struct {
	index   int
	step    *history.Step // nil: not begun and not planned here
	verdict *event.Remedy
	judging bool // it ended, and the goal is being looked at
}

// narrowPage is the width in columns below which a remedy takes two lines.
const narrowPage = 72

// remedies prints a step with remedies: its goal before them while they run,
// after them when it is final.
func (t *tree) remedies(s *history.Step, indent int) {
	if s.State == event.Skipped {
		return
	}
	done := history.Final(s.State) && !t.dry
	if !done || s.Detail.Done.Met {
		t.goalLines(s, indent)
	}
	if s.Detail.Done.Met {
		return
	}
	rows := remedyRows(s)
	widest := 0
	for _, r := range rows {
		widest = max(widest, page.Width(r.title()))
	}
	widest = min(widest, max(t.Width()-46, 26))
	for _, r := range rows {
		t.remedyLine(s, r, indent, widest)
	}
	if done {
		t.goalLines(s, indent)
		t.failure(s, indent)
	}
}

func remedyRows(s *history.Step) []remedyRow {
	var rows []remedyRow
	at := func(i int) *remedyRow {
		for len(rows) < i {
			rows = append(rows, remedyRow{index: len(rows) + 1})
		}
		return &rows[i-1]
	}
	for n, c := range s.Parts {
		i := c.Plan.Remedy
		if i == 0 {
			i = n + 1
		}
		at(i).step = c
	}
	for _, m := range s.Detail.Remedies {
		at(m.Index).verdict = m
	}
	for i := range rows {
		r := &rows[i]
		over := r.step != nil && (r.step.State == event.Passed || r.step.State == event.Warned || r.step.State == event.Failed)
		r.judging = s.State == event.Running && r.verdict == nil && over
	}
	return rows
}

func (r remedyRow) title() string {
	if r.step != nil && r.step.Name() != "" {
		return r.step.Name()
	}
	if r.verdict != nil {
		return r.verdict.Title
	}
	return ""
}

func (t *tree) remedyLine(s *history.Step, r remedyRow, indent, widest int) {
	sign, style := t.remedySign(r)
	l := t.Indent(indent)
	l.Add(style, sign+" ")
	l.Add(page.Plain, fmt.Sprintf("%d  ", r.index))
	column := l.Width()
	if t.dry {
		t.dryRemedy(l, r, indent+5)
		return
	}
	result, end := t.remedyResult(r)
	title := t.Line(page.Plain, r.title())
	if t.Width() < narrowPage {
		t.narrow(l, title, result, end)
		t.remedyBody(s, r, column)
		return
	}
	if result.Width() == 0 && end == "" {
		t.Put(l.Join(title.Cut(t.Width() - column)))
		return
	}
	l.Join(title.Cut(widest)).Pad(column+widest+2, 2)
	if l.Width()+result.Width()+2+len(end) > t.Width() {
		t.Right(l, t.Line(page.Plain, end))
		l = t.Indent(column)
		end = ""
	}
	t.Right(l.Join(result), t.Line(page.Plain, end))
	t.remedyBody(s, r, column)
}

// narrow prints a remedy where the page has no room for columns: what came of
// it stands under its title.
func (t *tree) narrow(l, title, result *page.Line, end string) {
	column := l.Width()
	room := t.Width() - column
	if end != "" {
		room -= page.Width(end) + 2
	}
	t.Right(l.Join(title.Cut(room)), t.Line(page.Plain, end))
	if result.Width() > 0 {
		t.Put(t.Indent(column).Join(result))
	}
}

func (t *tree) remedySign(r remedyRow) (string, page.Style) {
	switch {
	case r.verdict != nil:
		return t.marked(r.verdict.Verdict)
	case r.judging:
		return t.Spinner(t.now), page.Cyan
	case r.step != nil && (r.step.State == event.Passed || r.step.State == event.NotRun && history.Final(r.step.Parent.State)):
		return t.Sign(page.SignNone), page.Dim
	case r.step != nil:
		return t.state(r.step.State)
	}
	return t.state(event.NotRun)
}

// remedyResult is what came of a remedy, and its time.
func (t *tree) remedyResult(r remedyRow) (*page.Line, string) {
	l := t.Indent(0)
	if r.verdict != nil {
		_, style := page.Mark(r.verdict.Verdict)
		l.Add(style, page.Word(r.verdict.Verdict))
		if r.verdict.Verdict == "not_needed" {
			return l, ""
		}
		if change := goalChange(r.verdict); change != "" {
			l.Pad(14, 2).Add(page.Plain, change)
		}
		return l, schema.HumanDuration(r.verdict.Duration)
	}
	s := r.step
	if s == nil {
		return l, ""
	}
	switch {
	case s.State == event.NotRun:
		if history.Final(s.Parent.State) {
			l.Add(page.Dim, "not reached")
		} else if s.Plan.Asks {
			if t.Width() >= narrowPage {
				l.Pad(4, 0)
			}
			l.Add(page.Dim, "asks first")
		}
		return l, ""
	case r.judging && s.Detail != nil:
		l.Add(page.Plain, s.Detail.Summary)
		return l, elapsed(t.now.Sub(s.Started))
	case s.State == event.Running:
		return l, elapsed(t.now.Sub(s.Started))
	case s.State == event.Passed:
		return l.Add(page.Dim, "not evaluated"), ""
	}
	_, style := t.state(s.State)
	return l.Add(style, page.Word(s.State)), ""
}

// remedyBody shows how far a remedy is, or why it failed.
func (t *tree) remedyBody(s *history.Step, r remedyRow, indent int) {
	if r.judging && t.live {
		t.poll(s, indent)
		return
	}
	if r.step == nil || r.step.Detail == nil {
		return
	}
	switch r.step.State {
	case event.Running:
		if t.live {
			t.doing(r.step, indent)
		}
		t.parts(r.step, indent)
	case event.Failed, event.Refused, event.InDoubt, event.Cancelled:
		t.when(r.step, indent)
		t.conditions(r.step, indent)
		t.failure(r.step, indent)
		t.parts(r.step, indent)
	case event.Skipped:
		t.when(r.step, indent)
	}
}
