package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/report"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// playView plays the first rehearsal of a playbook before the eyes of a person;
// the others are rows at the end.
type playView struct {
	w     io.Writer
	page  rehearsalPage
	o     report.Options // of the steps
	color bool
	name  string
	count int
	pace  float64
	first *rehearsal.Rehearsal

	mu     sync.Mutex
	tree   *report.Terminal // while the run is played
	late   []string         // moments of meanwhile
	lab    time.Time        // the time of the lab at wall
	wall   time.Time
	played bool
	err    error
}

func (a *app) newPlayView(s *rehearsal.Subject, o rehearsed) *playView {
	page := a.page(a.Out)
	v := &playView{w: a.Out.Screen(), page: pageOfRehearsals(page), o: page, color: page.Color, name: s.Name, pace: o.pace}
	v.o.Live = a.Out.Terminal() && os.Getenv("TERM") != "dumb"
	for _, h := range s.File.Rehearsals {
		if s.Skip != nil && s.Skip(h) {
			continue
		}
		v.count++
		if v.first == nil {
			v.first = h
		}
	}
	return v
}

func (v *playView) watched(h *rehearsal.Rehearsal) bool { return h == v.first }

func (v *playView) print(text string) {
	if v.color {
		text = paint(text, rehearsalBrushes())
	}
	if _, err := io.WriteString(v.w, text); err != nil && v.err == nil {
		v.err = err
	}
}

// Began prints the head of the rehearsal that is watched.
func (v *playView) Began(r *rehearsal.Result) {
	if v.watched(r.Rehearsal) {
		v.print(v.page.banner(v.name, v.count) + "\n" + v.page.head(r, v.pace) + "\n")
	}
}

// Moment prints a line of the story; those of meanwhile after the steps.
func (v *playView) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	if !v.watched(r.Rehearsal) {
		return
	}
	if m.Kind == "finished" {
		v.close()
		text := ""
		if v.played {
			text = "\n"
		}
		if memory := v.page.memory(r.Memory); memory != "" {
			text += memory + "\n"
		}
		if also := v.page.also(r); also != "" {
			text += also + "\n"
		}
		v.print(text)
		return
	}
	line := v.page.moment(r, m)
	if v.tree != nil {
		v.late = append(v.late, line)
		return
	}
	v.print(line)
}

// Fact draws the steps of the run.
func (v *playView) Fact(r *rehearsal.Result, e event.Event) {
	if !v.watched(r.Rehearsal) {
		return
	}
	v.mu.Lock()
	v.lab, v.wall = e.Time, time.Now()
	v.mu.Unlock()
	if v.tree == nil && !v.played {
		v.print("\n")
		v.played = true
		v.tree = report.NewTerminal(&indented{w: v.w}, v.steps())
	}
	if v.tree == nil {
		return
	}
	v.tree.Event(e)
	if e.Type == event.TypeRunFinished || e.Type == event.TypeRunSuspended {
		v.close()
	}
}

// steps say how the steps are printed: two columns to the right, by the lab's
// clock.
func (v *playView) steps() report.Options {
	o := v.o
	o.Bare = true
	o.Width = v.page.width - indent
	if size := o.Size; size != nil {
		o.Size = func() (int, int) {
			width, height := size()
			return width - indent, height
		}
	}
	o.Now = func() time.Time {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.lab.Add(time.Duration(float64(time.Since(v.wall)) * v.pace))
	}
	return o
}

// close ends the steps and prints what happened meanwhile.
func (v *playView) close() {
	if v.tree == nil {
		return
	}
	if err := v.tree.Close(); err != nil && v.err == nil {
		v.err = err
	}
	v.tree = nil
	v.print("\n" + strings.Join(v.late, ""))
	v.late = nil
}

func (v *playView) end(p *rehearsal.Report, o rehearsed) error {
	v.close()
	exit := outcomeOf(p, o)
	code := event.EndDone.Code()
	if exit != nil {
		code = event.EndFailed.Code()
	}
	v.print(v.page.results(p.Results) + "\n" + v.page.total(p, code) + v.foot(p))
	if v.err != nil {
		return fmt.Errorf("write the output: %w", v.err)
	}
	return exit
}

// foot tells how it was played, and what was not reached.
func (v *playView) foot(p *rehearsal.Report) string {
	var b strings.Builder
	for _, r := range p.Results {
		if v.watched(r.Rehearsal) {
			rest := ""
			if len(p.Results) > 1 {
				rest = ", the rest as fast as it goes"
			}
			b.WriteString(v.page.fit("  Lab time     ", fmt.Sprintf("%s of rehearsal %d played at %gx%s", playedTime(r), r.Rehearsal.Number, v.pace, rest)))
		}
	}
	if len(p.Results) == len(p.Coverage[0].Subject.File.Rehearsals) {
		c := p.Coverage[0]
		b.WriteString(v.page.fit("  Coverage     ", fmt.Sprintf("steps %d of %d   branches %d of %d   remedies %d of %d",
			c.Steps.Reached, c.Steps.All, c.Branches.Reached, c.Branches.All, c.Remedies.Reached, c.Remedies.All)))
		b.WriteString(v.page.never(p.Coverage))
	}
	b.WriteString(v.page.fit("  Limits       ", "the targets were simulated; docs/lab.md lists how they differ from real ones"))
	return b.String()
}

// playedTime is how much of the lab's time was played: all but what was passed
// over before the run.
func playedTime(r *rehearsal.Result) string {
	return schema.HumanDuration(r.LabTime - r.Memory.From)
}

// indent is how far the steps of a rehearsal stand to the right of those of a
// run.
const indent = 2

// indented writes each line two columns to the right.
type indented struct{ w io.Writer }

// Write writes whole lines, as the view of a run does; what moves the cursor
// comes before the text of a line.
func (i *indented) Write(text []byte) (int, error) {
	var b bytes.Buffer
	for line := range bytes.Lines(text) {
		moves := controls(line)
		b.Write(line[:moves])
		if rest := line[moves:]; len(bytes.TrimSpace(rest)) > 0 {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.Write(line[moves:])
	}
	if _, err := i.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(text), nil
}

// controls is the length of what moves the cursor at the start of a line.
func controls(line []byte) int {
	n := 0
	if bytes.HasPrefix(line, []byte("\x1b[")) {
		if at := bytes.Index(line, []byte("A\r\x1b[J")); at > 0 && at < 8 {
			n = at + len("A\r\x1b[J")
		}
	}
	return n
}
