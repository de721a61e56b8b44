// Package history turns the facts of a run into what happened in it: its steps with
// their states, times and attempts, what it changed, what is in flight, what was
// found, how it ended. It has no words: a report, the list of runs, a rehearsal's
// judge and the run itself read the same fold, so that none counts otherwise than
// another.
package history

import (
	"cmp"
	"time"

	"runbook/engine/event"
)

// Run is what is known of a run from its facts so far. Its memory grows with the
// steps that ran; what only shows how a step came about is let go of once the part
// of the playbook that holds it is final.
type Run struct {
	Header    event.RunCreated
	Started   time.Time
	Ended     time.Time // of the last fact
	Locks     []string
	Owner     *event.Owner
	End       *event.RunFinished // nil: no last fact yet
	Suspended bool               // it waits or is in doubt
	Records   uint64             // facts in the journal so far
	Findings  []event.Finding    // warnings and failures of steps, in order
	Unknown   int                // dry run: conditions that are known only after a change

	Changes
	Tree
}

// Of folds facts.
func Of(facts []event.Event) *Run {
	r := &Run{}
	for _, e := range facts {
		r.Apply(e)
	}
	return r
}

// Apply takes the next fact.
func (r *Run) Apply(e event.Event) {
	r.Tree.outline = &r.Changes.outline
	if !e.Type.Transient() {
		r.Records++
		r.Ended = e.Time
		r.Changes.Apply(e)
	}
	if e.Path == "" || e.Type == event.TypePhase {
		r.applyRun(e)
		return
	}
	r.find(e)
	r.Tree.apply(e)
	if c, ok := e.Data.(*event.Check); ok && c.Verdict == event.UnknownCheck && c.After != "" {
		r.Unknown++
	}
}

func (r *Run) applyRun(e event.Event) {
	switch d := e.Data.(type) {
	case *event.RunCreated:
		r.Header, r.Started = *d, e.Time
	case *event.Plan:
		for i := range d.Steps {
			r.Tree.plan(&d.Steps[i])
		}
		for i := range d.Called {
			r.Tree.call(&d.Called[i])
		}
	case *event.Locks:
		r.Locks = d.Keys
	case *event.Owner:
		r.Owner, r.End, r.Suspended = d, nil, false
	case *event.RunSuspended:
		r.end(&d.RunFinished, true)
	case *event.RunFinished:
		r.end(d, false)
	}
}

func (r *Run) end(f *event.RunFinished, suspended bool) {
	r.End, r.Suspended = f, suspended
	r.Tree.end(f, r.Ended)
}

// State is the run's state; one without a last fact is running.
func (r *Run) State() event.State {
	if r.End == nil {
		return event.Running
	}
	return r.End.State
}

// Took is how long the run ran, to its last fact.
func (r *Run) Took() time.Duration {
	if r.End != nil && r.End.Duration > 0 {
		return r.End.Duration
	}
	return r.Ended.Sub(r.Started)
}

// Warnings are those of the last fact; before it, those that were found so far.
func (r *Run) Warnings() []event.Finding {
	if r.End != nil {
		return r.End.Warnings
	}
	var out []event.Finding
	for _, f := range r.Findings {
		if f.Level == "warn" {
			out = append(out, f)
		}
	}
	return out
}

// find keeps what a step found: a check or the step itself warned, or it failed
// by itself.
func (r *Run) find(e event.Event) {
	var level, message, title string
	switch d := e.Data.(type) {
	case *event.Check:
		if d.Verdict != event.CheckWarned {
			return
		}
		level, message = "warn", d.Warning()
	case *event.Kept:
		if level, message = "warn", d.Warning(); message == "" {
			return
		}
	case *event.Remedy:
		if d.Warning == "" {
			return
		}
		level, message = "warn", d.Warning
	case *event.StepFinished:
		switch {
		case d.Failure == nil:
			return
		case d.State == event.Warned, d.Warning:
			level = "warn"
		case d.State == event.Failed && !r.toldBelow(e.Path, d.Failure):
			level = "fail"
		default:
			return
		}
		message, title = d.Failure.Line(), d.Title
	default:
		return
	}
	s := r.At(e.Path)
	r.Findings = append(r.Findings, event.Finding{Step: e.Path, Title: cmp.Or(title, s.Title, s.Plan.Name()), Level: level, Message: message})
}

func (r *Run) toldBelow(path event.Path, f *event.Failure) bool {
	s := r.Known(path)
	return s != nil && s.ToldBelow(f)
}
