package report

import (
	"fmt"
	"io"
	"runbook/engine/page"
	"strings"

	"runbook/engine/action"
)

// Err is an error of the tool for people, in the one shape that all have.
type Err struct {
	Subject string // target or thing: "docker at unix:///var/run/docker.sock"; may be ""
	What    string // what happened
	Exit    int    // the exit code
	Facts   []Fact
}

// Fact is what was tried, seen or can be done: "tried", "seen", "do". Right
// stands at the right margin.
type Fact struct {
	Label, Value, Right string
}

// ErrOf makes an Err of an action's failure.
func ErrOf(f *action.Failure, exit int) *Err {
	e := &Err{Subject: f.Where, What: f.What, Exit: exit}
	if f.Tried != "" {
		e.Facts = append(e.Facts, Fact{Label: "tried", Value: f.Tried})
	}
	for i, s := range f.Seen {
		e.Facts = append(e.Facts, Fact{Label: onFirst(i, "seen"), Value: s})
	}
	for i, d := range f.Do {
		e.Facts = append(e.Facts, Fact{Label: onFirst(i, "do"), Value: d})
	}
	return e
}

func onFirst(i int, label string) string {
	if i > 0 {
		return ""
	}
	return label
}

// errColumn is where the values of an error stand.
const errColumn = 13

// Error prints e.
func Error(w io.Writer, e *Err, o Options) error {
	p := newSheet(o)
	text := e.What
	if e.Subject != "" {
		text = e.Subject + ": " + e.What
	}
	exit := fmt.Sprintf("exit %d", e.Exit)
	l := p.Line(page.BoldRed, "error:")
	l.Add(page.Plain, " ")
	p.FlowTop(l, page.Plain, text, p.Line(page.Plain, exit))
	for _, f := range e.Facts {
		p.errFact(f)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

func (p *sheet) errFact(f Fact) {
	l := p.Line(page.Dim, "  "+f.Label).Pad(errColumn, 2)
	p.FlowEnd(l, page.Plain, f.Value, p.Line(page.Dim, f.Right))
}

// NoRun is the end of a command that began no run: it was refused by the
// policy, or the lock is held.
type NoRun struct {
	Word  string // "Refused", "Locked"
	Text  string // "ensure-indexes on production"
	Exit  int
	Facts []Fact // labels as in a summary: "What", "Holder", "Changed"
	Safe  []string
	Then  []string
}

// Ending prints e in the layout of a summary.
func Ending(w io.Writer, n NoRun, o Options) error {
	p := newSheet(o)
	l := p.Line(page.BoldRed, n.Word)
	l.Add(page.Plain, "  "+n.Text)
	p.Right(l, p.Line(page.Plain, fmt.Sprintf("exit %d", n.Exit)))
	p.Blank()
	for _, f := range n.Facts {
		x := saidFact(f.Label, f.Value)
		if k := len(x.rows); k > 0 {
			x.rows[k-1].right = f.Right
		}
		p.fact(x)
	}
	p.facts([]fact{commands("Safe now", n.Safe...), commands("Then", n.Then...)})
	_, err := io.WriteString(w, p.String())
	return err
}

// PlainEnding prints e as plain lines, the last of which is the `finished` of
// every ending.
func PlainEnding(w io.Writer, n NoRun, o Options) error {
	v := NewPlain(w, o)
	now := o.now()
	label := ""
	for _, f := range n.Facts {
		if f.Label != "" {
			label = fact{label: f.Label}.word()
		}
		v.line(now, "", label, strings.TrimSpace(f.Value+" "+f.Right))
	}
	for _, c := range n.Safe {
		v.line(now, "", "safe", c)
	}
	for _, c := range n.Then {
		v.line(now, "", "then", c)
	}
	v.line(now, "", "finished", fmt.Sprintf("%s exit=%d changes=0 warnings=0", strings.ToLower(n.Word), n.Exit))
	return v.err
}
