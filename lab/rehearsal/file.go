package rehearsal

import (
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/reference"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/model"
	"runbook/lab/stub"
)

// File is a file of rehearsals.
type File struct {
	Source     *yaml.Source
	Rehearsals []*Rehearsal
	Stubs      []*stub.Stub // of all rehearsals

	// Environment is what the environment of the lab has beside its own; nil: nothing.
	Environment *environment.Extra
	Declared    model.Declared // what the lab has beside its own
}

// Rehearsal is an incident and how a playbook must end it: as it is written, and
// what of it depends on the playbook and on the lab.
type Rehearsal struct {
	*Written
	Number int // in the file, from 1
	Name   string
	Place  diag.Span
	Fault  lab.Fault
	Settle time.Duration // lab time from the fault to the run
	Setting
	Inputs map[string]any
	texts  map[string]*expression.Template // of inputs that read the lab
	Stubs  []*stub.Stub

	Before, After, Always []*Condition
}

// Setting is what the run is played in beside its fault.
type Setting struct {
	Policy *environment.Policy // nil: the default one
	Held   []string            // locks that another run holds
}

// written is a file of rehearsals as it is written. What depends on the playbook
// and on the lab is not decided yet.
type written struct {
	stub.Written
	Environment *writtenEnvironment `yaml:"environment,omitempty" doc:"What the playbook has there beside the lab's own targets, so that one for another service is rehearsed without that service."`
	Rehearsals  []*Written          `yaml:"rehearsals" hint:"write rehearsals: and under it each with a dash" doc:"The incidents, and how the playbook must end them."`
	Node        *yaml.Node          `what:"a file of rehearsals" write:"it has 'rehearsals:' and under it each with a dash" large:"leave out what no assertion needs, or rehearse parts of it as playbooks of their own" root:"true"`
}

// writtenEnvironment is what the playbook has beside what the lab has, as it is written.
type writtenEnvironment struct {
	environment.Extra
	Services []*writtenService `yaml:"services,omitempty" doc:"Services of Compose that run in the lab beside its own, with their images, '{db: postgres:16}'. Of programs in their containers only those that stubs answer run."`
	Faults   []*declaredFault  `yaml:"faults,omitempty" doc:"Faults beside those of the lab, with what is wrong. A rehearsal names one as its 'fault', and stubs say what is seen of it, 'while' it lasts."`
	Node     *yaml.Node        `what:"an environment of rehearsals" write:"write {targets: {...}}"`
}

// writtenService is a service of Compose as it is written.
type writtenService struct {
	Name     yaml.String `yaml:",key"`
	Image    yaml.String `yaml:"image,short" hint:"write db: postgres:16" doc:"Its image."`
	Replicas yaml.Int    `yaml:"replicas,omitempty" min:"1" max:"20" doc:"How many containers it has; 1 without it."`
	Node     *yaml.Node  `what:"a service" write:"write db: postgres:16"`
}

// declaredFault is a fault beside those of the lab, as it is written.
type declaredFault struct {
	Name    yaml.String `yaml:",key"`
	What    yaml.String `yaml:"what,short" hint:"write full: Every connection is taken." doc:"What is wrong, in a sentence."`
	Restart yaml.String `yaml:"restart,omitempty" doc:"A service of which a new process ends it; without it only a stub that 'heals' it does."`
	Node    *yaml.Node  `what:"a fault of another service" write:"write full: Every connection is taken."`
}

// Declaration is what a file of rehearsals may hold.
func Declaration() *yaml.Declaration { return yaml.DeclarationOf[written]() }

// Schema returns the JSON Schema (draft 2020-12) of a file of rehearsals.
func Schema() ([]byte, error) {
	return reference.DeclaredSchema("The rehearsals of a playbook", Declaration())
}

