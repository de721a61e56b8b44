// Package event has the facts of a run: what the journal keeps, what a report
// is folded from, and what a live view follows. A fact is self-contained: its
// reader needs neither the playbook nor the plan.
package event

import (
	"encoding/json"
	"time"

	"runbook/engine/action"
)

// Type names a fact.
type Type string

// The facts in the journal. A ● fact is synced to disk before the run goes on.
const (
	TypeRunCreated        Type = "run_created"        // ●
	TypePlan              Type = "plan"               // in chunks
	TypeLocks             Type = "locks"              //
	TypeOwner             Type = "owner"              // ● start and each resume
	TypeStepStarted       Type = "step_started"       //
	TypeStepSkipped       Type = "step_skipped"       //
	TypeExpanded          Type = "expanded"           // the items of a loop
	TypeApprovalRequested Type = "approval_requested" // ●
	TypeApprovalGiven     Type = "approval_given"     // ●
	TypeApprovalRefused   Type = "approval_refused"   // ●
	TypeApprovalExpired   Type = "approval_expired"   // ●
	TypeApprovalVoid      Type = "approval_void"      // ●
	TypeIntent            Type = "intent"             // ● before an effect
	TypeOutcome           Type = "outcome"            // ● after it
	TypeResult            Type = "result"             // of a read
	TypeObservation       Type = "observation"        //
	TypeCheck             Type = "check"              //
	TypeRetry             Type = "retry"              //
	TypeRemedy            Type = "remedy"             //
	TypeSettled           Type = "settled"            // ●
	TypeStepFinished      Type = "step_finished"      //
	TypePhase             Type = "phase"              //
	TypeRunSuspended      Type = "run_suspended"      // ●
	TypeRunFinished       Type = "run_finished"       // ●
)

// The transient facts: followed live, never in the journal.
const (
	TypeProgress Type = "progress"
	TypePoll     Type = "poll"
	TypeLog      Type = "log"
	TypeRequest  Type = "request"
	TypeWaiting  Type = "waiting"
)

// Synced reports whether a fact of this type is on disk before the run goes on.
func (t Type) Synced() bool {
	switch t {
	case TypeRunCreated, TypeOwner, TypeApprovalRequested, TypeApprovalGiven, TypeApprovalRefused,
		TypeApprovalExpired, TypeApprovalVoid, TypeIntent, TypeOutcome, TypeSettled, TypeRunSuspended, TypeRunFinished:
		return true
	}
	return false
}

// Transient reports whether a fact of this type stays outside the journal.
func (t Type) Transient() bool {
	switch t {
	case TypeProgress, TypePoll, TypeLog, TypeRequest, TypeWaiting:
		return true
	}
	return false
}

// Event is one fact. Data is a pointer to the payload that belongs to Type.
type Event struct {
	Sequence uint64    `json:"sequence,omitempty"` // from 1; 0 for a transient fact
	Time     time.Time `json:"time"`
	Type     Type      `json:"type"`
	Path     string    `json:"path,omitempty"`    // address of the step, "" for the run
	Attempt  int       `json:"attempt,omitempty"` // from 1, of an action's attempts
	Data     any       `json:"data,omitempty"`
}

// State is the state of a step or of a run.
type State string

// The states of a step, and with done, dry_run and interrupted those of a run.
const (
	NotRun     State = "not_run"
	Running    State = "running"
	Waiting    State = "waiting"
	Passed     State = "passed"
	Warned     State = "warned"
	Failed     State = "failed"
	Refused    State = "refused"
	Cancelled  State = "cancelled"
	Skipped    State = "skipped"
	InDoubt    State = "in_doubt"
	Undone     State = "undone"
	UndoFailed State = "undo_failed"

	Executed  State = "executed" // dry run: a read was executed
	Previewed State = "previewed"
	Unknown   State = "unknown"

	Done        State = "done"
	DryRun      State = "dry_run"
	Interrupted State = "interrupted"
)

// Verdict is what became of a condition.
type Verdict string

// The verdicts of a condition. A `when` is true, false or unknown.
const (
	Held         Verdict = "held"
	CheckFailed  Verdict = "failed"
	CheckWarned  Verdict = "warned"
	NotEvaluated Verdict = "not_evaluated"
	UnknownCheck Verdict = "unknown"
	True         Verdict = "true"
	False        Verdict = "false"
)

// Failure is why something failed, for its reader.
type Failure struct {
	What  string   `json:"what"`
	Where string   `json:"where,omitempty"` // target and address
	Place string   `json:"place,omitempty"` // file:line:column
	Tried []string `json:"tried,omitempty"`
	Seen  []string `json:"seen,omitempty"`
	Do    []string `json:"do,omitempty"`
}

