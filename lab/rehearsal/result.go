package rehearsal

import (
	"fmt"
	"time"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/engine/yaml"
	"runbook/lab/stub"
)

// Subject is a playbook with its rehearsals.
type Subject struct {
	Name   string
	Source *yaml.Source
	Plan   *plan.Plan
	File   *File
	Skip   func(*Rehearsal) bool // those that are not asked for; nil: none
}

// Called is how the playbook is named on the command line.
func (s *Subject) Called() string {
	if s.Source.Embedded {
		return s.Name
	}
	return s.Source.Name
}

// Options are what rehearsals need beside playbooks.
type Options struct {
	Launcher *launch.Launcher
	Rules    []byte  // alerts, as a file of rules of Prometheus
	Seed     uint64  // 0: each rehearsal's own, else 1
	Pace     float64 // of the one that is watched; 0: as fast as it goes
	Watch    func(*Rehearsal) bool
	Parallel int // 0: 4
	Observer Observer
	// Render writes the facts of a run as people and programs read them, to look
	// for secrets; nil: the facts alone are searched.
	Render func([]event.Event) []byte
	// Keep keeps the journal of a rehearsal that failed, and returns the id of
	// its run; nil: nothing is kept.
	Keep func([]event.Event) (run string, err error)
}

// Observer follows rehearsals while they are played. Its methods are called one
// at a time.
type Observer interface {
	Began(*Result)
	Moment(*Result, Moment)
	Fact(*Result, event.Event) // of the run under rehearsal
}

// Report is what became of rehearsals.
type Report struct {
	Results  []*Result
	Coverage []*Coverage // of each subject
	Took     time.Duration
}

// Passed counts the rehearsals that passed.
func (r *Report) Passed() (passed int) {
	for _, one := range r.Results {
		if one.Passed {
			passed++
		}
	}
	return passed
}

// Percent is the share of steps, branches and remedies that were reached.
func (r *Report) Percent() float64 {
	var sum Ratio
	for _, c := range r.Coverage {
		sum = sum.Plus(c.All())
	}
	return sum.Percent()
}

// Result is what became of one rehearsal.
type Result struct {
	Subject   *Subject
	Rehearsal *Rehearsal
	Seed      uint64
	Passed    bool
	Ending    string // "red to green", "left alone", "failed, as expected"
	Checks    []Check
	Also      []Property
	Finished  event.RunFinished
	Settled   int // effects whose reply was lost
	LabTime   time.Duration
	Took      time.Duration
	Run       string // id of the journal that is kept
	Err       error  // the lab did not start, or the context ended
	Evidence

	mistakes diag.List    // why the run might not begin
	idle     []*stub.Stub // of the file: nothing in this rehearsal called them
}

// Evidence is what was seen of a rehearsal.
type Evidence struct {
	Timeline []Moment
	Facts    []event.Event // of the run
	Memory   Gauge         // of the app, from the start of the run
	Notes    []Note
	Written  int         // bytes of output that were searched for secrets
	Lacking  []stub.Line // that would answer what was refused
}

// Name is how the rehearsal is named: memory-leak/2.
func (r *Result) Name() string { return fmt.Sprintf("%s/%d", r.Subject.Name, r.Rehearsal.Number) }

// Changes is how many changes the run counts.
func (r *Result) Changes() int { return history.Count(r.Finished.Changes) }

// Moment is something that happened, by the lab's time since the fault.
type Moment struct {
	At    time.Duration
	Kind  string // healthy injected forward alert resolved red run always green finished
	Text  string
	Held  bool
	Value string
	Place diag.Span
}

// Gauge is a figure over time.
type Gauge struct {
	From, Every time.Duration // since the fault
	Percent     []float64
}

// Check is one thing that was expected.
type Check struct {
	Kind           string // exit before after always steps remedies changes duration message
	Expected, Seen string
	Held           bool
	Place          diag.Span
}

// Property is one thing that is checked without being written.
type Property struct {
	Text   string
	Held   bool
	Detail string
}

// Note is a fact that helps to understand a failure.
type Note struct{ Label, Text string }
