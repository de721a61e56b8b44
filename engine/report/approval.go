package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// Prompt is the question for an approval: what would be done, to what, why,
// and until when it can be answered. The caller reads the answer.
type Prompt struct {
	o      Options
	path   event.Path
	a      *event.Approval
	title  string // of the step
	target string // with its address
	env    event.Environment
	params []event.Input
	rows   int // of the block as it stands on the terminal
}

// NewPrompt returns the prompt for the approval a of the step at path. Suspend the
// view before it is shown. It keeps nothing of r.
func NewPrompt(r *history.Run, path event.Path, a *event.Approval, o Options) *Prompt {
	env := r.Header.Environment
	q := &Prompt{o: o, path: path, a: a, env: event.Environment{Name: env.Name, Protected: env.Protected}}
	if a.Target != "" {
		q.target = " on " + target(r, a.Target)
	}
	if s := r.Known(path); s != nil {
		q.title = s.Name()
		if s.Detail != nil {
			q.params = s.Detail.Started.Params
		}
	}
	return q
}

// Lines are the block above the question.
func (q *Prompt) Lines() []string {
	p := newSheet(q.o)
	q.compose(p)
	return page.Split(p.String())
}

// Name is what must be typed to approve something destructive, "" where y is
// enough.
func (q *Prompt) Name() string {
	switch {
	case q.a.Effect != action.Destructive:
		return ""
	case len(q.a.Items) > 0:
		return string(q.path)
	}
	for _, o := range q.a.Preview.Touches {
		if o.Name != "" {
			return o.Name
		}
	}
	return string(q.path)
}

// Question is the line at whose end the answer is typed; it may have a line
// before it.
func (q *Prompt) Question() string {
	p := newSheet(q.o)
	if name := q.Name(); name != "" {
		p.Flow(p.Indent(2), page.Plain, "To approve, type the name of what is touched, "+name+". Anything else refuses.")
		return p.String() + "  > "
	}
	p.Put(p.Line(page.Plain, "  Approve "+string(q.path)+"?  y yes   n no   d details   [n]"))
	return strings.TrimSuffix(p.String(), "\n") + " "
}

// Show prints the block and the question, and rings the bell once.
func (q *Prompt) Show(w io.Writer) error {
	text := strings.Join(q.Lines(), "\n") + "\n\n" + q.Question()
	q.rows = strings.Count(text, "\n") + 1
	_, err := io.WriteString(w, "\a"+text)
	return err
}

// Refresh counts down the time left while the cursor stays in the answer.
func (q *Prompt) Refresh(w io.Writer) error {
	lines := q.Lines()
	at := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "then refused") })
	if at < 0 || q.rows == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\x1b7\x1b[%dA\r%s\x1b[K\x1b8", q.rows-1-at, lines[at])
	return err
}

// Erase takes the prompt off the terminal after its answer was ended with a
// line end.
func (q *Prompt) Erase(w io.Writer) error {
	if q.rows == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "\x1b[%dA\r\x1b[J", q.rows)
	q.rows = 0
	return err
}

// Details are the parameters and all that the preview says, for `d`.
func (q *Prompt) Details() []string {
	p := newSheet(q.o)
	f := fact{label: "Parameters"}
	for _, in := range q.params {
		f.add(in.Name + "=" + in.Text)
	}
	items := q.items(len(q.a.Items))
	items.label = "Items"
	p.facts(f, saidFact("Summary", q.a.Preview.Summary), items, saidFact("Digest", q.a.Digest))
	return page.Split(p.String())
}

