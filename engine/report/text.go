package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
)

// Text prints the report of a run from its facts: what became of it, what it
// changed, and its timeline.
func Text(w io.Writer, r *Run, o Options) error {
	p := newSheet(o)
	p.now = r.Ended
	e := newEnding(&r.Run, p, o)
	e.all = true
	e.head()
	p.Blank()
	h := &r.Header
	p.fact(saidFact("Run", fmt.Sprintf("%s, by %s on %s", h.Run, p.begunBy(h), h.Host)))
	p.fact(saidFact("Time", period(r, p)))
	p.facts(append(e.closed(), e.why()...)...)
	p.facts(e.goal(), e.changed(), e.notChanged(), e.notReached(), e.inDoubt(), e.finally(), e.found(), e.warned(), e.lockHeld())
	p.Blank()
	e.timeline(&r.times)
	p.Blank()
	p.facts(e.source(), e.records())
	if next := e.next(false); slices.ContainsFunc(next, func(f fact) bool { return len(f.rows) > 0 }) {
		p.Blank()
		p.facts(next...)
	}
	return p.Print(w)
}

// period is "2026-11-24 03:12:07 to 03:14:12 CET".
func period(r *Run, p *sheet) string {
	from, to := r.Started.In(p.zone), r.Ended.In(p.zone)
	layout := time.TimeOnly
	if from.YearDay() != to.YearDay() || from.Year() != to.Year() {
		layout = time.DateTime
	}
	return from.Format(time.DateTime) + " to " + to.Format(layout) + " " + p.zoneName(r.Ended)
}

// lockHeld says of a run that did not end that its lock is guarded.
func (e *ending) lockHeld() fact {
	switch e.end.State {
	case event.InDoubt, event.Waiting, event.Interrupted:
		return e.lock()
	}
	return fact{}
}

func (e *ending) timeline(times *timeline) {
	p := e.page
	p.Put(p.Line(page.Bold, "Timeline ("+p.zoneName(e.run.Started)+")"))
	widest := len("-")
	times.each(func(m moment) { widest = max(widest, min(len(m.path), mostID+8)) }, func(int) {})
	day := e.run.Started.In(p.zone).YearDay()
	times.each(func(m moment) {
		if d := m.at.In(p.zone); d.YearDay() != day {
			day = d.YearDay()
			p.Put(p.Line(page.Dim, "  "+d.Format(time.DateOnly)))
		}
		p.moment(m, widest)
	}, func(n int) {
		p.Put(p.Line(page.Dim, "  "+p.Sign(page.SignEllipsis)+" "+more(n, "")))
	})
	if e.run.End == nil {
		p.Put(p.Line(page.Plain, "  no further record"))
	}
}

func (p *sheet) moment(m moment, widest int) {
	path := m.path
	if path == "" {
		path = "-"
	}
	l := p.Line(page.Dim, "  "+p.clock(m.at)+"  ")
	l.Add(page.Bold, string(path)).Pad(l.Width()+max(widest-len(path), 0)+2, 2)
	if m.shown != nil {
		p.shown(l, m.shown)
		return
	}
	p.Flow(l, page.Plain, strings.Join(page.Split(m.text), "; "))
}

// source names the playbook's text by its digest.
func (e *ending) source() fact {
	f := fact{label: "Playbook"}
	for _, s := range e.run.Header.Sources {
		text := s.Name
		if s.Embedded {
			text += ", embedded in " + e.run.Header.Engine
		}
		if n := len(s.SHA256); n > 12 {
			text += ", sha256 " + s.SHA256[:8] + "..." + s.SHA256[n-4:]
		}
		f.add(text)
	}
	return f
}

func (e *ending) records() fact {
	if e.o.Journal == "" {
		return fact{}
	}
	return saidFact("Journal", fmt.Sprintf("%s, %s, chain intact", e.o.Journal, page.Counted(int(e.run.Records), "record")))
}

// ReportJSON prints the report of a run as one JSON object: the header, the
// last fact (null if there is none) and the timeline.
func ReportJSON(w io.Writer, r *Run, _ Options) error {
	type entry struct {
		Time string     `json:"time"`
		Step event.Path `json:"step,omitempty"`
		Text string     `json:"text"`

		Shown *event.Shown `json:"shown,omitempty"`
	}
	out := struct {
		Schema   int                `json:"schema"`
		Run      string             `json:"run"`
		State    event.State        `json:"state"`
		Header   *event.RunCreated  `json:"header"`
		Started  string             `json:"started"`
		Ended    string             `json:"ended"`
		Seconds  float64            `json:"seconds"`
		End      *event.RunFinished `json:"end"`
		Changes  []event.Change     `json:"changes"` // also of a run that has no last fact
		Timeline []entry            `json:"timeline"`
		Left     int                `json:"timeline_left_out,omitempty"`
		Records  uint64             `json:"records"`
	}{
		Schema: 1, Run: r.Header.Run, State: r.State(), Header: &r.Header, Started: r.Started.UTC().Format(time.RFC3339Nano),
		Ended: r.Ended.UTC().Format(time.RFC3339Nano), Seconds: r.Ended.Sub(r.Started).Seconds(), Changes: r.List(), Timeline: []entry{}, Records: r.Records,
	}
	if r.End == nil {
		out.State = event.Interrupted
	} else {
		out.End = filled(*r.End)
	}
	r.times.each(func(m moment) {
		out.Timeline = append(out.Timeline, entry{m.at.UTC().Format(time.RFC3339Nano), m.path, m.text, m.shown})
	}, func(n int) { out.Left = n })
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}
