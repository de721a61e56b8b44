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
	Unfinished(p.Page, rows)
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

// Unfinished lists below a blank line the runs that need a person, each with the
// command that tells what became of it; where there is none it prints nothing.
func Unfinished(p *page.Page, rows []Row) {
	first := true
	for _, r := range rows {
		verb := "is"
		switch r.State {
		case event.Interrupted:
			verb = "was"
		case event.InDoubt, event.Waiting:
		default:
			continue
		}
		if first {
			p.Blank()
			first = false
		}
		sign, style := page.Mark(string(r.State))
		text := fmt.Sprintf("run %s of %s on %s %s %s%s", r.Run, r.Playbook, r.Environment, verb, page.Word(r.State), at(r.Step))
		p.FlowEnd(p.Indent(2).Add(style, p.Sign(sign)+" "), page.Plain, text, p.Line(page.Bold, "runbook report "+short(r.Run)))
	}
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