// Written is a rehearsal as it is written.
type Written struct {
	Name    yaml.String        `yaml:"name" hint:"say what happens: name: a leak is found and stopped" doc:"What happens, in a sentence."`
	Fault   stub.Fault         `yaml:"fault" hint:"name the fault, or none" doc:"The fault that is injected: its name, '{name: memory-leak, returns: true}' for a variant, or 'none', the healthy control."`
	Settle  yaml.Duration      `yaml:"settle,omitempty" min:"0s" doc:"Time of the lab between the fault and the run. Without it the fault's own, after which its symptoms are plain."`
	Seed    yaml.Int           `yaml:"seed,omitempty" min:"0" doc:"Chooses the noise of the lab; 1 without it. '--seed' overrides it."`
	Inputs  []yaml.Pair        `yaml:"inputs,omitempty" hint:"write inputs: {name: value}" doc:"Of the playbook. They may read the lab, as '${{ lab.address.aria2 }}', and '${{ folder }}', a folder for files that is gone with the lab."`
	Faults  []*Injection       `yaml:"faults,omitempty" doc:"More faults, in time. One whose moment never came fails the rehearsal."`
	Approve []*Approval        `yaml:"approve,omitempty" doc:"Answers to approvals. A question that nobody answers leaves the run waiting, exit 3; an answer that nobody asked for fails the rehearsal."`
	Report  []*Answer          `yaml:"report,omitempty" doc:"Answers to manual steps."`
	Policy  *environment.Rules `yaml:"policy,omitempty" doc:"The policy under which the run is started, as in runbook.yaml: '{deny: [docker.restart]}'. What it refuses at the start exits 3."`
	Held    []yaml.String      `yaml:"held,omitempty" list:"one" doc:"Locks that another run holds: the run exits 4."`
	Yes     yaml.Bool          `yaml:"yes,omitempty" doc:"The run is played as with '--yes'."`
	Always  []yaml.String      `yaml:"always,omitempty" type:"condition" doc:"Conditions that hold in each second of the lab's time, from the start of the run to the end."`
	Expect  *Expect            `yaml:"expect" hint:"say how it must end: expect: {exit: 0}" doc:"How it must end."`
	Again   yaml.String        `yaml:"again,omitempty" enum:"changes" hint:"write again: changes where a second run may change something, or leave it out" doc:"'changes': a second run right after may change something."`
	Also    []yaml.String      `yaml:"also,omitempty" doc:"The two wrong faults for \"no harm\"."`
	stub.Written
	Node *yaml.Node `what:"a rehearsal" write:"write {name: what happens, fault: memory-leak, expect: {exit: 0}}"`
}

// Foreign says what to write for a word of another tool.
func (Written) Foreign(word string) string {
	switch word {
	case "args", "vars", "variables", "parameters", "params", "with":
		return "write inputs: {name: value}"
	case "env":
		return "write environment: {vars: {name: value}} at the top of the file"
	case "run", "script", "command", "uses", "mocks", "stubs":
		return "write programs: [{argv: [program, argument], stdout: text}] for what a program answers, or requests:"
	case "assert", "verify", "until", "checks":
		return "write after: [condition] under expect"
	case "steps":
		return "write steps: {id: passed} under expect"
	case "title", "description":
		return "write name: what happens"
	case "if", "when", "loop", "with_items", "register", "retries", "delay", "notify", "depends_on", "rescue", "ignore_errors",
		"changed_when", "parallel", "become", "tags":
		return "remove it: a rehearsal plays the whole playbook, once; write another rehearsal for another case"
	}
	return ""
}

// Injection is a fault in time.
type Injection struct {
	At     yaml.String   `yaml:"at" hint:"say when: at: 40s, or at: before recover/2.1" doc:"A time after the start of the run, or 'before' or 'after' a step and its attempt, 'before recover/2.1'."`
	Inject yaml.String   `yaml:"inject,omitempty" one:"body" doc:"The fault that comes."`
	Heal   yaml.String   `yaml:"heal,omitempty" one:"body" doc:"The fault that goes."`
	On     yaml.String   `yaml:"on,omitempty" beside:"inject" doc:"A target, of a fault at connections."`
	For    yaml.Duration `yaml:"for,omitempty" min:"0s" beside:"inject" doc:"How long."`
	Times  yaml.Int      `yaml:"times,omitempty" min:"0" beside:"inject" doc:"How many replies are lost."`

	After   time.Duration // after the start of the run, where Step is ""
	Step    event.Path
	Attempt int
	Before  bool       // before the step's attempt, not after it
	Node    *yaml.Node `what:"a fault in time" write:"write {at: 40s, inject: reply-lost, on: docker}" idle:"does nothing" several:"write 'inject: reply-lost', or 'heal: hanging-target'"`
}

// Fault is the fault that comes.
func (i *Injection) Fault() lab.Fault {
	return lab.Fault{Name: i.Inject.Value, On: i.On.Value, For: i.For.Value, Times: i.Times.Value}
}

