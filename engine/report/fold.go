package report

import (
	"runbook/engine/event"
	"runbook/engine/history"
)

// Run is what became of a run, with its timeline in words.
type Run struct {
	history.Run
	times timeline
}

// Apply takes the next fact.
func (r *Run) Apply(e event.Event) {
	if !e.Type.Transient() {
		r.times.add(&r.Run, e)
	}
	r.Run.Apply(e)
}

// target returns "docker, tcp://prod:2376" for the target of that name.
func target(r *history.Run, name string) string {
	for _, t := range r.Header.Environment.Targets {
		if t.Name == name && t.Address != "" {
			return t.Name + ", " + t.Address
		}
	}
	return name
}
