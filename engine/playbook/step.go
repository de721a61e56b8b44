package playbook

import (
	"slices"

	"runbook/engine/yaml"
)

// Step is a step of a playbook, a remedy or a compensation (undo). What the
// file does not give is zero.
type Step struct {
	ID    yaml.String   `yaml:"id,omitempty" name:"a step" doc:"By which others refer to it: lower case letters, digits and _, unique in the file."`
	Title yaml.String   `yaml:"title,omitempty" doc:"What the step does, in a few words; ${{ }} in it is over what is known when the step starts."`
	Needs []yaml.String `yaml:"needs,omitempty" doc:"Steps beside it that come before; all above without it."`
	When  yaml.String   `yaml:"when,omitempty" type:"condition" doc:"Decided once; false skips the step."`
	Loop
	Body
	Proof
	Approve    *Approve      `yaml:"approve,omitempty" beside:"action" doc:"Ask a person first."`
	Retry      *Retry        `yaml:"retry,omitempty" beside:"action" doc:"Repeat the action after an error."`
	Idempotent yaml.Bool     `yaml:"idempotent,omitempty" beside:"action" doc:"Of a program: running it again changes nothing more, whatever happened between. So it may be repeated."`
	Timeout    yaml.Duration `yaml:"timeout,omitempty" late:"true" min:"1ms" doc:"The longest that the step may take."`
	OnFailure  yaml.String   `yaml:"on_failure,omitempty" enum:"stop,continue,warn,undo" only:"continue=steps|for_each" because:"write on_failure: warn here, or on_failure: continue on what holds this step" doc:"What the failure of a part does; 'stop' without it."`
	Undo       *Step         `yaml:"undo,omitempty" beside:"action" as:"an undo" without:"id,needs,undo" never:"approve,manual" because:"nothing refers to an undo, and it asks nobody, as the approval of its step covers it" doc:"The compensation of the step."`
	Node       *yaml.Node    `what:"a step" write:"write its keys, as 'action: family.verb'" idle:"does nothing" several:"make two steps of it, or put them in a block: 'steps:'"`
}

// Loop repeats a step.
type Loop struct {
	ForEach     *yaml.Node  `yaml:"for_each,omitempty" type:"list" hint:"write a list, or ${{ }} that gives one" doc:"A list, or an expression that gives one: the step is done for each 'item', whose number is 'index'."`
	As          yaml.String `yaml:"as,omitempty" name:"an item" beside:"for_each" doc:"A further name for 'item', by which steps in a loop within this one can read it too."`
	MaxParallel yaml.Int    `yaml:"max_parallel,omitempty" late:"true" min:"1" max:"1000" beside:"for_each" doc:"How many items at once; 1 without it."`
	MaxFailures yaml.Int    `yaml:"max_failures,omitempty" late:"true" min:"1" max:"10000" beside:"for_each" doc:"Under 'on_failure: continue' or 'warn': after so many items that failed no further one starts."`
}

// Body is what a step does: exactly one of Action, Steps, Remedies, Call and
// Manual, unless a mistake was reported.
type Body struct {
	Action   yaml.String `yaml:"action,omitempty" one:"body" doc:"The action that is taken."`
	With     *yaml.Node  `yaml:"with,omitempty" type:"map" beside:"action|call" hint:"write with: {parameter: value}, or remove it" doc:"Its parameters, or the inputs of the called playbook."`
	Target   yaml.String `yaml:"target,omitempty" beside:"action|observe" doc:"A target of the environment other than the default one of the family, also for what the step observes and for its undo where they are of that family."`
	Effect   yaml.String `yaml:"effect,omitempty" enum:"read,write,destructive" beside:"action" doc:"Raises the effect of the action."`
	Steps    []*Step     `yaml:"steps,omitempty" one:"body" min:"1" doc:"A block: steps that belong together."`
	Outputs  []yaml.Pair `yaml:"outputs,omitempty" name:"an output" beside:"steps" hint:"write name: ${{ expression }} under it" doc:"Of a block: names and expressions over its steps, which others read as 'steps.ID.outputs'."`
	Finally  []*Step     `yaml:"finally,omitempty" min:"1" beside:"steps" doc:"Of a block: steps that run when those of 'steps' are over, however they ended, once one began."`
	Remedies []*Step     `yaml:"remedies,omitempty" one:"body" min:"1" with:"observe,verify" as:"a remedy" without:"needs" because:"remedies are tried in their order, from mild to strong" doc:"Steps, mildest first, until the verification holds."`
	Call     yaml.String `yaml:"call,omitempty" one:"body" name:"a playbook to call" joint:"-" hint:"choose by when on two steps" doc:"The name of another playbook."`
	Manual   *Manual     `yaml:"manual,omitempty" one:"body" doc:"What a person does and reports."`
}

// Proof is how a step shows what it found, and that it did what it should.
type Proof struct {
	Observe   *Operation    `yaml:"observe,omitempty" hint:"write observe: {action: ..., with: ...}" doc:"A read that shows the state that matters, as 'before' and 'observed'."`
	Verify    []*Check      `yaml:"verify,omitempty" min:"1" hint:"write verify: [observed.field < limit]" doc:"What must hold of 'outputs', 'observed' and 'before'."`
	Within    yaml.Duration `yaml:"within,omitempty" late:"true" min:"1ms" beside:"verify" doc:"Look again until the verification holds, for this long."`
	Every     yaml.Duration `yaml:"every,omitempty" late:"true" min:"1ms" beside:"within" doc:"The pause between looks; 1s without it."`
	SkipIfMet yaml.Bool     `yaml:"skip_if_met,omitempty" beside:"observe" doc:"Do nothing where the verification holds before."`
	Show      []*Shown      `yaml:"show,omitempty" list:"one" doc:"What a person should see of the step: an expression, a text with ${{ }} in it, a table, or a list of these. 'none' keeps silent what an action shows by itself."`
	Keep      yaml.Bool     `yaml:"keep,omitempty" beside:"action" doc:"Puts the texts that the action is for (logs, what a program wrote, documents) into files beside the journal, as evidence."`
}

