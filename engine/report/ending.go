package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// ending composes what stands at the end of a run.
type ending struct {
	run  *history.Run
	end  *event.RunFinished
	page *sheet
	id   string // how commands name the run
	o    Options

	plain bool // for plain lines: times in UTC
}

func newEnding(r *history.Run, p *sheet, o Options) *ending {
	end := r.End
	if end == nil {
		end = &event.RunFinished{State: event.Interrupted}
	}
	return &ending{run: r, end: end, page: p, id: short(r.Header.Run), o: o}
}

// changed lists the effects of the run, without those of finally, which stand
// there, and those that are in doubt. It says so where there are none.
func (e *ending) changed() fact {
	f := fact{label: "Changed"}
	for _, c := range e.run.Changes.List() {
		if c.Phase != event.Finally && c.State != action.AppliedLost {
			f.rows = append(f.rows, changeRow(c))
		}
	}
	if len(f.rows) == 0 {
		return saidFact(f.label, "nothing")
	}
	return f
}

func changeRow(c event.Change) row {
	r := row{cells: []string{string(c.Step), c.Target, changeText(c)}, right: c.Verdict}
	switch {
	case c.Undone:
		r.right = "undone"
	case c.State == action.AppliedPart:
		r.right, r.rightStyle = "partial", page.BoldYellow
	case c.Phase == event.Undo:
		r.right = "undo"
	}
	return r
}

func changeText(c event.Change) string {
	if c.Summary == "" {
		return c.Action
	}
	return strings.Join(page.Split(c.Summary), " ")
}

func (e *ending) inDoubt() fact {
	f := fact{label: "In doubt"}
	for _, c := range e.run.Changes.List() {
		if c.State == action.AppliedLost {
			f.rows = append(f.rows, row{cells: []string{string(c.Step), c.Target, changeText(c)}, style: page.BoldMagenta})
		}
	}
	switch {
	case len(f.rows) > 0:
		return f
	case e.end.State == event.InDoubt:
		return saidFact(f.label, string(e.end.Step))
	}
	return saidFact(f.label, "nothing")
}

// goal tells of the steps with remedies: from where to where, by what.
func (e *ending) goal() fact {
	f := fact{label: "Goal"}
	for s := range e.run.All {
		for _, g := range s.Goals {
			f.rows = append(f.rows, row{cells: []string{string(s.Path) + ": " + goalText(g)}})
		}
	}
	return f
}

// goalText is the goal's way: "observed.memory_percent 92.1 → 31.4, goal < 70, by
// remedy 2".
func goalText(g history.Goal) string {
	last := g.First
	if n := len(g.After); n > 0 {
		last = g.After[n-1]
	}
	var b strings.Builder
	switch {
	case g.Sides != nil && last.Text != "" && g.First.Text != "" && last.Text != g.First.Text:
		fmt.Fprintf(&b, "%s %s → %s, goal %s %s", g.Sides.Left, bare(g.First.Text, g.First.Number), bare(last.Text, last.Number), g.Sides.Operator, g.Sides.Right)
	case g.Sides != nil && last.Text != "":
		fmt.Fprintf(&b, "%s %s, goal %s %s", g.Sides.Left, bare(last.Text, last.Number), g.Sides.Operator, g.Sides.Right)
	default:
		b.WriteString(g.That)
	}
	switch {
	case g.By > 0:
		fmt.Fprintf(&b, ", by remedy %d", g.By)
	case g.Held && len(g.After) == 0:
		b.WriteString(", held before any remedy")
	case g.Held:
		b.WriteString(", held")
	default:
		b.WriteString(", not reached")
	}
	return b.String()
}

func (e *ending) found() fact {
	f := fact{label: "Found"}
	for _, i := range e.end.Found {
		f.rows = append(f.rows, row{cells: []string{i.Name + " " + human(i.Text, i.Number)}})
	}
	return f
}

func (e *ending) warned() fact {
	f := fact{label: "Warned"}
	for _, w := range e.run.Warnings() {
		text := w.Message
		if w.Step != "" {
			text = string(w.Step) + ": " + text
		}
		f.rows = append(f.rows, row{cells: []string{text}})
	}
	return f
}

func (e *ending) expected() fact {
	f := saidFact("Expected", e.run.Header.Expected)
	if n := len(f.rows); n > 0 {
		f.rows[n-1].right = "to be judged by you"
	}
	return f
}

func (e *ending) what() fact {
	f := e.end.Failure
	if f == nil {
		return fact{}
	}
	return saidFact("What", f.What)
}

func (e *ending) where() fact {
	f := e.end.Failure
	if f == nil {
		return fact{}
	}
	return saidFact("Where", f.Where, f.Place)
}

func (e *ending) tried() fact {
	if e.end.Failure == nil {
		return fact{}
	}
	return saidFact("Tried", e.end.Failure.Tried...)
}

