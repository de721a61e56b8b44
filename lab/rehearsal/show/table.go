package show

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// Table is a table of playbooks, for a terminal: while they are played one line
// tells how many are done, and which.
type Table struct {
	silent
	look    page.Look
	region  page.Region
	done    int
	current []*rehearsal.Result
	drawn   time.Time
}

// NewTable returns a view that draws on w.
func NewTable(w io.Writer, k page.Look) *Table {
	return &Table{look: k, region: page.Region{W: w, Look: k}}
}

// Began notes that a rehearsal is played.
func (v *Table) Began(r *rehearsal.Result) {
	v.current = append(v.current, r)
	v.draw()
}

// Moment notes that a rehearsal has ended.
func (v *Table) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	if m.Kind != "finished" {
		return
	}
	v.done++
	v.current = slices.DeleteFunc(v.current, func(c *rehearsal.Result) bool { return c == r })
	v.draw()
}

// draw shows what is played now, ten times a second at most.
func (v *Table) draw() {
	if !v.look.Live || len(v.current) == 0 || time.Since(v.drawn) < page.Frame {
		return
	}
	v.drawn = time.Now()
	var names []string
	for _, r := range v.current {
		names = append(names, r.Name())
	}
	p := newSheet(v.look)
	v.region.Draw("", []*page.Line{p.Line(page.Plain, fmt.Sprintf("  %d done, playing %s", v.done, strings.Join(names, ", ")))})
}

// End prints a row for each playbook, what failed, and what was reached.
func (v *Table) End(r *rehearsal.Report, exit int) error {
	v.region.Draw(v.whole(r, exit).String(), nil)
	return v.region.Err
}

func (v *Table) whole(r *rehearsal.Report, exit int) sheet {
	p := newSheet(v.look)
	t := page.Table{
		Columns: []page.Column{{}, {Gap: 3}, {Gap: 3, Right: true}, {Gap: 4, Right: true}, {Gap: 4, Right: true}, {Gap: 3, Right: true}, {Gap: 3, Right: true}, {Gap: 3}},
		Split:   4, Rows: [][]*page.Line{p.Cells(page.Dim, "PLAYBOOK", "PASSED", "LAB TIME", "TOOK", "STEPS", "BRANCHES", "REMEDIES", "")},
	}
	for _, c := range r.Coverage {
		t.Rows = append(t.Rows, p.playbook(r, c))
	}
	p.Table(t)
	for _, one := range r.Results {
		if !one.Passed {
			p.Blank()
			p.Say(page.Plain, one.Subject.Name)
			p.failed(one)
		}
	}
	p.Blank()
	p.total(r, exit)
	p.coverage(r.Coverage, true)
	return p
}

// playbook is the row of one.
func (p sheet) playbook(r *rehearsal.Report, c *rehearsal.Coverage) []*page.Line {
	var passed, all int
	var lab, took time.Duration
	for _, one := range r.Results {
		if one.Subject != c.Subject {
			continue
		}
		all++
		if one.Passed {
			passed++
		}
		lab, took = lab+one.LabTime, took+one.Took
	}
	ratio := func(r rehearsal.Ratio) string {
		if r.All == 0 {
			return "-"
		}
		return fmt.Sprintf("%d/%d", r.Reached, r.All)
	}
	return append(p.Cells(page.Plain, c.Subject.Name, fmt.Sprintf("%d of %d", passed, all), schema.HumanDuration(lab), seconds(took),
		ratio(c.Steps), ratio(c.Branches), ratio(c.Remedies)), p.sign(0, passed == all))
}