// String is how the injection is told: "reply-lost on docker before recover/2.1".
func (i *Injection) String() string {
	what := i.Fault().String()
	if i.Heal.Set() {
		what = i.Heal.Value + " healed"
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
	Step    yaml.String   `yaml:"step" hint:"name the step that asks" doc:"The step that asks."`
	As      yaml.String   `yaml:"as" hint:"say who answers: as: alice" doc:"A person, or the role that the step asks for."`
	At      yaml.Duration `yaml:"at,omitempty" min:"0s" doc:"How long after the question; 10s without it."`
	Refuse  yaml.String   `yaml:"refuse,omitempty" doc:"The answer is no, for this reason."`
	address event.Path    // of the facts of the step
	Node    *yaml.Node    `what:"an answer to an approval" write:"write {step: recover/3, as: alice}"`
}

// Answer is an answer to a manual step.
type Answer struct {
	Step    yaml.String   `yaml:"step" hint:"name the step that asks" doc:"The manual step."`
	As      yaml.String   `yaml:"as,omitempty" doc:"Who reports."`
	At      yaml.Duration `yaml:"at,omitempty" min:"0s" doc:"How long after the question; 10s without it."`
	Fields  []yaml.Pair   `yaml:"fields,omitempty" hint:"write fields: {name: value}" doc:"What is reported."`
	address event.Path    // of the facts of the step
	Node    *yaml.Node    `what:"an answer to a manual step" write:"write {step: call, fields: {name: value}}"`
}

// Expect is how the rehearsal must end.
type Expect struct {
	Exit      yaml.Int      `yaml:"exit,omitempty" min:"0" max:"255" doc:"The exit code; 0 without it."`
	Before    []yaml.String `yaml:"before,omitempty" type:"condition" doc:"Conditions just before the run: RED, the fault is real."`
	After     []yaml.String `yaml:"after,omitempty" type:"condition" doc:"Conditions after it: GREEN."`
	Within    yaml.Duration `yaml:"within,omitempty" min:"0s" doc:"How long the conditions of 'after' may take to hold; 60s without it."`
	Hold      yaml.Duration `yaml:"hold,omitempty" min:"0s" doc:"How long they must go on to hold; 30s without it."`
	Steps     []*StepState  `yaml:"steps,omitempty" doc:"States of steps, by id or address."`
	Remedies  []*StepRemedy `yaml:"remedies,omitempty" doc:"Titles of the remedies that helped, by the step; 'none' where none may have."`
	Changes   *Changes      `yaml:"changes,omitempty" doc:"The effects that were applied, or may have been, without those of 'finally' and of undoing: 'none', '{only: [actions]}', '{exactly: [actions in order]}' or '{count: 2}'."`
	WithinRun yaml.Duration `yaml:"within_run,omitempty" min:"0s" doc:"The run's duration at most, in the lab's time."`
	Message   yaml.String   `yaml:"message,omitempty" doc:"Text that the failure contains."`
	Node      *yaml.Node    `what:"an expectation" write:"write {exit: 0, after: [lab.app.memory_percent < 70]}"`
}

// Holds is how long what must hold after the run must go on to hold.
func (e *Expect) Holds() time.Duration { return e.Hold.Or(30 * time.Second) }

// StepState is the state that a step must end in.
type StepState struct {
	Step    yaml.String `yaml:",key"`
	State   yaml.String `yaml:",short" enum:"passed,warned,failed,refused,cancelled,skipped,not_run,waiting,in_doubt,undone,undo_failed"`
	address event.Path
	Node    *yaml.Node `what:"the state of a step" write:"write NAME: passed"`
}

// StepRemedy is the remedy that must have helped.
type StepRemedy struct {
	Step    yaml.String `yaml:",key"`
	Title   yaml.String `yaml:",short"`
	address event.Path
	Node    *yaml.Node `what:"a remedy" write:"write NAME: title of the remedy"`
}

// Changes are the effects that must have been applied.
type Changes struct {
	None    yaml.String   `yaml:",short" enum:"none" hint:"write none, {only: [actions]}, {exactly: [actions]} or {count: 2}"`
	Only    []yaml.String `yaml:"only,omitempty" doc:"Only these actions changed something."`
	Exactly []yaml.String `yaml:"exactly,omitempty" doc:"These actions, in this order."`
	Count   yaml.Int      `yaml:"count,omitempty" min:"0" doc:"So many changes."`
	Node    *yaml.Node    `what:"\"changes\"" write:"write none, {only: [actions]}, {exactly: [actions]} or {count: 2}"`
}

// fault returns a fault of the lab, or one that the file declares.
func (f *File) fault(name string) (model.Fault, bool) {
	if own, ok := faultIn(f.Declared.Faults, name); ok {
		return own, true
	}
	return model.Lookup(name)
}

// Stage lets the stubs that a file has for all of its rehearsals answer in an
// environment of a lab, and adds the environment that stands there.
func (f *File) Stage(env *environment.Environment, world stub.World, registry *action.Registry) diag.List {
	env.Confine.Stubs = stub.New(world, f.Source.Name, f.Stubs...)
	if f.Environment == nil {
		return nil
	}
	return env.Add(f.Environment, f.Source, registry)
}