// Shown is a part of what a person should see of a step: an expression or a text, or
// a table.
type Shown struct {
	Value   yaml.String   `yaml:",short"`
	Table   yaml.String   `yaml:"table" hint:"write table: an expression that gives a list of rows" doc:"An expression that gives a list: each element is a row."`
	Columns []yaml.String `yaml:"columns,omitempty" min:"1" doc:"The members of a row that are shown, in this order; without it all that fit into a cell, as their type has them, or sorted as the rows have them."`
	Node    *yaml.Node    `what:"what is shown" write:"write an expression, or {table: outputs.containers, columns: [name, state]}"`
}

// Has reports whether the file gives a key of the step.
func (s *Step) Has(key string) bool { return s.Node.Get(key) != nil }

// each calls f on the step and on all steps in it, in no order.
func (s *Step) each(f func(*Step)) {
	f(s)
	for _, part := range slices.Concat(s.Steps, s.Finally) {
		part.each(f)
	}
	for _, remedy := range s.Remedies {
		remedy.each(f)
	}
	if s.Undo != nil {
		s.Undo.each(f)
	}
}

// Operation is a read that shows the state that matters.
type Operation struct {
	Action yaml.String `yaml:"action" hint:"name the action that observes, as docker.inspect" doc:"An action that reads."`
	With   *yaml.Node  `yaml:"with,omitempty" type:"map" hint:"write with: {parameter: value}, or remove it" doc:"Its parameters."`
	Target yaml.String `yaml:"target,omitempty" doc:"A target of the environment other than the default one of the family."`
	Node   *yaml.Node  `what:"an observation" write:"write {action: family.verb, with: {parameter: value}}"`
}

// Check is one item of a verification.
type Check struct {
	That    yaml.String `yaml:"that,short" type:"condition" hint:"write the condition: that: outputs.status == 200" doc:"The condition."`
	Message yaml.String `yaml:"message,omitempty" doc:"What is said if it does not hold."`
	Level   yaml.String `yaml:"level,omitempty" enum:"fail,warn" doc:"Whether the step fails then; 'fail' without it."`
	Node    *yaml.Node  `what:"a check" write:"write a condition, or {that: condition, message: text, level: warn}"`
}

// Approve asks a person before an action.
type Approve struct {
	Always    yaml.String   `yaml:",short" enum:"true" hint:"write approve: true, or {message: text, by: role, approvers: 2, expires: 10m}; without the key the policy decides"`
	Message   yaml.String   `yaml:"message,omitempty" doc:"What the person is asked."`
	By        yaml.String   `yaml:"by,omitempty" doc:"The role that is to answer."`
	Approvers yaml.Int      `yaml:"approvers,omitempty" min:"1" max:"20" doc:"How many people; 1 without it."`
	Expires   yaml.Duration `yaml:"expires,omitempty" min:"1ms" doc:"How long the question stands, and its answer until what it allows begins; 10m without it."`
	// Unattended is what becomes of the question where nobody can be asked.
	Unattended yaml.String `yaml:"unattended,omitempty" enum:"wait,refuse" doc:"Where there is no terminal: the run waits for an answer, or is refused and frees its locks; 'wait' without it."`
	Node       *yaml.Node  `what:"\"approve\"" write:"write approve: true, or {message: text, by: role, approvers: 2, expires: 10m}"`
}

// Retry repeats an action after an error.
type Retry struct {
	Attempts yaml.Int      `yaml:"attempts" late:"true" min:"1" max:"1000" hint:"say how often it is tried in all, as attempts: 3" doc:"How often it is tried in all."`
	Delay    yaml.Duration `yaml:"delay,omitempty" late:"true" min:"1ms" doc:"The pause before the second attempt; 1s without it."`
	MaxDelay yaml.Duration `yaml:"max_delay,omitempty" late:"true" min:"1ms" doc:"The longest pause."`
	Backoff  yaml.String   `yaml:"backoff,omitempty" enum:"constant,exponential" doc:"How the pauses grow; 'constant' without it."`
	Jitter   yaml.Number   `yaml:"jitter,omitempty" late:"true" min:"0" max:"1" doc:"The share of a pause that is left to chance."`
	If       yaml.String   `yaml:"if,omitempty" type:"condition" doc:"Which errors, by their text 'error'; all without it."`
	Node     *yaml.Node    `what:"a retry" write:"write {attempts: 3, delay: 2s}"`
}

// Manual is what a person does and reports.
type Manual struct {
	Text   yaml.String `yaml:"text" hint:"say what the person is to do" doc:"What the person is to do."`
	Fields []*Input    `yaml:"fields,omitempty" as:"a field" doc:"What the person reports: names and their types."`
	Node   *yaml.Node  `what:"a manual step" write:"write {text: what to do, fields: {name: {type: string}}}"`
}
