package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// tableView is a table of playbooks, for a terminal: while they are played one
// line tells how many are done, and which.
type tableView struct {
	w       io.Writer
	page    rehearsalPage
	color   bool
	live    bool
	began   int
	done    int
	current []*rehearsal.Result
	drawn   time.Time
	err     error
}

func (a *app) newTableView() *tableView {
	page := a.page(a.Out)
	return &tableView{w: a.Out.Screen(), page: pageOfRehearsals(page), color: page.Color, live: a.Out.Terminal()}
}

// Began notes that a rehearsal is played.
func (v *tableView) Began(r *rehearsal.Result) {
	v.began++
	v.current = append(v.current, r)
	v.draw()
}

// Moment notes that a rehearsal has ended.
func (v *tableView) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	if m.Kind != "finished" {
		return
	}
	v.done++
	for i, c := range v.current {
		if c == r {
			v.current = append(v.current[:i:i], v.current[i+1:]...)
			break
		}
	}
	v.draw()
}

// Fact draws nothing.
func (v *tableView) Fact(*rehearsal.Result, event.Event) {}

// draw shows what is played now, ten times a second at most.
func (v *tableView) draw() {
	if !v.live || time.Since(v.drawn) < 100*time.Millisecond {
		return
	}
	v.drawn = time.Now()
	var names []string
	for _, r := range v.current {
		names = append(names, nameOfResult(r))
	}
	v.put("\r\x1b[K" + v.page.cut(fmt.Sprintf("  %d done, playing %s", v.done, strings.Join(names, ", ")), v.page.width-1))
}

func (v *tableView) put(text string) {
	if _, err := io.WriteString(v.w, text); err != nil && v.err == nil {
		v.err = err
	}
}

func (v *tableView) end(p *rehearsal.Report, o rehearsed) error {
	if v.live {
		v.put("\r\x1b[K")
	}
	exit := outcomeOf(p, o)
	code := event.EndDone.Code()
	if exit != nil {
		code = event.EndFailed.Code()
	}
	text := v.page.table(p, code)
	if v.color {
		text = paint(text, rehearsalBrushes())
	}
	v.put(text)
	if v.err != nil {
		return fmt.Errorf("write the output: %w", v.err)
	}
	return exit
}

// table is a row for each playbook, what failed, and what was reached.
func (p rehearsalPage) table(r *rehearsal.Report, exit int) string {
	rows := [][]string{{"PLAYBOOK", "PASSED", "LAB TIME", "TOOK", "STEPS", "BRANCHES", "REMEDIES", ""}}
	for _, c := range r.Coverage {
		rows = append(rows, p.tableRow(r, c))
	}
	var wide [8]int
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	gaps := [8]int{0, 3, 3, 4, 4, 3, 3, 3}
	var b strings.Builder
	for _, row := range rows {
		line := pad(row[0], wide[0])
		for i, cell := range row[1:] {
			right := cell
			if i > 0 {
				right = strings.Repeat(" ", wide[i+1]-len([]rune(cell))) + cell
			} else {
				right = pad(cell, wide[1])
			}
			line += strings.Repeat(" ", gaps[i+1]) + right
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for _, one := range r.Results {
		if !one.Passed {
			fmt.Fprintf(&b, "\n%s\n%s", one.Subject.Name, p.failed(one))
		}
	}
	b.WriteString("\n" + p.total(r, exit))
	var steps, branches, remedies rehearsal.Ratio
	for _, c := range r.Coverage {
		steps, branches, remedies = plus(steps, c.Steps), plus(branches, c.Branches), plus(remedies, c.Remedies)
	}
	b.WriteString(p.fit("  Coverage     ", fmt.Sprintf("steps %s   branches %s   remedies %s", shareOf(steps), shareOf(branches), shareOf(remedies))))
	b.WriteString(p.never(r.Coverage))
	return b.String()
}

func plus(a, b rehearsal.Ratio) rehearsal.Ratio {
	return rehearsal.Ratio{Reached: a.Reached + b.Reached, All: a.All + b.All}
}

func shareOf(r rehearsal.Ratio) string {
	return fmt.Sprintf("%d of %d, %s", r.Reached, r.All, schema.HumanPercent(r.Percent()))
}

func (p rehearsalPage) tableRow(r *rehearsal.Report, c *rehearsal.Coverage) []string {
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
	return []string{
		c.Subject.Name, fmt.Sprintf("%d of %d", passed, all), schema.HumanDuration(lab), seconds(took),
		ratio(c.Steps), ratio(c.Branches), ratio(c.Remedies), p.sign(passed == all),
	}
}
