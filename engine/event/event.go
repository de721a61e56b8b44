// Package event has the facts of a run: what the journal keeps, what a report
// is folded from, and what a live view follows. A fact is self-contained: its
// reader needs neither the playbook nor the plan.
package event

import (
	"errors"
	"strings"
	"time"

	"runbook/engine/action"
)

// Type names a fact.
type Type string

// The facts in the journal. A ● fact is synced to disk before the run goes on.
const (
	TypeRunCreated        Type = "run_created"        // ●
	TypeSource            Type = "source"             // the text of a playbook
	TypePlan              Type = "plan"               // in chunks
	TypeLocks             Type = "locks"              //
	TypeOwner             Type = "owner"              // ● start and each resume
	TypeStepStarted       Type = "step_started"       //
	TypeStepSkipped       Type = "step_skipped"       //
	TypeExpanded          Type = "expanded"           // the items of a loop
	TypeApprovalRequested Type = "approval_requested" // ●
	TypeApprovalAnswered  Type = "approval_answered"  // ● one of several people approved
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
	TypeShown             Type = "shown"              // what a person should see of a step
	TypeKept              Type = "kept"               // a text in a file of its own
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
)

// Synced reports whether a fact of this type is on disk before the run goes on.
func (t Type) Synced() bool {
	switch t {
	case TypeRunCreated, TypeOwner, TypeApprovalRequested, TypeApprovalAnswered, TypeApprovalGiven, TypeApprovalRefused,
		TypeApprovalExpired, TypeApprovalVoid, TypeIntent, TypeOutcome, TypeSettled, TypeRunSuspended, TypeRunFinished:
		return true
	}
	return false
}

// Transient reports whether a fact of this type stays outside the journal.
func (t Type) Transient() bool { return t == TypeProgress || t == TypePoll || t == TypeLog }

// Event is one fact. Data is a pointer to the payload that belongs to Type.
type Event struct {
	Sequence uint64    `json:"sequence,omitempty"` // from 1; 0 for a transient fact
	Time     time.Time `json:"time"`
	Type     Type      `json:"type"`
	Path     Path      `json:"path,omitempty"`    // of the step, "" for the run
	Attempt  int       `json:"attempt,omitempty"` // from 1, of an action's attempts
	Data     any       `json:"data,omitempty"`

	Text []byte `json:"-"` // Data as JSON, as it was journalled; nil where that was not encoded
}

// ErrTooLong is why a journal refuses a fact, and goes on without it.
var ErrTooLong = errors.New("too long for the journal")

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

	Facts   []action.Fact `json:"facts,omitempty"`   // those with a label of their own
	Nearest []string      `json:"nearest,omitempty"` // names that were most likely meant

	LockLost bool `json:"lock_lost,omitempty"` // the run found that it no longer holds its locks
}

// FailureOf returns err as a fact; nil for no error.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	f := action.AsFailure(err)
	out := &Failure{What: f.What, Where: f.Where, Seen: f.Seen, Do: f.Do, Facts: f.Facts, Nearest: f.Nearest}
	if f.Tried != "" {
		out.Tried = []string{f.Tried}
	}
	return out
}

// Line is the failure in one line.
func (f *Failure) Line() string {
	if f.Where != "" && !strings.Contains(f.What, f.Where) {
		return f.Where + ": " + f.What
	}
	return f.What
}
