package rehearsal

import (
	"fmt"
	"time"

	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab"
)

// File is a file of rehearsals.
type File struct {
	Source     *yaml.Source
	Rehearsals []*Rehearsal
}

// Rehearsal is an incident and how a playbook must end it.
type Rehearsal struct {
	Number int // in the file, from 1
	Name   string
	Place  diag.Span
	Fault  lab.Fault
	Settle time.Duration // lab time from the fault to the run
	Setting
	Inputs map[string]any
	texts  map[string]*expression.Template // of inputs that read the lab

	Moments []Injection
	Answers
	Always []*Condition
	Expect Expect
	Again  bool     // a second run may change something
	Also   []string // the wrong faults of "no harm"
}

// Setting is what the run is played in beside its fault.
type Setting struct {
	Seed   uint64              // 0: by default
	Policy *environment.Policy // nil: the default one
	Held   []string            // locks that another run holds
}

// Answers are what people answer during a rehearsal.
type Answers struct {
	Approve []Approval
	Report  []Answer
	Yes     bool // as --yes
}

// Injection is a fault in time.
type Injection struct {
	After   time.Duration // after the start of the run, where Step is ""
	Step    event.Path
	Attempt int
	Before  bool // before the step's attempt, not after it
	Fault   lab.Fault
	Heal    string // the fault to heal, in place of one to inject
	Place   diag.Span
}

// String is how the injection is told: "reply-lost on docker before recover/2.1".
func (i Injection) String() string {
	what := i.Fault.String()
	if i.Heal != "" {
		what = i.Heal + " healed"
	}
	switch {
	case i.Step == "":
		return what + " after " + schema.HumanDuration(i.After)
	case i.Before:
		return fmt.Sprintf("%s before %s.%d", what, i.Step, i.Attempt)
	}
	return fmt.Sprintf("%s after %s.%d", what, i.Step, i.Attempt)
}

// Approval is an answer to an approval, or to several at the same step.
type Approval struct {
	Step    event.Path
	As      string
	After   time.Duration // after the question
	Refuse  string
	Refuses bool
	Place   diag.Span
}

// Answer is an answer to a manual step.
type Answer struct {
	Step   event.Path
	As     string
	After  time.Duration
	Fields map[string]any
	Place  diag.Span
}

// Expect is how the rehearsal must end.
type Expect struct {
	Exit      int
	ExitPlace diag.Span
	Before    []*Condition
	After     []*Condition
	Within    time.Duration
	Hold      time.Duration
	Steps     []StepState
	Remedies  []StepRemedy
	Changes   *Changes
	Run       time.Duration // the run's duration at most; 0: any
	RunPlace  diag.Span
	Message   string // that the failure contains
	Said      diag.Span
}

// StepState is the state that a step must end in.
type StepState struct {
	Step  event.Path
	State event.State
	Place diag.Span
}

// StepRemedy is the remedy that must have helped.
type StepRemedy struct {
	Step  event.Path
	Title string
	Place diag.Span
}

// Changes are the effects that must have been applied.
type Changes struct {
	None    bool
	Only    []string // actions
	Exactly []string // actions, in order
	Count   int      // -1: any
	Place   diag.Span
}
