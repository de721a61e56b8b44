package rehearsal

import (
	"slices"

	"runbook/engine/event"
)

// ends are how the steps of a run ended.
type ends struct {
	steps     map[event.Path]*stepEnd // by address
	addresses *addresses
}

// stepEnd is how one step ended.
type stepEnd struct {
	state  event.State
	remedy string // of a goal: the title that was effective
}

// noRemedy is expected where no remedy may have been effective.
const noRemedy = "none"

func endings(facts []event.Event, a *addresses) *ends {
	e := &ends{map[event.Path]*stepEnd{}, a}
	at := func(path event.Path) *stepEnd {
		if e.steps[path] == nil {
			e.steps[path] = &stepEnd{state: event.NotRun}
		}
		return e.steps[path]
	}
	for _, f := range facts {
		switch d := f.Data.(type) {
		case *event.StepSkipped:
			at(f.Path).state = event.Skipped
		case *event.StepFinished:
			at(f.Path).state = d.State
		case *event.Remedy:
			if d.Verdict == "effective" {
				at(f.Path).remedy = d.Title
			}
		case *event.RunSuspended:
			if d.Step != "" {
				at(d.Step).state = d.State
			}
		}
	}
	return e
}

// worst are the states of items from the worst on: that of a loop is the first
// of them that an item has.
func worst() []event.State {
	return []event.State{
		event.InDoubt, event.Waiting, event.Refused, event.Failed, event.Cancelled, event.UndoFailed, event.Undone, event.Warned, event.Passed, event.Skipped,
	}
}

// state is how a step ended; of several items the worst. A step that holds one
// that waits, or that is in doubt, is so too.
func (e *ends) state(step event.Path) event.State {
	if one := e.steps[step]; one != nil && one.state != event.NotRun {
		return one.state
	}
	order := worst()
	rank := len(order)
	for path, one := range e.steps {
		held := one.state == event.Waiting || one.state == event.InDoubt
		if matches(step, path) || held && e.within(path, step) {
			if i := slices.Index(order, one.state); i >= 0 {
				rank = min(rank, i)
			}
		}
	}
	if rank == len(order) {
		return event.NotRun
	}
	return order[rank]
}

// within is whether a step is a part of another.
func (e *ends) within(path, step event.Path) bool {
	for around := e.addresses.around(path); around != ""; around = e.addresses.around(around) {
		if around == step.Plain() {
			return true
		}
	}
	return false
}

// remedy is the title of the remedy of a goal that was effective, or noRemedy.
func (e *ends) remedy(step event.Path) string {
	for path, one := range e.steps {
		if one.remedy != "" && matches(step, path) {
			return one.remedy
		}
	}
	return noRemedy
}