// RunCreated heads every run: what is run, on what, by whom.
type RunCreated struct {
	Schema      int         `json:"schema"` // 1
	Run         string      `json:"run"`
	Playbook    string      `json:"playbook"`
	Title       string      `json:"title,omitempty"`
	Engine      string      `json:"engine"` // version
	User        string      `json:"user"`
	Host        string      `json:"host"`
	Sources     []Source    `json:"sources"`
	Environment Environment `json:"environment"`
	Inputs      []Input     `json:"inputs,omitempty"`
	Effects     Effects     `json:"effects"`
	Assumes     []string    `json:"assumes,omitempty"` // prerequisites that are prose
	Escalation  *Escalation `json:"escalation,omitempty"`
	Expected    string      `json:"expected,omitempty"`
	SeeAlso     []string    `json:"see_also,omitempty"`
	Lock        []string    `json:"lock,omitempty"`       // without the environment's prefix
	Interrupts  []string    `json:"interrupts,omitempty"` // "app, if recover/2 is needed"; where it is known before
	DryRun      bool        `json:"dry_run,omitempty"`
	Offline     bool        `json:"offline,omitempty"`
	Command     Command     `json:"command"`
}

// Source is a playbook's text by its digest.
type Source struct {
	Name     string `json:"name"`
	SHA256   string `json:"sha256"`
	Embedded bool   `json:"embedded,omitempty"`
}

// Environment is where a run acts.
type Environment struct {
	Name      string          `json:"name"`
	File      string          `json:"file,omitempty"` // runbook.yaml; "" without one
	Protected bool            `json:"protected,omitempty"`
	ByFlag    bool            `json:"by_flag,omitempty"` // chosen by --env
	Targets   []Target        `json:"targets,omitempty"`
	Vars      json.RawMessage `json:"vars,omitempty"`
}

// Target is a target that the playbook uses, with the address as it is shown.
type Target struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Address string   `json:"address"`
	Notes   []string `json:"notes,omitempty"`
}

// Input is an input's value.
type Input struct {
	Name    string          `json:"name"`
	Text    string          `json:"text"`
	Value   json.RawMessage `json:"value,omitempty"` // typed as declared
	Default bool            `json:"default,omitempty"`
}

// Effects counts a plan's worst case.
type Effects struct {
	Reads       int      `json:"reads"`
	Writes      int      `json:"writes"` // at most
	Destructive int      `json:"destructive"`
	Approvals   []string `json:"approvals,omitempty"`  // addresses of steps that ask
	OnFailure   int      `json:"on_failure,omitempty"` // writes more if it fails
}

// Escalation is whom to call and when.
type Escalation struct {
	After   time.Duration `json:"after"`
	Contact string        `json:"contact"`
}

// Command is what to print so that a reader can paste it.
type Command struct {
	Playbook string   `json:"playbook"`        // as the user named it
	Flags    []string `json:"flags,omitempty"` // --env and -i, quoted for a shell
}

// Plan is a chunk of the steps of a plan, in the order of the file.
type Plan struct {
	Steps []Step `json:"steps"`
}

// StepKind is the body of a step.
type StepKind string

// The bodies of a step.
const (
	KindAction   StepKind = "action"
	KindBlock    StepKind = "block"
	KindRemedies StepKind = "remedies"
	KindCall     StepKind = "call"
	KindManual   StepKind = "manual"
)

// Step is what a report needs to know of a planned step.
type Step struct {
	Path     string        `json:"path"`
	Kind     StepKind      `json:"kind"`
	Title    string        `json:"title,omitempty"`
	Brief    string        `json:"brief,omitempty"` // "docker.sample_stats app for 60s": action and parameters that are constant
	Action   string        `json:"action,omitempty"`
	Effect   action.Effect `json:"effect"`
	Asks     bool          `json:"asks,omitempty"`
	Loop     bool          `json:"loop,omitempty"`
	Place    string        `json:"place,omitempty"`
	Phase    string        `json:"phase,omitempty"`  // "prerequisites", "steps", "finally", "undo"
	Remedy   int           `json:"remedy,omitempty"` // from 1: the how-manieth of its parent
	Parent   string        `json:"parent,omitempty"` // path of the step around it
	Undoable bool          `json:"undoable,omitempty"`
}

// Locks are the keys that were taken.
type Locks struct {
	Keys []string `json:"keys"`
}

// Owner is the process that runs it.
type Owner struct {
	PID    int    `json:"pid"`
	Host   string `json:"host"`
	User   string `json:"user"`
	Resume bool   `json:"resume,omitempty"`
}

