// Package plan turns a positioned tree and a registry of actions into a typed,
// immutable graph of steps: names are resolved, parameters decoded as far as
// they are constant, expressions compiled and typed, needs turned into edges.
package plan

import (
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// Plan is a playbook that may run. It is immutable and may be shared.
type Plan struct {
	Name, Title, Category, Purpose, Expected string
	Symptoms, Alerts, SeeAlso                []string
	Escalation                               *event.Escalation
	Source                                   *yaml.Source

	Inputs  *schema.Type // an Object
	Outputs []Output
	Result  *schema.Type // type of the outputs, for a caller
	Lock    []*Value

	Assumes       []string // prerequisites that are prose
	Prerequisites *Step    // blocks without a title; never nil
	Steps         *Step
	Finally       *Step

	Timeout     time.Duration // 0: none, or open
	MaxParallel int           // actions of its run at once
	OnFailure   OnFailure
	byID        map[string]*Step
	order       []*Step
	changing    *Step           // the first, of a callee too, that is no read whatever its values; nil: none
	vars        map[string]bool // that an expression may read; anyVar for all
	groups      map[string]bool // likewise
	keyed       map[string]bool // inputs that its locks read, or those of what it calls; anyVar for all
	takes       time.Duration   // what its steps take at least by their parameters
	numbers     []*number       // those that are open, in the order of the file
}

// anyVar stands for all variables: an expression reads them otherwise than by name.
const anyVar = "*"

// ReadsVar reports whether an expression of the plan may read the environment's
// variable of that name; those of callees are not among them.
func (p *Plan) ReadsVar(name string) bool { return p.vars[name] || p.vars[anyVar] }

// ReadsGroup is ReadsVar for the groups of the environment.
func (p *Plan) ReadsGroup(name string) bool { return p.groups[name] || p.groups[anyVar] }

// Step returns the step with that id, nil if there is none.
func (p *Plan) Step(id string) *Step { return p.byID[id] }

// All returns every step in the order of the file: prerequisites, steps,
// finally; parts follow what holds them. Steps of callees are not among them.
func (p *Plan) All() []*Step { return p.order }

// Whole returns the plan and all that it calls, each once, those that call
// before those that are called.
func (p *Plan) Whole() []*Plan {
	out, seen := []*Plan{p}, map[*Plan]bool{p: true}
	for i := 0; i < len(out); i++ {
		for _, s := range out[i].order {
			for _, one := range s.WithUndo() {
				if one.Call != nil && !seen[one.Call.Plan] {
					seen[one.Call.Plan] = true
					out = append(out, one.Call.Plan)
				}
			}
		}
	}
	return out
}

// Output is one of the outputs of a playbook or a block.
type Output struct {
	Name  string
	Value *Value
}

// OnFailure says what the failure of a part does.
type OnFailure uint8

// The answers to a failure.
const (
	Stop OnFailure = iota
	Continue
	Warn
	Undo
)

// Body is what a step does.
type Body uint8

// The bodies of a step.
const (
	BodyAction Body = iota
	BodyBlock
	BodyRemedies
	BodyCall
	BodyManual
)

// Step is a node of the graph. What does not apply is nil or zero.
type Step struct {
	ID     string // "" where the file gives none
	Path   string // address: its id, or "steps/3"; a remedy "recover/2"; without loops and calls around it
	Title  string // as it is written
	Titled *Value // of a title with ${{ }}; nil for others
	Brief  string // its action with the parameters that are constant
	Place  string // file:line:column
	Number int    // index among its siblings
	Remedy int    // from 1 if it is a remedy
	Parent *Step
	Local  string // its address within the innermost loop or call around it
	Needs  []int  // indexes of siblings it waits for, where AfterAll is false
	// AfterAll: no `needs` is written, so it waits for every sibling above.
	AfterAll bool
	// Later is what other steps read of it, by outputs, observed, before; it is kept
	// after the step. Read is what any expression reads of its outputs and of what it
	// observed.
	Later, Read Reads
	Relied      bool // a member of its outputs is read without ?.

	When *Condition
	Loop *Loop

	Body  Body
	Op    *Operation // of BodyAction
	Parts []*Step    // of BodyBlock and BodyRemedies, in order
	Gives []Output   // of BodyBlock: its outputs, as read by its last part
	// Finally holds what runs when the parts of a block are over, and is no step by
	// itself; nil: nothing does.
	Finally *Step
	Call    *Call
	Manual  *Manual

	Observe   *Operation
	Verify    []*Check
	Within    *Within
	SkipIfMet bool
	Show      []*Show
	Keep      bool // its texts are put into files
	Silent    bool // it shows nothing, not even what its action shows by itself

	Approve   *Approve
	Retry     *Retry
	Timeout   time.Duration // 0: by default, or open
	OnFailure OnFailure
	Undo      *Step

	Outputs  *schema.Type // of the step, one item's in a loop; nil: a block has none
	Observed *schema.Type // nil without observe

	ways    *ways             // of its parts; nil: each waits for those above
	open    map[string]string // its numbers that a run decides, by their keys, as they are written
	planned *Step             // of a copy with the numbers of a run: the step of the plan
}

// WithUndo are the step, its undo, and the parts of that.
func (s *Step) WithUndo() []*Step {
	out := []*Step{s}
	if s.Undo == nil {
		return out
	}
	for todo := []*Step{s.Undo}; len(todo) > 0; todo = todo[1:] {
		out, todo = append(out, todo[0]), append(todo, todo[0].Parts...)
		if f := todo[0].Finally; f != nil {
			todo = append(todo, f.Parts...)
		}
	}
	return out
}

// Around is the step that holds s, as people see it: what stands in the finally of a
// block is a part of the block. It is a phase for those at the top.
func (s *Step) Around() *Step {
	if p := s.Parent; p != nil && p.Parent != nil && p.Parent.Finally == p {
		return p.Parent
	}
	return s.Parent
}

// Last reports whether s stands in a finally: of the plan, or of a block in it.
func (p *Plan) Last(s *Step) bool {
	for ; s != nil; s = s.Parent {
		if s == p.Finally || s.Parent != nil && s.Parent.Finally == s {
			return true
		}
	}
	return false
}

// Undone reports whether a failure calls the step's undo: its own, or that of what
// holds it.
func (s *Step) Undone() bool { return s.Undo != nil && s.UndoneAround() }

// UndoneAround reports whether a failure undoes what was done in the step.
func (s *Step) UndoneAround() bool {
	for ; s != nil && s.OnFailure != Undo; s = s.Parent {
	}
	return s != nil
}

// Address is where the step is in a run, without the indexes of items, if its playbook
// is called at that address.
func (s *Step) Address(called event.Path) event.Path {
	for x := s.Parent; x != nil; x = x.Parent {
		if x.Loop != nil {
			return x.Address(called).Part(s.Local)
		}
	}
	return called.Part(s.Local)
}

// Name is how the step is called in a list: its title, else its brief.
func (s *Step) Name() string {
	if s.Title != "" {
		return s.Title
	}
	return s.Brief
}

// Condition is a compiled expression with its place.
type Condition struct {
	Expr  *expression.Expr
	Place string
}

// Operation is a call of an action.
type Operation struct {
	takes time.Duration // what its parameters take at least

	Action     *action.Action
	Target     *Value        // name of a target; nil: the family's default
	Group      string        // each of whose targets it is called at, as the items of the loop around it; "" for others
	Params     *Value        // an object
	Effect     action.Effect // worst case, raised by `effect:`
	Best       action.Effect // the mildest that it may be at run time
	Raised     bool
	Idempotent bool // the step says so; the action may be it by itself
}

// Value is a playbook value with expressions in it: exactly one of the fields
// below Type is used.
type Value struct {
	Type     *schema.Type
	Place    string
	Const    any                  // where the rest is nil
	Template *expression.Template // a scalar with ${{ }}
	Expr     *expression.Expr     // of a condition parameter (`that`)
	List     []*Value
	Fields   []NamedValue // of an object or map, in the order of the file
	IsList   bool
	IsObject bool
}

// NamedValue is a member of an object value.
type NamedValue struct {
	Name  string
	Value *Value
}

// Check is an item of `verify`.
type Check struct {
	Expr    *expression.Expr
	Message *Value // nil: none
	Warn    bool
	Place   string
	// Pre: decided before acting, on the first observation (reads neither
	// `outputs` nor `before`).
	Pre bool
}

// Show is a part of what a person should see of a step: the value of Expr, with
// Columns a list of rows, or in its place Text.
type Show struct {
	Expr    *expression.Expr
	Text    *expression.Template
	Columns []string
	Seen    bool // of a list of rows whose members are known when they are there
}

// Within bounds the polling of a verification.
type Within struct {
	Limit, Every time.Duration
	Text         string // as written
	EveryText    string // as written, "" by default
}

// Approve is a demand for a person's consent.
type Approve struct {
	Message   *Value
	By        string
	Approvers int
	Expires   time.Duration
	Refuse    bool // where nobody can be asked, in place of waiting
}

// Retry answers errors of an action.
type Retry struct {
	Attempts        int
	Delay, MaxDelay time.Duration
	Exponential     bool
	Jitter          float64
	If              *expression.Expr
}

// Call runs another playbook.
type Call struct {
	Name   string
	Plan   *Plan
	Params *Value // an object
}

// Manual is what a person does and reports.
type Manual struct {
	Text   *Value
	Fields *schema.Type // an Object
}
