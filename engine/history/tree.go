package history

import (
	"slices"
	"time"

	"runbook/engine/event"
)

// Tree keeps the steps by address and by what holds them.
type Tree struct {
	Tops     []*Step     // in the order of the file
	Open     []*Step     // of Tops: begun and not final
	Next     int         // Tops before it have begun
	Remedied int         // planned steps with remedies
	Longest  int         // the length of the longest address of Tops
	Finished func(*Step) // a step of Tops is final; its details go after
	Undone   func(*Step) // a step was undone, or could not be

	outline *outline
	byPath  map[event.Path]*Step
	called  map[event.Path]*event.Step // planned steps of called playbooks
}

// plan takes a planned step.
func (t *Tree) plan(p *event.Step) {
	if s := t.byPath[p.Path]; s != nil {
		s.Plan = p
		return
	}
	if p.Kind == event.KindRemedies {
		t.Remedied++
	}
	t.add(&Step{Path: p.Path, Plan: p, Phase: p.Phase, State: event.NotRun}, p.Parent)
}

// call takes a planned step of a called playbook.
func (t *Tree) call(p *event.Step) {
	if t.called == nil {
		t.called = map[event.Path]*event.Step{}
	}
	t.called[p.Path] = p
}

func (t *Tree) add(s *Step, parent event.Path) {
	if t.byPath == nil {
		t.byPath = map[event.Path]*Step{}
	}
	t.byPath[s.Path] = s
	if s.Parent = t.byPath[parent]; s.Parent == nil {
		t.Tops = append(t.Tops, s)
		t.Longest = max(t.Longest, len(s.Path))
		return
	}
	parts := s.Parent.Parts
	at := len(parts)
	for at > 0 && after(parts[at-1].Path, s.Path) {
		at--
	}
	s.Parent.Parts = slices.Insert(parts, at, s)
	if s.Phase == "" {
		s.Phase = s.Parent.Phase
	}
}

// after reports whether x is an item behind y in the same loop.
func after(x, y event.Path) bool {
	return x.IsItem() && x.Loop() == y.Loop() && (len(x) > len(y) || len(x) == len(y) && x > y)
}

// Known returns the step at path, nil if there is none.
func (t *Tree) Known(path event.Path) *Step { return t.byPath[path] }

// At returns the step at path; one that the plan does not list — an item, a step
// of a called playbook — is put under what holds it.
func (t *Tree) At(path event.Path) *Step {
	if s := t.byPath[path]; s != nil {
		return s
	}
	if t.outline == nil {
		t.outline = &outline{}
	}
	s := &Step{Path: path, Plan: t.outline.planned(path), State: event.NotRun}
	if s.Plan == nil {
		s.Plan = t.called[path.Plain()]
	}
	if s.Plan == nil {
		s.Plan = &event.Step{Path: path}
	}
	up := t.outline.parent(path)
	if up != "" {
		t.At(up)
	}
	t.add(s, up)
	return s
}

// All gives every step, parts after what holds them. It ends when yield is false.
func (t *Tree) All(yield func(*Step) bool) {
	var walk func([]*Step) bool
	walk = func(steps []*Step) bool {
		for _, s := range steps {
			if !yield(s) || !walk(s.Parts) {
				return false
			}
		}
		return true
	}
	walk(t.Tops)
}

// LastOpen is the address of the step that was running last, "" for none.
func (t *Tree) LastOpen() (last event.Path) {
	var walk func([]*Step)
	walk = func(steps []*Step) {
		for _, s := range steps {
			if s.State == event.Running || s.State == event.Waiting {
				last = s.Path
				walk(s.Parts)
			}
		}
	}
	walk(t.Open)
	return last
}

func (t *Tree) apply(e event.Event) {
	s := t.At(e.Path)
	if f, ok := e.Data.(*event.StepFinished); ok && (f.State == event.Undone || f.State == event.UndoFailed) {
		t.undone(s, f)
		return
	}
	if Final(s.State) && s.Parent == nil && s.Detail == nil {
		return
	}
	if !e.Type.Transient() || s.Detail == nil {
		t.began(s, e.Time)
	}
	s.apply(e)
	switch d := e.Data.(type) {
	case *event.StepSkipped:
		t.final(s, event.Skipped)
	case *event.StepFinished:
		t.final(s, d.State)
	case *event.Approval:
		for x := s; e.Type == event.TypeApprovalRequested && x != nil; x = x.Parent {
			x.State = event.Waiting
		}
	}
}

func (t *Tree) undone(s *Step, f *event.StepFinished) {
	s.State = f.State
	if s.Detail == nil {
		s.Detail = &Detail{}
	}
	s.Detail.Done.Failure = f.Failure
	if t.Undone != nil {
		t.Undone(s)
	}
}

// began puts s and what holds it among those that run.
func (t *Tree) began(s *Step, at time.Time) {
	for x := s; x != nil; x = x.Parent {
		if x.Detail == nil {
			x.Detail = &Detail{}
		}
		if !Final(x.State) && x.State != event.Running {
			x.State = event.Running
			if x.Started.IsZero() {
				x.Started = at
			}
		}
		if x.Parent == nil && x.State == event.Running && !slices.Contains(t.Open, x) {
			t.Open = append(t.Open, x)
		}
	}
	t.advance()
}

func (t *Tree) advance() {
	for t.Next < len(t.Tops) && t.Tops[t.Next].State != event.NotRun {
		t.Next++
	}
}

// Kept is how many items of a loop keep their details though they passed.
const Kept = 20

// final ends s in its state, and with it the parts that it began and did not come to.
func (t *Tree) final(s *Step, state event.State) {
	switch s.State = state; {
	case state == event.Unknown || state == event.Previewed:
		cut(s.Parts, state)
	case Final(state):
		cut(s.Parts, event.NotRun)
	}
	if s.Parent == nil {
		t.close(s)
		return
	}
	if len(s.Parent.Parts) > Kept && s.Path.IsItem() && (state == event.Passed || state == event.Skipped) {
		release(s)
	}
}

// close tells of a final step of the top, and lets go of its details.
func (t *Tree) close(s *Step) {
	t.Open = slices.DeleteFunc(t.Open, func(o *Step) bool { return o == s })
	if t.Finished != nil {
		t.Finished(s)
	}
	t.advance()
	release(s)
}

func release(s *Step) {
	s.Detail = nil
	for _, c := range s.Parts {
		release(c)
	}
}

// end gives the steps that the end of the run found begun their last state.
func (t *Tree) end(f *event.RunFinished, at time.Time) {
	for s := t.Known(f.Step); s != nil; s = s.Parent {
		if !Final(s.State) {
			s.State = f.State
			s.Duration = at.Sub(s.Started)
		}
	}
	cut(t.Open, event.Cancelled)
}

// cut ends what still runs among steps and their parts.
func cut(steps []*Step, state event.State) {
	for _, s := range steps {
		if s.State == event.Running || s.State == event.Waiting && state != event.Cancelled {
			s.State = state
		}
		cut(s.Parts, state)
	}
}
