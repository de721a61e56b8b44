package show

import (
	"fmt"
	"io"
	"sync"
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/report"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
)

// Play plays the first rehearsal of a playbook before the eyes of a person; the
// others are rows at the end.
type Play struct {
	w     io.Writer
	o     report.Options
	name  string
	count int
	pace  float64
	first *rehearsal.Rehearsal

	mu     sync.Mutex
	tree   *report.Terminal // while the run is played
	late   sheet            // moments of meanwhile
	lab    time.Time        // the time of the lab at wall
	wall   time.Time
	played bool
	err    error
}

// NewPlay returns a view that draws on w. The clock of the lab goes pace times
// as fast as the wall's.
func NewPlay(w io.Writer, o report.Options, s *rehearsal.Subject, pace float64) *Play {
	v := &Play{w: w, o: o, name: s.Name, pace: pace, late: newSheet(o.Look)}
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

// Watched reports whether h is the one that is played before the eyes.
func (v *Play) Watched(h *rehearsal.Rehearsal) bool { return h == v.first }

func (v *Play) print(p sheet) {
	if err := p.Print(v.w); err != nil && v.err == nil {
		v.err = err
	}
}

// Began prints the head of the rehearsal that is watched.
func (v *Play) Began(r *rehearsal.Result) {
	if !v.Watched(r.Rehearsal) {
		return
	}
	p := newSheet(v.o.Look)
	p.Flow(p.Line(page.Plain, v.name+"  "), page.Plain, page.Counted(v.count, "rehearsal")+" in the lab: simulated targets, nothing else is touched")
	p.Blank()
	end := p.Line(page.Plain, fmt.Sprintf("%s, clock %gx", faultOf(r), v.pace))
	p.Right(p.Line(page.Plain, fmt.Sprintf("  %d  %s", r.Rehearsal.Number, r.Rehearsal.Name)).Cut(max(p.Width()-end.Width()-2, 20)), end)
	p.Blank()
	v.print(p)
}

// Moment prints a line of the story; those of meanwhile after the steps.
func (v *Play) Moment(r *rehearsal.Result, m rehearsal.Moment) {
	switch {
	case !v.Watched(r.Rehearsal):
	case m.Kind == "finished":
		v.close()
		p := newSheet(v.o.Look)
		if v.played {
			p.Blank()
		}
		p.memory(r.Memory, v.o.Unicode)
		p.also(r)
		v.print(p)
	case v.tree != nil:
		v.late.moment(r, m)
	default:
		p := newSheet(v.o.Look)
		p.moment(r, m)
		v.print(p)
	}
}

// Fact draws the steps of the run.
func (v *Play) Fact(r *rehearsal.Result, e event.Event) {
	if !v.Watched(r.Rehearsal) {
		return
	}
	v.mu.Lock()
	v.lab, v.wall = e.Time, time.Now()
	v.mu.Unlock()
	if v.tree == nil && !v.played {
		p := newSheet(v.o.Look)
		p.Blank()
		v.print(p)
		v.played = true
		v.tree = report.NewTerminal(v.w, v.steps())
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
func (v *Play) steps() report.Options {
	o := v.o
	o.Bare, o.Indent = true, 2
	o.Now = func() time.Time {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.lab.Add(time.Duration(float64(time.Since(v.wall)) * v.pace))
	}
	return o
}

// close ends the steps and prints what happened meanwhile.
func (v *Play) close() {
	if v.tree == nil {
		return
	}
	if err := v.tree.Close(); err != nil && v.err == nil {
		v.err = err
	}
	v.tree = nil
	p := newSheet(v.o.Look)
	p.Blank()
	p.Take(v.late.Page, 0)
	v.late = newSheet(v.o.Look)
	v.print(p)
}

// End prints the rows, what they amount to, how it was played, and what was not
// reached.
func (v *Play) End(r *rehearsal.Report, exit int) error {
	v.close()
	p := newSheet(v.o.Look)
	p.results(r.Results)
	p.total(r, exit)
	for _, one := range r.Results {
		if v.Watched(one.Rehearsal) {
			rest := either(len(r.Results) > 1, ", the rest as fast as it goes", "")
			// what was passed over before the run was not played
			played := schema.HumanDuration(one.LabTime - one.Memory.From)
			p.labelled("Lab time", fmt.Sprintf("%s of rehearsal %d played at %gx%s", played, one.Rehearsal.Number, v.pace, rest))
		}
	}
	if len(r.Results) == len(r.Coverage[0].Subject.File.Rehearsals) {
		p.coverage(r.Coverage, false)
	}
	p.labelled("Limits", "the targets were simulated; docs/lab.md lists how they differ from real ones")
	v.print(p)
	return v.err
}
