package run

import (
	"slices"
	"time"

	"runbook/engine/event"
	"runbook/engine/plan"
)

// undoable is an applied effect with a declared compensation.
type undoable struct {
	in *instance
	sc *scope // what the step saw, with its before and outputs
}

// undoWithin undoes, in reverse order, the effects of the step at path and of
// those within it. It asks nobody, and the halt of the run does not end it. A
// failed undo blocks the undos of those that its step came after. A run that is in
// doubt or waits undoes nothing: it has not ended.
func (r *runner) undoWithin(path event.Path, sc *scope) {
	if r.suspended() {
		return
	}
	var todo []undoable
	r.tally.do(func() {
		r.tally.undo = slices.DeleteFunc(r.tally.undo, func(u undoable) bool {
			if !under(u.sc, u.in, path) {
				return false
			}
			todo = append(todo, u)
			return true
		})
	})
	if len(todo) == 0 || r.journalError() != nil {
		return
	}
	_ = r.record(event.TypePhase, path, 0, &event.PhaseBegan{Name: event.Undo})
	var blocked []undoable
	for _, u := range slices.Backward(todo) {
		if slices.ContainsFunc(blocked, u.precedes) {
			r.undone(u, event.UndoFailed, &event.Failure{What: "not undone: the undo of a step after it failed"})
			continue
		}
		if !r.undoOne(u) {
			blocked = append(blocked, u)
		}
	}
}

// precedes reports whether other's step came after u's in the graph: where they are in
// the same item or call by their own needs, else by those of the loops and calls that
// they are in.
func (u undoable) precedes(other undoable) bool {
	mine, others := u.line(), other.line()
	for i := range min(len(mine), len(others)) {
		if mine[i].sc.in != others[i].sc.in {
			return false
		}
		if a, b := mine[i].step.Planned(), others[i].step.Planned(); a != b {
			return plan.Precedes(a, b)
		}
	}
	return false
}

// line are the loops and calls that an effect is in, from the outermost, and its step.
func (u undoable) line() []holder {
	line := []holder{{step: u.in.step, sc: u.sc}}
	for h := u.sc.in; h != nil; h = h.sc.in {
		line = append(line, *h)
	}
	slices.Reverse(line)
	return line
}

// under reports whether the step belongs to what is at path: the path itself,
// an item or a part of it, also where the part has an address of its own, and where
// loops and calls stand between the two.
func under(sc *scope, in *instance, path event.Path) bool {
	if in.path.Within(path) {
		return true
	}
	for s := in.step; s != nil; s, sc = sc.in.step, sc.in.sc {
		for ; s != nil && (sc.in == nil || s != sc.in.step); s = s.Parent {
			if sc.path(s) == path {
				return true
			}
		}
		if sc.in == nil {
			return false
		}
		if sc.at.Within(path) {
			return true
		}
	}
	return false
}

func (r *runner) undoOne(u undoable) bool {
	sc := *u.sc
	sc.bound = newBoundary(r.hard, nil)
	defer sc.bound.close()
	sc.mild, sc.phase, sc.watch = true, event.Undo, nil
	o := r.step(u.in.step.Undo, &sc)
	if o.bad() {
		r.undone(u, event.UndoFailed, o.problem.failure)
		return false
	}
	r.undone(u, event.Undone, nil)
	return true
}

func (r *runner) undone(u undoable, s event.State, f *event.Failure) {
	u.in.state = s
	_ = r.record(event.TypeStepFinished, u.in.path, 0, &event.StepFinished{State: s, Failure: f, Duration: time.Duration(0)})
}
