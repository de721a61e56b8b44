package rehearsal

import (
	"slices"

	"runbook/engine/event"
	"runbook/engine/history"
)

// noRemedy is expected where no remedy may have been effective.
const noRemedy = "none"

// worst are the states of items from the worst on: that of a loop is the first
// of them that an item has.
func worst() []event.State {
	return []event.State{
		event.InDoubt, event.Waiting, event.Refused, event.Failed, event.Cancelled, event.UndoFailed, event.Undone, event.Warned, event.Passed, event.Skipped,
	}
}

// stateOf is how a step ended; of several items the worst.
func stateOf(h *history.Run, step event.Path) event.State {
	if s := h.Known(step); s != nil && s.State != event.NotRun {
		return s.State
	}
	order := worst()
	rank := len(order)
	for s := range h.All {
		if i := slices.Index(order, s.State); i >= 0 && matches(step, s.Path) {
			rank = min(rank, i)
		}
	}
	if rank == len(order) {
		return event.NotRun
	}
	return order[rank]
}

// remedyOf is the title of the remedy of a goal that was effective, or noRemedy.
func remedyOf(h *history.Run, step event.Path) string {
	for s := range h.All {
		if s.Effect != "" && matches(step, s.Path) {
			return s.Effect
		}
	}
	return noRemedy
}
