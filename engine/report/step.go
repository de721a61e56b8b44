package report

import (
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

// Step is what is known of a step, of one item of a loop, or of a step of a
// called playbook.
type Step struct {
	Plan     event.Step
	State    event.State
	Started  time.Time
	Duration time.Duration
	Goals    []GoalTrace // of a step with remedies

	path     event.Path
	parent   *Step
	children []*Step
	gone     int // finished items that are no longer among the children
	detail   *detail
}

// GoalTrace is an item of a goal over the remedies.
type GoalTrace struct {
	That, Name string
	First      string
	After      []string // after each remedy that was tried
	Held       bool
	By         int // the remedy after which it held
}

// detail is what the tree shows of a step while and just after it runs.
type detail struct {
	started  event.StepStarted
	skipped  *event.StepSkipped
	checks   []*event.Check // the last verdict on each condition
	remedies []*event.Remedy
	done     event.StepFinished
	summary  string
	applied  action.Applied // "" before an outcome
	approval string         // "approved by maria, ..."
	live     live
}

// live is what changes while a step runs.
type live struct {
	progress *event.Progress
	poll     *event.Poll
	retry    *event.Retry
	attempt  int
	changing bool
	count    int // items of its loop
}

// isContainer reports whether the step is what its parts make of it.
func (s *Step) isContainer() bool {
	switch s.Plan.Kind {
	case event.KindBlock, event.KindRemedies, event.KindCall:
		return true
	}
	return s.Plan.Loop
}

// stepTree keeps the steps by address and by what holds them.
type stepTree struct {
	byPath map[event.Path]*Step
	tops   []*Step // in the order of the file
	open   []*Step // of tops: begun and not final
	next   int     // tops before it have begun
	idWide int     // the longest address of tops
	phase  event.Phase
	done   func(*Step) // a step of tops is final; its details go after
	undone func(*Step) // a step was undone, or could not be
}

func newStepTree() *stepTree { return &stepTree{byPath: map[event.Path]*Step{}} }

// plan takes a planned step.
func (t *stepTree) plan(p event.Step) {
	if s := t.byPath[p.Path]; s != nil {
		s.Plan = p
		return
	}
	s := &Step{Plan: p, path: p.Path, State: event.NotRun}
	t.byPath[p.Path] = s
	s.parent = t.byPath[p.Parent]
	switch {
	case s.parent != nil:
		s.parent.children = append(s.parent.children, s)
	case p.Phase != event.Undo:
		t.top(s)
	}
}

func (t *stepTree) top(s *Step) {
	t.tops = append(t.tops, s)
	t.idWide = max(t.idWide, len(s.path))
}

func (t *stepTree) known(path event.Path) *Step {
	if t == nil || path == "" {
		return nil
	}
	return t.byPath[path]
}

// at returns the step at path; one that the plan does not list — an item, a
// step of a called playbook — is put under what its address says.
func (t *stepTree) at(path event.Path) *Step {
	if s := t.byPath[path]; s != nil {
		return s
	}
	s := &Step{path: path, State: event.NotRun, Plan: event.Step{Path: path}}
	if p := t.template(path); p != nil {
		s.Plan = p.Plan
		s.Plan.Loop = p.Plan.Loop && !path.IsItem()
	}
	t.byPath[path] = s
	if up := path.Parent(); up != "" {
		s.parent = t.at(up)
		s.parent.children = append(s.parent.children, s)
		return s
	}
	s.Plan.Phase = t.phase
	t.top(s)
	return s
}

// template is the planned step of an item or of a step within an item.
func (t *stepTree) template(path event.Path) *Step {
	if s := t.byPath[path.Plain()]; s != nil {
		return s
	}
	if _, local, ok := path.InItem(); ok {
		return t.byPath[event.Path(local)]
	}
	return nil
}

// began puts s and what holds it among those that run.
func (t *stepTree) began(s *Step, at time.Time) {
	for x := s; x != nil; x = x.parent {
		if x.detail == nil {
			x.detail = &detail{}
		}
		if x.State == event.NotRun || x.State == event.Waiting || x.State == event.InDoubt {
			x.State = event.Running
			if x.Started.IsZero() {
				x.Started = at
			}
		}
		if x.parent == nil && x.State == event.Running && !t.isOpen(x) {
			t.open = append(t.open, x)
		}
	}
	for t.next < len(t.tops) && t.tops[t.next].State != event.NotRun {
		t.next++
	}
}

func (t *stepTree) isOpen(s *Step) bool {
	for _, o := range t.open {
		if o == s {
			return true
		}
	}
	return false
}

// maxItems is how many finished items of a loop are kept for the tree.
const maxKept = 20

// finished ends s in its state.
func (t *stepTree) finished(s *Step, state event.State) {
	s.State = state
	if s.parent == nil {
		t.close(s)
		return
	}
	if p := s.parent; len(p.children) > maxKept && s.path.IsItem() && (state == event.Passed || state == event.Skipped) {
		t.forget(s)
		p.gone++
	}
}

// close tells of a final step of the top, and lets go of its details.
func (t *stepTree) close(s *Step) {
	for i, o := range t.open {
		if o == s {
			t.open = append(t.open[:i], t.open[i+1:]...)
			break
		}
	}
	if t.done != nil {
		t.done(s)
	}
	if s.detail == nil {
		return
	}
	for t.next < len(t.tops) && t.tops[t.next].State != event.NotRun {
		t.next++
	}
	t.release(s)
}

func (t *stepTree) release(s *Step) {
	s.detail = nil
	kept := s.children[:0]
	for _, c := range s.children {
		t.release(c)
		if t.byPath[c.path] == c && c.path != c.Plan.Path {
			delete(t.byPath, c.path)
			continue
		}
		kept = append(kept, c)
	}
	clear(s.children[len(kept):])
	s.children = kept
}

func (t *stepTree) forget(s *Step) {
	t.release(s)
	delete(t.byPath, s.path)
	for i, c := range s.parent.children {
		if c == s {
			s.parent.children = append(s.parent.children[:i], s.parent.children[i+1:]...)
			return
		}
	}
}
