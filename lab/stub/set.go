package stub

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"runbook/engine/action"
	"runbook/lab"
	"runbook/lab/model"
)

// World is the lab that stubs look at, and in which they change something.
type World interface {
	Heal(fault string) error
	Inject(fault lab.Fault) error
	// Lasts reports whether a fault is there.
	Lasts(fault string) bool
}

// Set are the stubs that answer for the runs of one lab.
type Set struct {
	world World
	file  string // in which a line is to be added
	all   []*Stub

	mu      sync.Mutex
	calls   map[*Stub]int
	now     map[string]string // what stubs have set
	changed string            // the last that changed something in the lab
	changes int
	lacking []Line // that would have answered what was refused
	err     error
}

var _ action.Stubs = (*Set)(nil)

// New are stubs that answer in a world, the first ones first; a line for
// another one goes into the file.
func New(world World, file string, all ...*Stub) *Set {
	return &Set{world: world, file: file, all: all, calls: map[*Stub]int{}, now: map[string]string{}}
}

// Answer is that of the first stub that matches and may still answer.
func (s *Set) Answer(asked action.Asked) *action.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		if one.matches(asked) && one.stands(s.now) && (one.times == 0 || s.calls[one] < one.times) && (one.fault == "" || s.world.Lasts(one.fault)) {
			s.calls[one]++
			answer := one.answer
			answer.Ends = func() { s.effect(one) }
			return &answer
		}
	}
	return nil
}

// Stands reports whether a stub without a bound answers what is asked, now and later.
func (s *Set) Stands(asked action.Asked) bool {
	return slices.ContainsFunc(s.all, func(one *Stub) bool {
		return one.times == 0 && len(one.while) == 0 && one.fault == "" && one.matches(asked)
	})
}

// Refused says the line that would answer what is asked, and notes it.
func (s *Set) Refused(asked action.Asked) []string {
	under, line := lineOf(asked)
	if slices.Contains(model.Services(), asked.Service) && len(asked.Argv) == 0 {
		return nil // a fault took its container
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := (Line{under, line}); !slices.Contains(s.lacking, n) {
		s.lacking = append(s.lacking, n)
	}
	return []string{"add below " + under + ": in " + s.file, line}
}

// Lacking are the lines that would have answered what was refused so far.
func (s *Set) Lacking() []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lacking)
}

// effect is what a stub does to the lab, and to other stubs, when it has answered.
func (s *Set) effect(one *Stub) {
	if !one.changes() {
		return
	}
	var err error
	if one.heals != "" {
		err = s.world.Heal(one.heals)
	}
	if one.injects != nil {
		err = errors.Join(err, s.world.Inject(*one.injects))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.now, one.sets)
	s.changed, s.changes, s.err = one.Text, s.changes+1, errors.Join(s.err, err)
}

// Unused are the stubs of a list that nothing has called.
func (s *Set) Unused(of []*Stub) []*Stub {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(of), func(one *Stub) bool { return s.calls[one] > 0 })
}

// Effects are how often stubs changed something in the lab or set something, the last that did, and
// what went wrong with it.
func (s *Set) Effects() (changes int, last string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes, s.changed, s.err
}
