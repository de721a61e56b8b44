package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// ending composes what stands at the end of a run.
type ending struct {
	run     *history.Run
	end     *event.RunFinished
	failure *event.Failure // says nothing where there is none
	page    *sheet
	id      string // how commands name the run
	o       Options

	plain bool // for plain lines: times in UTC
	all   bool // of what was found every line
}

func newEnding(r *history.Run, p *sheet, o Options) *ending {
	end := cmp.Or(r.End, &event.RunFinished{State: event.Interrupted})
	return &ending{run: r, end: end, failure: cmp.Or(end.Failure, &event.Failure{}), page: p, id: short(r.Header.Run), o: o}
}

// changed lists the effects of the run, without those that are in doubt. It says so
// where there are none; where one is in doubt, it says nothing.
func (e *ending) changed() fact {
	f := fact{label: "Changed"}
	doubt := e.end.State == event.InDoubt
	for _, c := range e.run.Changes.List() {
		if c.State == action.AppliedLost {
			doubt = true
			continue
		}
		f.rows = append(f.rows, changeRow(c))
	}
	if doubt {
		return f
	}
	return f.or("nothing")
}

func changeRow(c event.Change) row {
	r := row{cells: []string{string(c.Step), c.Target, ofItem(c.Item, changeText(c))}, right: c.Verdict}
	switch {
	case c.Undone:
		r.right = "undone"
	case c.State == action.AppliedPart:
		r.right, r.rightStyle = "partial", page.BoldYellow
	case c.Phase != "":
		r.right = string(c.Phase)
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
			f.rows = append(f.rows, row{cells: []string{string(c.Step), c.Target, ofItem(c.Item, changeText(c))}, style: page.BoldMagenta})
		}
	}
	switch e.end.State {
	case event.InDoubt:
		return f.or(string(e.end.Step))
	case event.Interrupted:
		if len(f.rows) > 0 {
			f.add("begun, and no more is known: it may have run, in whole or in part")
		}
	}
	return f.or("nothing")
}

// goal tells of the steps with remedies: from where to where, by what.
func (e *ending) goal() fact {
	f := fact{label: "Goal"}
	for s := range e.run.All {
		for _, g := range s.Goals {
			f.add(string(s.Path) + ": " + goalText(g))
		}
	}
	return f
}

// goalText is the goal's way: "observed.memory_percent 92.1 → 31.4, goal < 70, by
// remedy 2"; of one that was not reached with what it was after each remedy.
func goalText(g history.Goal) string {
	seen := append([]history.Value{g.First}, g.After...)
	if last := len(seen) - 1; g.Held && last > 0 {
		seen = []history.Value{g.First, seen[last]}
	}
	var way []string
	for _, v := range seen {
		if text := bare(v.Text, v.Number); v.Text != "" && (len(way) == 0 || way[len(way)-1] != text) {
			way = append(way, text)
		}
	}
	text := g.That
	if g.Sides != nil && len(way) > 0 {
		text = fmt.Sprintf("%s %s, goal %s %s", g.Sides.Left, strings.Join(way, " → "), g.Sides.Operator, g.Sides.Right)
	}
	switch {
	case g.By > 0:
		return fmt.Sprintf("%s, by remedy %d", text, g.By)
	case g.Held && len(g.After) == 0:
		return text + ", held before any remedy"
	case g.Held:
		return text + ", held"
	}
	return text + ", not reached"
}

func (e *ending) found() fact {
	f := fact{label: "Found"}
	for i := range e.end.Found {
		e.foundRows(&f, &e.end.Found[i])
	}
	return f
}

func (e *ending) warned() fact {
	f := fact{label: "Warned"}
	for _, w := range e.run.Warnings() {
		f.add(strings.TrimPrefix(string(w.Step)+": "+w.Message, ": "))
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

// why is what failed, where, what was tried and seen, and what could have been
// meant.
func (e *ending) why() []fact {
	f := e.failure
	out := []fact{saidFact("What", f.What), e.also(), saidFact("Where", f.Where, f.Place), saidFact("Tried", f.Tried...), saidFact("Seen", f.Seen...)}
	for _, x := range f.Facts {
		first := min(1, len(x.Label))
		out = append(out, saidFact(strings.ToUpper(x.Label[:first])+x.Label[first:], x.Value))
	}
	return append(out, saidFact("Nearest", strings.Join(f.Nearest, ", ")))
}

// closed says who ended a run that had not ended by itself, and why.
func (e *ending) closed() []fact {
	c := e.end.Closed
	if c == nil {
		return nil
	}
	return []fact{saidFact("Because", c.Because), saidFact("Closed", fmt.Sprintf("by %s on %s; it was %s, and did not go on", c.By, c.Host, page.Word(c.Was)))}
}

// also are the other failures, a line each, in the order of the file.
func (e *ending) also() fact {
	f := fact{label: "Also"}
	failed := map[event.Path]string{}
	for _, x := range e.run.Findings {
		if x.Level == "fail" && x.Step != e.end.Step {
			failed[x.Step] = strings.Join(page.Split(x.Message), "; ")
		}
	}
	for s := range e.run.All {
		if text, ok := failed[s.Path]; ok {
			f.add(string(s.Path) + ": " + text)
		}
	}
	return f.most(mostNotChanged)
}

func (e *ending) notChanged() fact {
	f := fact{label: "Not changed"}
	for _, path := range e.end.Reached.NotChanged {
		text := string(path)
		if s := e.run.Known(path); s != nil && s.Plan.Title != "" {
			text += " (" + s.Name() + ")"
		}
		f.add(text)
	}
	return f.most(mostNotChanged)
}

// How many steps are named that were not changed, or not reached.
const (
	mostNotChanged = 10
	mostNotReached = 50
)

func (e *ending) notReached() fact {
	all := e.end.Reached.NotReached
	var names []string
	for _, path := range all[:min(len(all), mostNotReached)] {
		names = append(names, string(path))
	}
	return saidFact("Not reached", strings.Join(names, ", ")+more(len(all)-mostNotReached, ", "))
}

func more(n int, before string) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("%s%d more", before, n)
}

// finally lists the steps of finally that ran.
func (e *ending) finally() fact {
	f := fact{label: "Finally"}
	for _, s := range e.run.Tops {
		switch {
		case s.Phase != event.Finally || s.State == event.NotRun && !e.run.Suspended || s.State == event.Skipped:
		case e.run.Suspended:
			return saidFact(f.label, "not yet; the run has not ended")
		default:
			_, style := e.page.state(s.State)
			f.rows = append(f.rows, row{cells: []string{s.Name()}, right: page.Word(s.State), rightStyle: style})
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
		return saidFact("Escalate", text+", in "+coarse(left))
	}
	return saidFact("Escalate", text+", "+coarse(e.run.Ended.Sub(at))+" ago")
}

func (e *ending) lock() fact {
	keys := e.run.Header.Lock
	if len(e.run.Locks) == 0 || len(keys) == 0 || e.end.Reason == event.EndJournal.Reason() {
		return fact{} // the failure of a journal says what became of them
	}
	how := "released"
	switch {
	case e.failure.LockLost:
		how = "lost: another run may hold it"
	case e.guards():
		how = "guarded until this run is closed"
	case e.end.State == event.Interrupted:
		how = "free, as no change was begun"
	}
	return saidFact("Lock", strings.Join(keys, ", ")+", "+how)
}

// guards reports whether the keys of the run are kept from others although it is gone.
func (e *ending) guards() bool {
	switch e.end.State {
	case event.InDoubt, event.Waiting:
		return true
	case event.Interrupted:
		return e.run.Changes.Mark() > 0
	}
	return false
}
