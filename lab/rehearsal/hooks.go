package rehearsal

import (
	"slices"
	"sync"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/run"
)

// hooks is a journal that injects faults before and after attempts of steps. While
// it writes the lab's clock stands still: how fast a disk is changes nothing.
type hooks struct {
	run.Journal
	scene   *scene
	steps   *addresses
	moments []*Injection

	mu       sync.Mutex
	made     []bool             // of each moment: whether it came
	attempts map[event.Path]int // of reads, by path
	over     bool
	err      error
}

// Append injects what stands before the fact, appends it, and injects what
// stands after it.
func (h *hooks) Append(e *event.Event) error {
	defer h.scene.lab.Clock().Work()()
	h.around(e, true)
	err := h.Journal.Append(e)
	h.around(e, false)
	return err
}

func (h *hooks) around(e *event.Event, before bool) {
	attempt, ok := h.attempt(e, before)
	if !ok {
		return
	}
	for i, m := range h.moments {
		if m.Step != "" && m.Before == before && m.Attempt == attempt && matches(m.Step, e.Path) {
			h.make(i)
		}
	}
}

// attempt says which attempt of its step a fact begins or ends.
func (h *hooks) attempt(e *event.Event, before bool) (int, bool) {
	switch d := e.Data.(type) {
	case *event.Intent:
		return max(1, e.Attempt), before
	case *event.Outcome, *event.Result:
		return max(1, e.Attempt), !before
	case *event.StepStarted:
		if !before || h.acts(e.Path) && d.Effect != action.Read {
			return 0, false
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.attempts == nil {
			h.attempts = map[event.Path]int{}
		}
		h.attempts[e.Path]++
		return h.attempts[e.Path], true
	case *event.StepFinished:
		return 1, !before && !h.acts(e.Path)
	}
	return 0, false
}

// acts is whether a step is an action; one that is not has one attempt, from its
// start to its end.
func (h *hooks) acts(path event.Path) bool {
	s := h.steps.steps[path.Plain()]
	return s != nil && s.Body == plan.BodyAction
}

// make makes a moment come, once: it injects, or it heals.
func (h *hooks) make(i int) {
	h.mu.Lock()
	late := h.over || h.made[i]
	h.made[i] = true
	h.mu.Unlock()
	if late {
		return
	}
	m, err := h.moments[i], error(nil)
	if m.Heal.Set() {
		err = h.scene.lab.Heal(m.Heal.Value)
	} else {
		err = h.scene.lab.Inject(m.Fault())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil && h.err == nil {
		h.err = err
	}
}

// end says which moments came, and the error of one that could not be made.
func (h *hooks) end() ([]bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	return slices.Clone(h.made), h.err
}
