package run

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// scope is what the expressions of a step can see: names, and the steps of its
// own loop item or call and of those around it.
type scope struct {
	around *scope
	at     event.Path     // of the item or call that its steps are in; "" at the top
	in     *holder        // that item or call; nil at the top
	names  map[string]any // item, index, goal, failure; inputs, vars, run, environment at the root
	shared *instances
	number *plan.Decided // the numbers of its playbook
	after  string        // dry run: the change upstream whose effect is not known; "" for none
	watch  *stopwatch
	bound  *boundary
	mild   bool        // an undo: never asks
	warns  bool        // a container around it makes a warning of a failure
	reads  bool        // a prerequisite: never changes anything
	phase  event.Phase // Finally and Undo; "" for the rest
	remedy remedied
	begun  *atomic.Bool // whether a step of its playbook began, so that finally runs

	approved *approvedItem // of a loop that was approved as a whole
}

// approvedItem is what an approval of a whole loop says of one item.
type approvedItem struct {
	event.ApprovalItem
	by *event.Approval // of people, for as long as it stands; nil: by --yes
}

// remedied is what the steps of a remedy know beside their names; it is zero for
// all others.
type remedied struct {
	goal    *goal
	because string // it is applied
	onlyIf  string // dry run: when it would be applied
}

// instances are the steps of one plan, item or call.
type instances struct {
	mu   sync.RWMutex
	byID map[string]*instance
}

func newInstances() *instances { return &instances{byID: map[string]*instance{}} }

// holder is the loop or the call that the steps of a scope are in, and the scope in
// which that stands.
type holder struct {
	step *plan.Step
	sc   *scope
}

// within returns a scope for the item of a loop at that address, with further names.
func (s *scope) within(loop *plan.Step, at event.Path, names map[string]any) *scope {
	c := *s
	c.around, c.at, c.names, c.shared = s, at, names, newInstances()
	c.in = &holder{step: loop, sc: s}
	return &c
}

// with returns s with further names and the same steps.
func (s *scope) with(names map[string]any) *scope {
	c := *s
	c.around, c.names = s, names
	return &c
}

// Name implements expression.Values.
func (s *scope) Name(name string) (any, bool) {
	for x := s; x != nil; x = x.around {
		if v, ok := x.names[name]; ok {
			return v, true
		}
	}
	return nil, false
}

// Step implements expression.Values.
func (s *scope) Step(id string) (any, bool) {
	for x := s; x != nil; x = x.around {
		x.shared.mu.RLock()
		in := x.shared.byID[id]
		x.shared.mu.RUnlock()
		if in != nil {
			return in, true
		}
	}
	return notRunStep{}, true
}

// notRunStep stands for a step that has not begun.
type notRunStep struct{}

// Member implements expression.Object.
func (notRunStep) Member(name string) (any, bool) {
	switch name {
	case "state":
		return string(event.NotRun), true
	case "attempts":
		return 0, true
	case "duration":
		return time.Duration(0), true
	case "error":
		return "", true
	}
	return nil, true
}

// instance is a step in one scope: its state and what it gave. Expressions read only
// steps that are final, so whoever reads it comes after who wrote it.
type instance struct {
	step  *plan.Step
	path  event.Path
	title string // of one with ${{ }}; "" where that is not known

	state                     event.State
	outputs, observed, before any
	failure                   string
	pending                   *schema.Unknown // dry run: its end is not known
	item                      bool            // one item of a loop
	attempts                  int
	done                      event.StepFinished // as far as it is known
	slot                      func()             // gives back that of an attempt that failed; nil: it has none
}

// leave gives back the slot of an attempt that failed, once that has halted the others:
// before, one that waits for it would begin.
func (in *instance) leave() {
	if in.slot != nil {
		in.slot()
		in.slot = nil
	}
}

// Member implements expression.Object.
func (in *instance) Member(name string) (any, bool) {
	switch name {
	case "outputs":
		return in.outputs, true
	case "observed":
		return in.observed, true
	case "before":
		return in.before, true
	}
	if in.pending != nil {
		return *in.pending, true
	}
	switch name {
	case "state":
		return in.shown(), true
	case "error":
		return in.failure, true
	case "duration":
		return in.done.Duration, true
	case "attempts":
		return in.attempts, true
	}
	return nil, false
}

// name is how the step is called: its title, as far as it is known, else its brief.
func (in *instance) name() string { return cmp.Or(in.title, in.step.Name()) }

// titled evaluates a title once. One that is not known, as that of a loop which is made
// of its items, stays as it is written.
func (r *runner) titled(in *instance, sc *scope) {
	t := in.step.Titled
	if t == nil || in.step.Loop != nil && !in.item && t.Template != nil && slices.ContainsFunc(t.Template.Paths(), func(path []string) bool {
		_, own := in.step.Loop.Names(nil, nil)[path[0]]
		return own
	}) {
		return
	}
	if got, err := r.value(sc.bound.ctx, t, sc); err == nil && !schema.HasUnknown(got) {
		in.title = cut(schema.TextOf(got))
	}
}

// shown is the state as expressions see it: in a dry run a read that was
// executed has passed.
func (in *instance) shown() string {
	if in.state == event.Executed {
		return string(event.Passed)
	}
	return string(in.state)
}

// add makes the instance of a step in s.
func (s *scope) add(st *plan.Step) *instance {
	in := &instance{step: s.number.Step(st), path: s.path(st), state: event.NotRun}
	if st.ID != "" {
		s.shared.mu.Lock()
		s.shared.byID[st.ID] = in
		s.shared.mu.Unlock()
	}
	return in
}

func (s *scope) path(st *plan.Step) event.Path {
	if s.at == "" {
		return event.Path(st.Path)
	}
	return s.at.Part(st.Local)
}