func (q *Prompt) compose(p *sheet) {
	a := q.a
	q.head(p)
	p.Blank()
	in := &sheet{Page: p.Inner(4), zone: p.zone, now: p.now}
	in.Put(in.environmentLine(in.label("Environment"), q.env))
	in.fact(saidFact("Action", a.Action+q.target))
	q.effect(in)
	in.fact(q.touches())
	in.fact(saidFact("Interrupts", strings.Join(a.Preview.Interrupts, ", ")))
	in.fact(saidFact("Message", a.Message))
	in.fact(saidFact("Because", a.Because))
	soFar := "no change"
	if n := len(a.SoFar); n > 0 {
		soFar = page.Counted(n, "change") + ": " + strings.Join(a.SoFar, "; ")
	}
	in.fact(saidFact("So far", soFar))
	in.fact(saidFact("By", approvers(a)))
	if !a.Expires.IsZero() {
		in.fact(saidFact("Expires", "in "+schema.HumanDuration(max(a.Expires.Sub(p.now), 0).Truncate(time.Second))+", then refused"))
	}
	p.Take(in.Page, 4)
}

// approvers says who must answer, "" if anybody may.
func approvers(a *event.Approval) string {
	if a.Approvers < 2 {
		return a.Role
	}
	return strings.TrimPrefix(fmt.Sprintf("%s, %d different people", a.Role, a.Approvers), ", ")
}

func (q *Prompt) head(p *sheet) {
	l := p.Line(page.BoldCyan, "  "+p.Sign(page.SignWaiting)+" ")
	l.Add(page.Bold, string(q.path)).Pad(4+max(leastID, min(len(q.path), mostID))+2, 2)
	const waits = "waiting for approval"
	l.Join(p.Line(page.Plain, q.title).Cut(max(p.Width()-l.Width()-len(waits)-2, 10)))
	p.Right(l, p.Line(page.BoldCyan, waits))
}

func (q *Prompt) effect(in *sheet) {
	if q.a.Effect == action.Destructive {
		l := in.label("Effect")
		l.Add(page.WhiteOnRed, " DESTRUCTIVE ")
		in.Put(l.Add(page.Plain, "  cannot be undone"))
		return
	}
	text := q.a.Effect.String() + "; no undo is declared"
	if q.a.Undo != "" {
		text = q.a.Effect.String() + "; undo: " + q.a.Undo
	}
	in.fact(saidFact("Effect", text))
}

// shownItems is how many items of a loop a prompt lists; `d` shows all.
const shownItems = 12

// items are what the first of the items of a loop would do, each in a row.
func (q *Prompt) items(most int) fact {
	f := fact{label: "Touches"}
	for i, x := range q.a.Items {
		if i == most {
			f.rows = append(f.rows, row{cells: []string{"… and " + page.Counted(len(q.a.Items)-most, "item") + " more: d shows them"}})
			break
		}
		f.rows = append(f.rows, row{cells: []string{x.Item, x.Summary}})
		if x.Message != "" {
			f.rows = append(f.rows, row{cells: []string{"", x.Message}})
		}
	}
	return f
}

// touches are the things that would be changed, and how. A destructive effect
// leads with its summary, which has the counts.
func (q *Prompt) touches() fact {
	if len(q.a.Items) > 0 {
		f := q.items(shownItems)
		f.rows = append(saidFact("", q.a.Preview.Summary).rows, f.rows...)
		return f
	}
	f := fact{label: "Touches"}
	p := q.a.Preview
	lead := q.a.Effect == action.Destructive || len(p.Touches)+len(p.Changes) == 0
	if lead {
		f.rows = saidFact("", p.Summary).rows
	}
	for _, o := range p.Touches {
		about := strings.TrimSpace(o.ID + "  " + o.Note)
		if lead && about == "" && strings.Contains(p.Summary, o.Name) {
			continue
		}
		name := strings.TrimSpace(o.Kind + " " + o.Name)
		if o.Count > 1 {
			name = schema.HumanCount(int64(o.Count)) + " " + name
		}
		f.add(name, about)
	}
	for _, c := range p.Changes {
		text := c.After
		if c.Before != "" {
			text = c.Before + " → " + c.After
		}
		name := c.Name
		for _, l := range page.Split(orNothing(text)) {
			f.add(name, l)
			name = ""
		}
	}
	return f
}
