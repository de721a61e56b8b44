package report

import (
	"fmt"
	"io"
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// Row is a run in the table of runs.
type Row struct {
	Run, Playbook, Environment, By string

	State   event.State // Interrupted where its owner is gone
	Warned  bool        // it is done, with warnings
	Step    event.Path  // where it was interrupted, waits or is in doubt
	Started time.Time
	Took    time.Duration
	Changes int
}

func (r Row) state() string {
	if r.Warned && r.State == event.Done {
		return "done, warned"
	}
	return page.Word(r.State)
}

// RunsTable prints runs as a table, and below it what the runs that did not
// end need. Times are of o's zone; days of the last week are named.
func RunsTable(w io.Writer, rows []Row, o Options) error {
	p := newSheet(o)
	if len(rows) == 0 {
		p.Say(page.Plain, "no run yet")
		return p.Print(w)
	}
	t := page.Table{
		Columns: []page.Column{{}, {}, {}, {}, {}, {}, {Right: true}, {}}, Split: 4,
		Rows: [][]*page.Line{p.Cells(page.Dim, "RUN", "PLAYBOOK", "ON", "STATE", "STARTED", "TOOK", "CHANGES", "BY")},
	}
	for _, r := range rows {
		sign, style := p.runSign(r)
		started := Day(r.Started.In(p.zone), p.now.In(p.zone))
		cells := p.Cells(page.Plain, r.Run, r.Playbook, r.Environment, "", started, schema.HumanDuration(r.Took), fmt.Sprint(r.Changes), r.By)
		cells[3] = p.Line(style, sign+" "+r.state())
		t.Rows = append(t.Rows, cells)
	}
	p.Table(t)
	p.hints(rows)
	return p.Print(w)
}

func (p *sheet) runSign(r Row) (string, page.Style) {
	if r.Warned && r.State == event.Done {
		return p.Sign(page.SignWarned), page.Yellow
	}
	return p.state(r.State)
}

// Day names a moment of the past in its zone: today by its time, in the last week
// by the day's name, before that by its date.
func Day(t, now time.Time) string {
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	switch {
	case !t.Before(midnight):
		return t.Format("15:04")
	case !t.Before(midnight.AddDate(0, 0, -6)):
		return t.Format("Mon 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// hints name the command that a run which did not end needs.
func (p *sheet) hints(rows []Row) {
	first := true
	for _, r := range rows {
		text, command := hint(r)
		if text == "" {
			continue
		}
		if first {
			p.Blank()
			first = false
		}
		l := p.Line(page.Plain, "  "+text)
		if l.Width()+2+len(command) > p.Width() {
			p.Put(l)
			l = p.Indent(4)
		} else {
			l.Pad(58, 2)
			if l.Width()+len(command) > p.Width() {
				l = p.Line(page.Plain, "  "+text+"  ")
			}
		}
		p.Put(l.Add(page.Bold, command))
	}
}

func hint(r Row) (text, command string) {
	id := short(r.Run)
	switch r.State {
	case event.Interrupted:
		text = id + " was interrupted" + at(r.Step) + "; its owner is gone"
	case event.InDoubt:
		text = id + " is in doubt" + at(r.Step)
	case event.Waiting:
		text = id + " waits for a person" + at(r.Step)
	}
	return text, "runbook report " + id
}

// RunsPlain prints runs tab-separated, for programs: no header, nothing cut,
// times in UTC, seconds.
func RunsPlain(w io.Writer, rows []Row) error {
	var fields [][]string
	for _, r := range rows {
		fields = append(fields, []string{
			r.Run, r.Playbook, r.Environment, string(r.State), r.Started.UTC().Format(time.RFC3339),
			fmt.Sprint(int(r.Took.Seconds())), fmt.Sprint(r.Changes), r.By,
		})
	}
	return page.Tabbed(w, fields)
}
