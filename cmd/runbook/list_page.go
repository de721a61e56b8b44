package main

import (
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/report"
)

// listed is a playbook as `list` shows it.
type listed struct {
	launch.Entry
	plan *plan.Plan // nil: it is invalid
	last *journal.Summary
	hits []string // why it was found: "symptom  Memory grows linearly"
}

// categories are in the order in which one meets them on call.
var categories = [...]string{"monitor", "troubleshoot", "emergency", "tune", "scale", "backup", "deploy", "routine"}

func rank(category string) int {
	if i := slices.Index(categories[:], category); i >= 0 {
		return i
	}
	return len(categories)
}

func (l *listed) category() string {
	switch {
	case l.plan != nil && l.plan.Category != "":
		return l.plan.Category
	case l.Embedded:
		before, _, _ := strings.Cut(l.Path, "/")
		return before
	}
	return "other"
}

func (l *listed) title() string {
	if l.plan == nil {
		return "invalid: runbook validate " + l.Name
	}
	return l.plan.Title
}

// matches keeps why l was found; each word must be in it somewhere.
func (l *listed) matches(words []string) bool {
	if len(words) == 0 {
		return true
	}
	texts := []string{l.Name, l.title(), l.category()}
	var reasons []string
	if l.plan != nil {
		for _, s := range l.plan.Symptoms {
			texts, reasons = append(texts, s), append(reasons, "symptom  "+s)
		}
		for _, s := range l.plan.Alerts {
			texts, reasons = append(texts, s), append(reasons, "alert  "+s)
		}
		for _, name := range l.actions() {
			texts, reasons = append(texts, name), append(reasons, "action  "+name)
		}
		texts = append(texts, l.plan.Purpose)
	}
	whole := strings.ToLower(strings.Join(texts, "\n"))
	for _, w := range words {
		w = strings.ToLower(w)
		if !strings.Contains(whole, w) {
			return false
		}
		for _, r := range reasons {
			if strings.Contains(strings.ToLower(r), w) && !slices.Contains(l.hits, r) {
				l.hits = append(l.hits, r)
			}
		}
	}
	return true
}

// actions are the names of the actions that a playbook takes, each once, in its order.
func (l *listed) actions() (names []string) {
	launch.Once(l.plan, func(s launch.Visited) {
		if s.Op != nil && !slices.Contains(names, s.Op.Action.Name) {
			names = append(names, s.Op.Action.Name)
		}
	})
	return names
}

// effect is the worst case of a plan, and whether a step of it asks.
func (l *listed) effect() (word string, asks bool) {
	if l.plan == nil {
		return "invalid", false
	}
	worst := action.Read
	launch.Once(l.plan, func(s launch.Visited) {
		asks = asks || s.Approve != nil
		if s.Op != nil {
			worst = max(worst, s.Op.Effect)
		}
	})
	return worst.String(), asks
}

// tabbed is the listing for a pipe: name, category, effect, state and time of
// the last run, title.
func tabbed(all []listed) [][]string {
	var rows [][]string
	for _, l := range all {
		state, started := "never", ""
		if l.last != nil {
			state, started = string(l.last.State), l.last.Started.UTC().Format(time.RFC3339)
		}
		effect, _ := l.effect()
		rows = append(rows, []string{l.Name, l.category(), effect, state, started, l.title()})
	}
	return rows
}

// columned is the listing for a terminal, by category.
func columned(all []listed, search bool, look page.Look) *page.Page {
	p := page.New(look)
	t := page.Table{Indent: 2, Columns: []page.Column{{}, {Cut: true}, {Least: 17}, {}}}
	names := 0
	for _, l := range all {
		names = max(names, page.Width(l.Name))
	}
	category := ""
	for _, l := range all {
		if !search && l.category() != category {
			category = l.category()
			t.Rows = append(t.Rows, p.Cells(page.Bold, category))
		}
		cells := p.Cells(page.Plain, l.Name, l.title())
		t.Rows = append(t.Rows, append(cells, l.effectCell(p), lastRun(p, l.last)))
		for _, h := range l.hits {
			t.Rows = append(t.Rows, []*page.Line{p.Indent(2+names+2).Add(page.Plain, h)})
		}
	}
	p.Table(t)
	if !search {
		p.Blank()
		p.Flow(p.Indent(0), page.Plain, page.Counted(len(all), "playbook")+". Effects are the worst case. Read one: runbook show NAME")
	}
	return p
}

func (l *listed) effectCell(p *page.Page) *page.Line {
	worst, asks := l.effect()
	cell := p.Line(page.Plain, worst)
	if worst == action.Destructive.String() {
		cell = p.Line(page.Red, worst)
	}
	if asks {
		cell.Add(page.Plain, ", asks")
	}
	return cell
}

// lastRun is when a playbook ran last, and what became of it.
func lastRun(p *page.Page, s *journal.Summary) *page.Line {
	if s == nil {
		return p.Line(page.Dim, "never")
	}
	_, style := page.Mark(string(s.State))
	if s.State == event.Done {
		style = page.Plain
	}
	return p.Line(page.Plain, report.Day(s.Started.Local(), time.Now())+", ").Add(style, page.Word(s.State))
}