// StepStarted begins a step; of a loop, a block and a call too.
type StepStarted struct {
	Brief  string        `json:"brief,omitempty"` // with resolved parameters
	Action string        `json:"action,omitempty"`
	Target string        `json:"target,omitempty"`
	Effect action.Effect `json:"effect"`
	When   *Check        `json:"when,omitempty"`
	Params []Input       `json:"params,omitempty"`
}

// StepSkipped says why a step does not run.
type StepSkipped struct {
	Reason string `json:"reason"` // "when", "empty list", "not needed", "not reached"
	When   *Check `json:"when,omitempty"`
}

// Expanded has the items of a loop, as text.
type Expanded struct {
	Items []string        `json:"items"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Approval is the payload of all approval facts.
type Approval struct {
	Message string         `json:"message,omitempty"`
	Action  string         `json:"action"`
	Target  string         `json:"target,omitempty"`
	Effect  action.Effect  `json:"effect"`
	Undo    string         `json:"undo,omitempty"` // what the declared undo does
	Preview action.Preview `json:"preview"`
	Because string         `json:"because,omitempty"`
	SoFar   []string       `json:"so_far,omitempty"`
	Role    string         `json:"role,omitempty"`
	Expires time.Time      `json:"expires,omitzero"`
	Digest  string         `json:"digest"`           // of all that the approval binds
	By      string         `json:"by,omitempty"`     // given, refused
	How     string         `json:"how,omitempty"`    // "as shown", "--yes, as the policy of staging allows"
	Reason  string         `json:"reason,omitempty"` // refused, void: why
}

// Intent is written before an effect.
type Intent struct {
	Action     string           `json:"action"`
	Target     string           `json:"target,omitempty"`
	Effect     action.Effect    `json:"effect"`
	Params     json.RawMessage  `json:"params,omitempty"`
	Digest     string           `json:"digest"`
	Subjects   []action.Subject `json:"subjects,omitempty"`
	Before     json.RawMessage  `json:"before,omitempty"`
	Idempotent bool             `json:"idempotent,omitempty"`
	Undo       json.RawMessage  `json:"undo,omitempty"` // undo's parameters that need no outputs
	Preview    action.Preview   `json:"preview"`
}

// Outcome is written after an effect.
type Outcome struct {
	Applied  action.Applied  `json:"applied"`
	Outputs  json.RawMessage `json:"outputs,omitempty"`
	Summary  string          `json:"summary,omitempty"`
	Undo     json.RawMessage `json:"undo,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"`
	Duration time.Duration   `json:"duration"`
}

// Result is what a read gave.
type Result struct {
	Outputs  json.RawMessage `json:"outputs,omitempty"`
	Summary  string          `json:"summary,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"`
	Duration time.Duration   `json:"duration"`
}

// Observation is one look at the state that matters: Before acting or after.
type Observation struct {
	Action   string          `json:"action,omitempty"`
	Before   bool            `json:"before,omitempty"`
	Count    int             `json:"count,omitempty"` // looks so far in this `within`
	Outputs  json.RawMessage `json:"outputs,omitempty"`
	Summary  string          `json:"summary,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"`
	Duration time.Duration   `json:"duration"`
}

// Check is a condition with its verdict and the value of each part.
type Check struct {
	Kind    string        `json:"kind"` // "verify", "goal", "when", "pre" (met before acting)
	That    string        `json:"that"`
	Level   string        `json:"level,omitempty"` // "fail" (default), "warn"
	Message string        `json:"message,omitempty"`
	Verdict Verdict       `json:"verdict"`
	Seen    string        `json:"seen,omitempty"` // the value that decided, "92.1"
	Error   string        `json:"error,omitempty"`
	Parts   []Part        `json:"parts,omitempty"`
	Place   string        `json:"place,omitempty"`
	After   string        `json:"after,omitempty"`  // unknown: "known after restart"
	Now     string        `json:"now,omitempty"`    // unknown: the present value
	Within  string        `json:"within,omitempty"` // as written
	Every   string        `json:"every,omitempty"`
	Looks   []Look        `json:"looks,omitempty"` // what was seen over the polls, most frequent first
	Count   int           `json:"count,omitempty"` // how many looks
	Took    time.Duration `json:"took,omitempty"`
}

// Look is a value seen while polling, and how often.
type Look struct {
	Seen  string `json:"seen"`
	Count int    `json:"count"`
}

// Part is a part of a condition with its value.
type Part struct {
	Source    string `json:"source"`
	Value     string `json:"value,omitempty"` // as shown; "" where Evaluated is false
	Evaluated bool   `json:"evaluated"`
	Parts     []Part `json:"parts,omitempty"`
}

// Retry says that an action is tried again.
type Retry struct {
	Failure *Failure      `json:"failure"`
	Delay   time.Duration `json:"delay"`
	Of      int           `json:"of"` // attempts in all
}

// Remedy is the verdict on one remedy.
type Remedy struct {
	Index    int           `json:"index"` // from 1
	Title    string        `json:"title"`
	Verdict  string        `json:"verdict"` // met effective ineffective worse not_needed
	Goal     []Goal        `json:"goal,omitempty"`
	Duration time.Duration `json:"duration"`
	Looks    int           `json:"looks,omitempty"`
}

// Goal is one item of a goal before and after a remedy.
type Goal struct {
	That   string `json:"that"`
	Name   string `json:"name,omitempty"` // "memory_percent": the output that it compares
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	Held   bool   `json:"held"`
}

// Settled says what became of a lost effect, and how it was found out.
type Settled struct {
	Applied action.Applied `json:"applied"`
	How     string         `json:"how"` // "settle", "observe", "idempotent", "person"
	By      string         `json:"by,omitempty"`
	Facts   []string       `json:"facts,omitempty"`
}

// StepFinished ends a step. Those that wait for it start after it is journalled.
type StepFinished struct {
	State    State           `json:"state"`
	Met      bool            `json:"met,omitempty"`
	Outputs  json.RawMessage `json:"outputs,omitempty"` // of remedies, manual steps, calls
	Summary  string          `json:"summary,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"`
	Check    *Check          `json:"check,omitempty"` // the first failed check
	Duration time.Duration   `json:"duration"`
	Why      string          `json:"why,omitempty"` // dry run: "would run", "if 1 misses the goal", "before any change"
	Preview  *action.Preview `json:"preview,omitempty"`
}

// Phase begins undoing or `finally`.
type Phase struct {
	Name string `json:"name"` // "undo", "finally"
}

// RunSuspended is the last fact of a run that waits or is in doubt.
type RunSuspended struct {
	RunFinished
}

// RunFinished is the last fact of a run. Its JSON is the last line of
// `--output json`, for every ending.
type RunFinished struct {
	Schema   int             `json:"schema"` // 1
	State    State           `json:"state"`
	ExitCode int             `json:"exit_code"`
	Outputs  json.RawMessage `json:"outputs,omitempty"`
	Found    []Input         `json:"found,omitempty"` // outputs as text
	Changes  []Change        `json:"changes"`
	Warnings []Finding       `json:"warnings"`
	Failure  *Failure        `json:"failure,omitempty"`
	Step     string          `json:"step,omitempty"`   // that failed, waits or is in doubt
	Reason   string          `json:"reason,omitempty"` // "failed", "refused", "cancelled", "timed out", "SIGINT"
	Reached  Reached         `json:"reached"`
	Check    []string        `json:"check,omitempty"` // in doubt: what to look at
	Duration time.Duration   `json:"duration"`
	Dry      *DryCounts      `json:"dry,omitempty"`
}

// Change is an effect of the run and what is known of it.
type Change struct {
	Step    string         `json:"step"`
	Action  string         `json:"action"`
	Effect  action.Effect  `json:"effect"`
	Target  string         `json:"target,omitempty"`
	State   action.Applied `json:"state"`
	Summary string         `json:"summary,omitempty"`
	Verdict string         `json:"verdict,omitempty"` // of a remedy
	Undone  bool           `json:"undone,omitempty"`
	Phase   string         `json:"phase,omitempty"` // "finally", "undo"
}

// Finding is a warning or failure with its place in the run.
type Finding struct {
	Step    string `json:"step"`
	Title   string `json:"title,omitempty"`
	Level   string `json:"level"` // "warn", "fail"
	Message string `json:"message"`
}

// Reached says what was not done, by address.
type Reached struct {
	NotChanged []string `json:"not_changed,omitempty"` // changes that were planned and not made
	NotReached []string `json:"not_reached,omitempty"` // steps
}

// DryCounts sums up a dry run.
type DryCounts struct {
	Executed  int `json:"executed"`
	Previewed int `json:"previewed"`
	Unknown   int `json:"unknown"`
	Skipped   int `json:"skipped"`
	Evaluated int `json:"conditions_evaluated"`
	Unknowns  int `json:"conditions_unknown"`
}

// Progress is how far an action is. Transient.
type Progress struct {
	action.Progress
	Total time.Duration `json:"for,omitempty"` // where the parameters fix it (`for`)
}

// Poll is one look that did not yet hold. Transient.
type Poll struct {
	That  string        `json:"that"`
	Seen  string        `json:"seen"`
	Left  time.Duration `json:"left"`
	Every string        `json:"every,omitempty"` // as written
}

// Log is a line of an action. Transient.
type Log struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}
