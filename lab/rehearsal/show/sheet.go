package show

import (
	"fmt"
	"path"
	"strings"

	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// sheet is a page about rehearsals.
type sheet struct{ *page.Page }

func newSheet(k page.Look) sheet { return sheet{page.New(k)} }

// sign begins a line with the sign of what held or did not.
func (p sheet) sign(indent int, held bool) *page.Line {
	sign, style := page.Held(held)
	return p.Indent(indent).Add(style, p.Sign(sign)+" ")
}

// labelled is a label of the end, in a column of 13.
func (p sheet) labelled(label, text string) {
	p.Flow(p.Label(2, label, 15), page.Plain, text)
}

// faultOf tells the fault and the seed of a rehearsal.
func faultOf(r *rehearsal.Result) string {
	if !faulty(r) {
		return fmt.Sprintf("no fault, seed %d", r.Seed)
	}
	return fmt.Sprintf("fault %s, seed %d", r.Rehearsal.Fault, r.Seed)
}

func faulty(r *rehearsal.Result) bool { return r.Rehearsal.Fault.Name != "none" }

// moment is a line of the story; nothing for what is told elsewhere.
func (p sheet) moment(r *rehearsal.Result, m rehearsal.Moment) {
	l := p.Indent(2).Add(page.Plain, clock(m.At)+"  ")
	judged := m.Kind == "red" || m.Kind == "green"
	switch {
	case m.Kind == "alert":
		l.Add(page.Yellow, p.Sign(page.SignWarned)+" ")
	case judged && !m.Held:
		l.Join(p.sign(0, false))
	default:
		l.Add(page.Plain, "  ")
	}
	end := ""
	switch m.Kind {
	case "healthy", "injected", "forward", "alert", "resolved":
		p.Flow(l, page.Plain, m.Text)
		return
	case "red":
		end = p.before(l, r, m)
	case "green":
		end = p.after(l, r, m)
	default:
		return
	}
	p.FlowEnd(l, page.Plain, m.Text, p.Line(page.Plain, end))
}

// before adds the label of a condition that must hold at first, and returns
// what stands at the right.
func (p sheet) before(l *page.Line, r *rehearsal.Result, m rehearsal.Moment) string {
	column := l.Width() + 9
	text := either(m.Held, "held, ", "failed, ") + m.Value
	if !faulty(r) {
		l.Add(page.Plain, "BEFORE").Pad(column, 1)
		return text
	}
	l.Add(page.WhiteOnRed, "RED").Pad(column, 1)
	return text + either(m.Held, ": the fault is real", ": the fault is not there")
}

// after is before for a condition that must hold at the end.
func (p sheet) after(l *page.Line, r *rehearsal.Result, m rehearsal.Moment) string {
	column := l.Width() + 9
	held := "held, "
	if hold := r.Rehearsal.Expect.Holds(); hold > 0 {
		held = "held for " + schema.FormatDuration(hold) + ", "
	}
	text := either(m.Held, held, "failed, ") + m.Value
	if !faulty(r) || r.Rehearsal.Expect.Exit.Value != event.EndDone.Code() {
		l.Add(page.Plain, "AFTER").Pad(column, 1)
		return text
	}
	l.Add(page.BlackOnGreen, "GREEN").Pad(column, 1)
	return text + either(m.Held, ": the fault is gone", ": the fault is still there")
}

// also lists what was checked without being written.
func (p sheet) also(r *rehearsal.Result) {
	if len(r.Also) == 0 {
		return
	}
	p.Say(page.Plain, fmt.Sprintf("  Also checked, here for %d", r.Rehearsal.Number))
	for _, one := range r.Also {
		p.Flow(p.sign(4, one.Held), page.Plain, property(one))
	}
	p.Blank()
}

func property(one rehearsal.Property) string {
	if one.Held || one.Detail == "" {
		return one.Text
	}
	return one.Text + ": not so: " + one.Detail
}

// total is the line that counts, and the exit code.
func (p sheet) total(r *rehearsal.Report, exit int) {
	passed := r.Passed()
	text := fmt.Sprintf("%d of %s passed in %s", passed, page.Counted(len(r.Results), "rehearsal"), seconds(r.Took))
	if failed := len(r.Results) - passed; failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	} else if n := idle(r); n > 0 {
		text += fmt.Sprintf(", %s not called", page.Counted(n, "stub"))
	}
	p.FlowEnd(p.Indent(0), page.Plain, text, p.Line(page.Plain, fmt.Sprintf("exit %d", exit)))
}

// idle is how many stubs of files no rehearsal called.
func idle(r *rehearsal.Report) (n int) {
	for _, c := range r.Coverage {
		n += len(c.Idle)
	}
	return n
}

// coverage tells what was reached, and lists what was not; with names of
// playbooks if there are several.
func (p sheet) coverage(all []*rehearsal.Coverage, percent bool) {
	var steps, branches, remedies rehearsal.Ratio
	for _, c := range all {
		steps, branches, remedies = steps.Plus(c.Steps), branches.Plus(c.Branches), remedies.Plus(c.Remedies)
	}
	share := func(r rehearsal.Ratio) string {
		text := fmt.Sprintf("%d of %d", r.Reached, r.All)
		if percent {
			text += ", " + schema.HumanPercent(r.Percent())
		}
		return text
	}
	parts := []string{"steps " + share(steps), "branches " + share(branches), "remedies " + share(remedies)}
	if text := strings.Join(parts, "   "); 15+page.Width(text) <= p.Width() {
		parts = []string{text}
	}
	for i, part := range parts {
		p.labelled([]string{"Coverage", "", ""}[i], part)
	}
	label := "Never run"
	wide, names := 30, 0
	for _, c := range all {
		names = max(names, page.Width(c.Subject.Name))
		for _, n := range c.Never {
			wide = max(wide, page.Width(n.What))
		}
	}
	for _, c := range all {
		for _, n := range c.Never {
			l := p.Label(2, label, 15)
			label = ""
			if len(all) > 1 {
				l.Add(page.Plain, c.Subject.Name).Pad(15+names+2, 2)
			}
			p.never(l, n.What, path.Base(n.Where), wide)
		}
	}
}

// never puts a place that was not reached, below what it is where it has no
// room beside it.
func (p sheet) never(l *page.Line, what, where string, wide int) {
	column := l.Width()
	if column+wide+2+len(where) > p.Width() {
		p.Flow(l, page.Plain, what)
		p.Flow(p.Indent(column+2), page.Plain, where)
		return
	}
	l.Add(page.Plain, what)
	p.Put(l.Pad(column+wide+2, 2).Add(page.Plain, where))
}
