package report

import (
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
)

// sheet is a page at one moment, in one zone.
type sheet struct {
	*page.Page
	zone    *time.Location
	now     time.Time
	verbose bool
}

// labels stand in a column of 13, behind two spaces.
const labelColumn = 15

func newSheet(o Options) *sheet {
	return &sheet{Page: page.New(o.Look), zone: o.zone(), now: o.now(), verbose: o.Verbosity > 0}
}

// clock is a moment in the local zone, the seconds included.
func (p *sheet) clock(t time.Time) string { return t.In(p.zone).Format("15:04:05") }

// zoneName is the zone's name at that moment, said once.
func (p *sheet) zoneName(t time.Time) string { return t.In(p.zone).Format("MST") }

// state gives sign and style of a step's or run's state.
func (p *sheet) state(s event.State) (string, page.Style) { return p.marked(string(s)) }

// marked gives sign and style of a word.
func (p *sheet) marked(word string) (string, page.Style) {
	sign, style := page.Mark(word)
	if sign == page.SignRunning {
		return p.Spinner(p.now), style
	}
	return p.Sign(sign), style
}

// check gives sign and style of a condition's verdict. One that could not be
// evaluated is as bad as one that failed.
func (p *sheet) check(v event.Verdict) (string, page.Style) {
	if v == event.NotEvaluated {
		v = event.CheckFailed
	}
	return p.marked(string(v))
}
