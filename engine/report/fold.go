package report

import (
	"time"

	"runbook/engine/event"
)

// Run is what is known of a run from its facts so far. Its memory is bounded
// by the steps of the plan: details of a step are let go of once the part of
// the playbook that holds it is final.
type Run struct {
	Header    event.RunCreated
	Started   time.Time
	Ended     time.Time // of the last fact
	Locks     []string
	Owner     *event.Owner
	End       *event.RunFinished // nil: no last fact yet
	Suspended bool               // it waits or is in doubt
	Records   uint64             // facts in the journal so far

	steps   *stepTree
	times   timeline
	dry     dryUnknowns
	remedy  int // steps with remedies
	applied int // effects so far, without those of finally
	open    []intent
}

// dryUnknowns counts what a dry run could not know because a change precedes.
type dryUnknowns struct{ afterChange int }

// Apply takes the next fact.
func (r *Run) Apply(e event.Event) {
	if r.steps == nil {
		r.steps = newStepTree()
	}
	if !e.Type.Transient() {
		r.Records++
		r.Ended = e.Time
		r.times.add(r, e)
		r.follow(e)
	}
	if e.Path == "" || e.Type == event.TypePhase {
		r.applyRun(e)
	} else {
		r.applyStep(r.steps.at(e.Path), e)
	}
}

func (r *Run) applyRun(e event.Event) {
	switch d := e.Data.(type) {
	case *event.RunCreated:
		r.Header, r.Started = *d, e.Time
	case *event.Plan:
		for _, s := range d.Steps {
			if s.Kind == event.KindRemedies {
				r.remedy++
			}
			r.steps.plan(s)
		}
	case *event.Locks:
		r.Locks = d.Keys
	case *event.Owner:
		r.Owner, r.End, r.Suspended = d, nil, false
	case *event.PhaseBegan:
		r.steps.phase = d.Name
	case *event.RunSuspended:
		r.end(&d.RunFinished, true)
	case *event.RunFinished:
		r.end(d, false)
	}
}

func (r *Run) end(f *event.RunFinished, suspended bool) {
	r.End, r.Suspended = f, suspended
	for s := r.steps.known(f.Step); s != nil; s = s.parent {
		if !final(s.State) {
			s.State = f.State
			s.Duration = r.Ended.Sub(s.Started)
		}
	}
	for _, s := range r.steps.open {
		if s.State == event.Running {
			s.State = event.Cancelled
		}
	}
}

func final(s event.State) bool {
	switch s {
	case "", event.NotRun, event.Running, event.Waiting, event.InDoubt:
		return false
	}
	return true
}

// state is the run's state; one without a last fact is running.
func (r *Run) state() event.State {
	if r.End == nil {
		return event.Running
	}
	return r.End.State
}

// target returns "docker, tcp://prod:2376" for the target of that name.
func (r *Run) target(name string) string {
	for _, t := range r.Header.Environment.Targets {
		if t.Name == name && t.Address != "" {
			return t.Name + ", " + t.Address
		}
	}
	return name
}

// titleOf is how the step at path is called, "" where it has no title.
func (r *Run) titleOf(path event.Path) string {
	if s := r.steps.known(path); s != nil {
		return s.Plan.Title
	}
	return ""
}
