package report

import "runbook/engine/event"

// intent is an effect that was begun and has no outcome: of a run that was
// interrupted, nobody knows whether it was applied.
type intent struct {
	path            event.Path
	target, summary string
}

// follow keeps the effects that are in flight.
func (r *Run) follow(e event.Event) {
	switch d := e.Data.(type) {
	case *event.Intent:
		r.open = append(r.open, intent{path: e.Path, target: d.Target, summary: d.Preview.Summary})
	case *event.Outcome:
		for i, o := range r.open {
			if o.path == e.Path {
				r.open = append(r.open[:i], r.open[i+1:]...)
				return
			}
		}
	}
}
