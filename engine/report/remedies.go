package report

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"runbook/engine/event"
	"runbook/engine/schema"
)

// remedyRow is a remedy as it stands: its step and the verdict on it.
type remedyRow struct {
	index   int
	step    *Step // nil: not begun and not planned here
	verdict *event.Remedy
	judging bool // it ended, and the goal is being looked at
}

// narrowPage is the width in columns below which a remedy takes two lines.
const narrowPage = 72

// remedies prints a step with remedies: its goal before them while they run,
// after them when it is final.
func (t *tree) remedies(s *Step, indent int) {
	if s.State == event.Skipped {
		return
	}
	done := final(s.State) && !t.dry
	if !done || s.detail.done.Met {
		t.goalLines(s, indent)
	}
	rows := remedyRows(s)
	widest := 0
	for _, r := range rows {
		widest = max(widest, ansi.StringWidth(t.clean(r.title())))
	}
	widest = min(widest, max(t.width-46, 26))
	for _, r := range rows {
		if s.detail.done.Met {
			break
		}
		t.remedyLine(s, r, indent, widest)
	}
	if done && !s.detail.done.Met {
		t.goalLines(s, indent)
		t.failure(s, indent)
	}
}

func remedyRows(s *Step) []remedyRow {
	var rows []remedyRow
	at := func(i int) *remedyRow {
		for len(rows) < i {
			rows = append(rows, remedyRow{index: len(rows) + 1})
		}
		return &rows[i-1]
	}
	for n, c := range s.children {
		i := c.Plan.Remedy
		if i == 0 {
			i = n + 1
		}
		at(i).step = c
	}
	for _, m := range s.detail.remedies {
		at(m.Index).verdict = m
	}
	if s.State == event.Running {
		for i := range rows {
			r := &rows[i]
			r.judging = r.verdict == nil && r.step != nil && (r.step.State == event.Passed || r.step.State == event.Warned || r.step.State == event.Failed)
		}
	}
	return rows
}

func (r remedyRow) title() string {
	if r.step != nil && r.step.name() != "" {
		return r.step.name()
	}
	if r.verdict != nil {
		return r.verdict.Title
	}
	return ""
}

func (t *tree) remedyLine(s *Step, r remedyRow, indent, widest int) {
	sign, style := t.remedySign(r)
	l := (&line{}).pad(indent, 0)
	t.add(l, style, sign+" ")
	t.add(l, plain, fmt.Sprintf("%d  ", r.index))
	column := l.width
	if t.dry {
		t.dryRemedy(l, r, indent+5)
		return
	}
	result, end := t.remedyResult(r)
	title := t.line(plain, r.title())
	if t.width < narrowPage {
		t.narrow(l, title, result, end)
		t.remedyBody(s, r, column)
		return
	}
	if result.width == 0 && end == "" {
		t.put(l.join(t.cut(title, t.width-column)))
		return
	}
	l.join(t.cut(title, widest)).pad(column+widest+2, 2)
	if l.width+result.width+2+len(end) > t.width {
		t.right(l, plain, end)
		l = (&line{}).pad(column, 0)
		end = ""
	}
	t.right(l.join(result), plain, end)
	t.remedyBody(s, r, column)
}

// narrow prints a remedy where the page has no room for columns: what came of
// it stands under its title.
func (t *tree) narrow(l, title, result *line, end string) {
	column := l.width
	room := t.width - column
	if end != "" {
		room -= ansi.StringWidth(end) + 2
	}
	t.right(l.join(t.cut(title, room)), plain, end)
	if result.width > 0 {
		t.put((&line{}).pad(column, 0).join(result))
	}
}

func (t *tree) remedySign(r remedyRow) (string, style) {
	switch {
	case r.verdict != nil:
		return t.remedy(r.verdict.Verdict)
	case r.judging:
		return t.spinner(), cyan
	case r.step != nil && (r.step.State == event.Passed || r.step.State == event.NotRun && final(r.step.parent.State)):
		return t.signs.none, dim
	case r.step != nil:
		return t.state(r.step.State)
	}
	return t.state(event.NotRun)
}

// remedyResult is what came of a remedy, and its time.
func (t *tree) remedyResult(r remedyRow) (*line, string) {
	l := &line{}
	if r.verdict != nil {
		_, style := t.remedy(r.verdict.Verdict)
		t.add(l, style, strings.ReplaceAll(r.verdict.Verdict, "_", " "))
		if r.verdict.Verdict == "not_needed" {
			return l, ""
		}
		if change := goalChange(r.verdict); change != "" {
			l.pad(14, 2)
			t.add(l, plain, change)
		}
		return l, schema.HumanDuration(r.verdict.Duration)
	}
	s := r.step
	if s == nil {
		return l, ""
	}
	switch {
	case s.State == event.NotRun:
		if final(s.parent.State) {
			t.add(l, dim, "not reached")
		} else if s.Plan.Asks {
			if t.width >= narrowPage {
				l.pad(4, 0)
			}
			t.add(l, dim, "asks first")
		}
		return l, ""
	case r.judging && s.detail != nil:
		t.add(l, plain, s.detail.summary)
		return l, elapsed(t.now.Sub(s.Started))
	case s.State == event.Running:
		return l, elapsed(t.now.Sub(s.Started))
	}
	if s.State == event.Passed {
		t.add(l, dim, "not evaluated")
		return l, ""
	}
	_, style := t.state(s.State)
	t.add(l, style, word(s.State))
	return l, ""
}

// remedyBody shows how far a remedy is, or why it failed.
func (t *tree) remedyBody(s *Step, r remedyRow, indent int) {
	if r.judging && t.live {
		t.poll(s, indent)
		return
	}
	if r.step == nil || r.step.detail == nil {
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