// seenFacts are what the goal was after each remedy, and what the failure
// shows.
func (e *ending) seenFacts() fact {
	f := fact{label: "Seen"}
	for s := range e.run.All {
		for _, g := range s.Goals {
			if !g.Held && g.First.Text != "" {
				f.rows = append(f.rows, row{cells: []string{goalSeen(g)}})
			}
		}
	}
	if e.end.Failure != nil {
		for _, t := range e.end.Failure.Seen {
			f.rows = append(f.rows, saidFact("", t).rows...)
		}
	}
	return f
}

// hints are the further facts of the failure, and what could have been meant.
func (e *ending) hints() []fact {
	f := e.end.Failure
	if f == nil {
		return nil
	}
	var out []fact
	for _, x := range f.Facts {
		out = append(out, saidFact(strings.ToUpper(x.Label[:min(1, len(x.Label))])+x.Label[min(1, len(x.Label)):], x.Value))
	}
	return append(out, saidFact("Nearest", strings.Join(f.Nearest, ", ")))
}

// goalSeen is the goal that was not reached, over the remedies.
func goalSeen(g history.Goal) string {
	if g.Sides == nil {
		return g.That + ", not reached"
	}
	parts := []string{bare(g.First.Text, g.First.Number) + " at first"}
	for i, a := range g.After {
		if a.Text != "" {
			parts = append(parts, fmt.Sprintf("%s after remedy %d", bare(a.Text, a.Number), i+1))
		}
	}
	return fmt.Sprintf("%s  %s, goal %s %s", g.Sides.Left, strings.Join(parts, ", "), g.Sides.Operator, g.Sides.Right)
}

func (e *ending) notChanged() fact {
	f := fact{label: "Not changed"}
	for _, path := range e.end.Reached.NotChanged {
		text := string(path)
		if s := e.run.Known(path); s != nil && s.Plan.Title != "" {
			text += " (" + s.Plan.Title + ")"
		}
		f.rows = append(f.rows, row{cells: []string{text}})
	}
	return atMost(f, 10)
}

func (e *ending) notReached() fact {
	n := len(e.end.Reached.NotReached)
	if n == 0 {
		return fact{}
	}
	var names []string
	for _, path := range e.end.Reached.NotReached[:min(n, 50)] {
		names = append(names, string(path))
	}
	return saidFact("Not reached", strings.Join(names, ", ")+more(n-50, ", "))
}

func more(n int, before string) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("%s%d more", before, n)
}

// atMost keeps the first rows and says how many are left out.
func atMost(f fact, n int) fact {
	if left := len(f.rows) - n; left > 0 {
		f.rows = append(f.rows[:n:n], row{cells: []string{more(left, "")}})
	}
	return f
}

// finally lists the steps of finally that ran, and what was changed by others than
// they: by their parts, and by the finally of a called playbook.
func (e *ending) finally() fact {
	f := fact{label: "Finally"}
	stands := map[event.Path]bool{}
	for _, s := range e.run.Tops {
		switch {
		case s.Phase != event.Finally || s.State == event.NotRun && !e.run.Suspended || s.State == event.Skipped:
		case e.run.Suspended:
			f.rows = saidFact("", "not yet; the run has not ended").rows
		default:
			_, style := e.page.state(s.State)
			stands[s.Path] = true
			f.rows = append(f.rows, row{cells: []string{s.Name()}, right: page.Word(s.State), rightStyle: style})
		}
	}
	for _, c := range e.run.Changes.List() {
		if c.Phase == event.Finally && !stands[c.Step] && c.State != action.AppliedLost {
			r := changeRow(c)
			r.cells = []string{strings.Join(slices.DeleteFunc(r.cells, func(cell string) bool { return cell == "" }), "  ")}
			f.rows = append(f.rows, r)
		}
	}
	return f
}

func (e *ending) escalate() fact {
	x := e.run.Header.Escalation
	if x == nil {
		return fact{}
	}
	at := e.run.Started.Add(x.After)
	text := x.Contact + " at " + at.In(e.page.zone).Format("15:04")
	if e.plain {
		text = x.Contact + " at " + at.UTC().Format(time.RFC3339)
	}
	if left := at.Sub(e.run.Ended); left > 0 {
		text += ", in " + coarse(left)
	} else {
		text += ", " + coarse(-left) + " ago"
	}
	return saidFact("Escalate", text)
}

func (e *ending) lock() fact {
	keys := e.run.Header.Lock
	if len(e.run.Locks) == 0 || len(keys) == 0 {
		return fact{}
	}
	text := strings.Join(keys, ", ")
	switch e.end.State {
	case event.InDoubt:
		text += ", guarded until settled"
	case event.Waiting, event.Interrupted:
		text += ", guarded until resumed"
	default:
		text += ", released"
	}
	return saidFact("Lock", text)
}

func (e *ending) do() fact {
	if e.end.Failure == nil {
		return fact{}
	}
	return saidFact("Do", e.end.Failure.Do...)
}
