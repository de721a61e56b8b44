package report

import (
	"fmt"
	"io"
	"strings"

	"runbook/engine/action"
	"runbook/engine/page"
)

// errColumn is where the values of an error stand.
const errColumn = 13

// Error prints a failure of the tool, in the one shape that all have: what was
// tried, seen and could have been meant, and what can be done.
func Error(w io.Writer, f *action.Failure, exit int, o Options) error {
	p := newSheet(o)
	l := p.Line(page.BoldRed, "error:").Add(page.Plain, " ")
	p.FlowEnd(l, page.Plain, f.Error(), p.Line(page.Plain, fmt.Sprintf("exit %d", exit)))
	facts := []fact{saidFact("tried", f.Tried), saidFact("seen", f.Seen...)}
	for _, x := range f.Facts {
		facts = append(facts, saidFact(x.Label, x.Value))
	}
	for _, x := range append(facts, saidFact("nearest", strings.Join(f.Nearest, ", ")), advice("do", f.Do...)) {
		p.factAt(errColumn, x)
	}
	return p.Print(w)
}

// NoRun is the end of a command that began no run: it was refused by the
// policy, or the lock is held.
type NoRun struct {
	Word    string // "Refused", "Locked"
	Text    string // "ensure-indexes on production"
	Exit    int
	Failure *action.Failure // its facts have labels as in a summary: "Holder", "Changed"
	Safe    []string
	Then    []string
}

// facts are what happened, where the text does not say it, and those of the failure.
func (n *NoRun) facts() []fact {
	var out []fact
	if n.Failure.What != n.Text {
		out = append(out, saidFact("What", n.Failure.What))
	}
	for _, x := range n.Failure.Facts {
		out = append(out, saidFact(x.Label, x.Value))
	}
	return out
}

// Ending prints e in the layout of a summary.
func Ending(w io.Writer, n NoRun, o Options) error {
	p := newSheet(o)
	l := p.Line(page.BoldRed, n.Word)
	l.Add(page.Plain, "  "+n.Text)
	p.Right(l, p.Line(page.Plain, fmt.Sprintf("exit %d", n.Exit)))
	p.Blank()
	p.facts(n.facts()...)
	p.facts(commands("Safe now", n.Safe...), commands("Then", n.Then...))
	return p.Print(w)
}

// PlainEnding prints e as plain lines: the first says what is refused, or which
// lock is held, and the last is the `finished` of every ending.
func PlainEnding(w io.Writer, n NoRun, o Options) error {
	v := NewPlain(w, o)
	now := o.now()
	v.line(now, "", strings.ToLower(n.Word), n.Text)
	for _, f := range append(n.facts(), commands("Safe now", n.Safe...), commands("Then", n.Then...)) {
		for _, r := range f.rows {
			v.line(now, "", f.word(), r.line())
		}
	}
	v.line(now, "", "finished", fmt.Sprintf("%s exit=%d changes=0 warnings=0", strings.ToLower(n.Word), n.Exit))
	return v.err
}
