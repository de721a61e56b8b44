package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"runbook/engine/event"
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
	return word(r.State)
}

// RunsTable prints runs as a table, and below it what the runs that did not
// end need. Times are of o's zone; days of the last week are named.
func RunsTable(w io.Writer, rows []Row, o Options) error {
	p := newPage(o)
	if len(rows) == 0 {
		p.put(p.line(plain, "no run yet"))
		_, err := io.WriteString(w, p.render())
		return err
	}
	head := []string{"RUN", "PLAYBOOK", "ON", "STATE", "STARTED", "TOOK", "CHANGES", "BY"}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		sign, _ := p.runSign(r)
		cells[i] = []string{
			r.Run, r.Playbook, r.Environment, sign + " " + r.state(), p.day(r.Started),
			schema.HumanDuration(r.Took), fmt.Sprint(r.Changes), r.By,
		}
	}
	p.table(head, cells, rows)
	p.hints(rows, o.Resume)
	_, err := io.WriteString(w, p.render())
	return err
}

func (p *page) runSign(r Row) (string, style) {
	if r.Warned && r.State == event.Done {
		return p.signs.warn, yellow
	}
	return p.state(r.State)
}

// table sets the cells in columns; on a narrow page a row takes two lines.
func (p *page) table(head []string, cells [][]string, rows []Row) {
	widths := make([]int, len(head))
	for i, h := range head {
		widths[i] = len(h)
		for _, c := range cells {
			widths[i] = max(widths[i], ansi.StringWidth(p.clean(c[i])))
		}
	}
	total := 0
	for _, w := range widths {
		total += w + 2
	}
	split := len(head)
	if total-2 > p.width {
		split = 4
	}
	p.tableRow(head, widths, split, func(int) style { return dim })
	for i, c := range cells {
		_, s := p.runSign(rows[i])
		p.tableRow(c, widths, split, func(col int) style {
			if col == 3 {
				return s
			}
			return plain
		})
	}
}

const changesColumn = 6

func (p *page) tableRow(cells []string, widths []int, split int, styles func(int) style) {
	l := &line{}
	for i, c := range cells {
		if i == split {
			p.put(l)
			l = (&line{}).pad(4, 0)
		}
		cell := p.line(styles(i), c)
		end := l.width + widths[i]
		if i == changesColumn {
			l.pad(end-cell.width, 0)
		}
		l.join(cell)
		if i < len(cells)-1 {
			l.pad(end+2, 2)
		}
	}
	p.put(l)
}

// day is when a run started: today the time, in the last week the day's name,
// before that the date.
func (p *page) day(t time.Time) string {
	t = t.In(p.zone)
	now := p.now.In(p.zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, p.zone)
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
func (p *page) hints(rows []Row, resumes bool) {
	first := true
	for _, r := range rows {
		text, command := hint(r, resumes)
		if text == "" {
			continue
		}
		if first {
			p.blank()
			first = false
		}
		l := p.line(plain, "  "+text)
		if l.width+2+len(command) > p.width {
			p.put(l)
			l = (&line{}).pad(4, 0)
		} else {
			l.pad(58, 2)
			if l.width+len(command) > p.width {
				l = p.line(plain, "  "+text+"  ")
			}
		}
		p.put(p.add(l, bold, command))
	}
}

func hint(r Row, resumes bool) (text, command string) {
	id := short(r.Run)
	resume := "runbook report " + id
	if resumes {
		resume = "runbook resume " + id
	}
	switch r.State {
	case event.Interrupted:
		return id + " was interrupted" + at(r.Step) + "; its owner is gone", resume
	case event.InDoubt:
		return id + " is in doubt" + at(r.Step), "runbook report " + id
	case event.Waiting:
		return id + " waits for a person" + at(r.Step), resume
	}
	return "", ""
}

// RunsPlain prints runs tab-separated, for programs: no header, nothing cut,
// times in UTC, seconds.
func RunsPlain(w io.Writer, rows []Row) error {
	var b strings.Builder
	for _, r := range rows {
		fields := []string{
			r.Run, r.Playbook, r.Environment, string(r.State), r.Started.UTC().Format(time.RFC3339),
			fmt.Sprint(int(r.Took.Seconds())), fmt.Sprint(r.Changes), r.By,
		}
		for i, f := range fields {
			fields[i] = cleaned(f, nil)
		}
		b.WriteString(strings.Join(fields, "\t") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// RowOf makes the row of a run from its facts. alive says that its owner
// lives; one without a last fact is interrupted where it does not.
func RowOf(r *Run, alive bool) Row {
	row := Row{
		Run: r.Header.Run, Playbook: r.Header.Playbook, Environment: r.Header.Environment.Name, By: r.Header.User,
		State: r.state(), Started: r.Started, Took: r.Took(),
	}
	switch {
	case r.End != nil:
		row.Warned, row.Step, row.Changes = len(r.End.Warnings) > 0, r.End.Step, countChanges(r.End)
	case !alive:
		row.State, row.Step = event.Interrupted, r.lastOpen()
		fallthrough
	default:
		row.Changes = r.applied
	}
	return row
}
