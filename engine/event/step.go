package event

import (
	"encoding/json"
	"time"

	"runbook/engine/action"
)

// StepStarted begins a step; of a loop, a block and a call too.
type StepStarted struct {
	Title  string          `json:"title,omitempty"` // of one with ${{ }}, as it is now
	Brief  string          `json:"brief,omitempty"` // with resolved parameters
	Action string          `json:"action,omitempty"`
	Target string          `json:"target,omitempty"`
	Effect action.Effect   `json:"effect"`
	When   *Check          `json:"when,omitempty"`
	Params []Input         `json:"params,omitempty"`
	Values json.RawMessage `json:"values,omitempty"` // the parameters of a read or the inputs of a call, whole; those of a change are in its intent
	// Numbers are those of a playbook that is called which are made of inputs and variables.
	Numbers []Decided `json:"numbers,omitempty"`
	Text    string    `json:"text,omitempty"`  // of a manual step: what a person is asked to do
	Phase   Phase     `json:"phase,omitempty"` // Finally, Undo
}

// StepSkipped says why a step does not run.
type StepSkipped struct {
	Reason string `json:"reason"` // "when", "empty list", "not needed", "not reached"
	When   *Check `json:"when,omitempty"`
}

// Expanded has the items of a loop, by their names.
type Expanded struct {
	Items []string        `json:"items"`
	Value json.RawMessage `json:"value,omitempty"`
}

// Name is how the item at that address is called; "" where it is not known.
func (x *Expanded) Name(item Path) string {
	if i := item.Index(); x != nil && i >= 0 && i < len(x.Items) {
		return x.Items[i]
	}
	return ""
}

// Approval is the payload of all approval facts.
type Approval struct {
	Message string         `json:"message,omitempty"`
	Action  string         `json:"action"`
	Target  string         `json:"target,omitempty"`
	Effect  action.Effect  `json:"effect"`
	Undo    string         `json:"undo,omitempty"` // what the declared undo does
	Preview action.Preview `json:"preview"`
	Items   []ApprovalItem `json:"items,omitempty"` // of a loop: all, in its order
	Because string         `json:"because,omitempty"`
	SoFar   []string       `json:"so_far,omitempty"`
	Role    string         `json:"role,omitempty"`
	Expires time.Time      `json:"expires,omitzero"`
	Digest  string         `json:"digest"` // of all that the approval binds
	Answer                 // that decided it; of several approvers the last, under the names of all

	Approvers int      `json:"approvers,omitempty"` // how many different people must approve, from 2
	Answers   []Answer `json:"answers,omitempty"`   // of several approvers: theirs so far
}

// ApprovalItem is what the effect of a loop would do for one item.
type ApprovalItem struct {
	Item    string `json:"item"`
	Summary string `json:"summary"`
	Message string `json:"message,omitempty"` // the author's, where it is not the same for all
	Digest  string `json:"digest,omitempty"`  // of all that the approval binds of this item
	Held    bool   `json:"held,omitempty"`    // what it is for held when it was asked for
}

// Answer is what one person answered.
type Answer struct {
	By     string    `json:"by,omitempty"`
	How    string    `json:"how,omitempty"` // "as shown", "--yes, as the policy of staging allows"
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason,omitempty"` // refused, void: why
}

// Intent is written before an effect.
type Intent struct {
	Action     string           `json:"action"`
	Target     string           `json:"target,omitempty"`
	Effect     action.Effect    `json:"effect"`
	Phase      Phase            `json:"phase,omitempty"` // Finally, Undo
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
	Target   string          `json:"target,omitempty"`
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
	Seen    string        `json:"seen,omitempty"`     // the value that decided, "92.1"
	Number  *Number       `json:"number,omitempty"`   // what Seen says, or Now
	Sides   *Comparison   `json:"compares,omitempty"` // where it is a comparison
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
	Seen   string  `json:"seen"`
	Number *Number `json:"number,omitempty"`
	Count  int     `json:"count"`
}

// Part is a part of a condition with its value.
type Part struct {
	Element   string  `json:"element,omitempty"` // of the condition of all, any or none: that which decided
	Source    string  `json:"source"`
	Compared  string  `json:"compared,omitempty"` // of a comparison: its sides by their units, "114 GiB < 4.00 MiB"
	Value     string  `json:"value,omitempty"`    // as shown; "" where Evaluated is false
	Number    *Number `json:"number,omitempty"`
	Evaluated bool    `json:"evaluated"`
	Parts     []Part  `json:"parts,omitempty"`
}

// Retry says that an action is tried again.
type Retry struct {
	Failure *Failure      `json:"failure"`
	Delay   time.Duration `json:"delay"`
	Of      int           `json:"of"` // attempts in all
}

// Remedy is the verdict on one remedy.
type Remedy struct {
	Index    int           `json:"index"`             // from 1
	Address  Path          `json:"address,omitempty"` // of the remedy
	Title    string        `json:"title"`
	Verdict  string        `json:"verdict"` // met effective ineffective worse not_needed
	Goal     []Goal        `json:"goal,omitempty"`
	Duration time.Duration `json:"duration"`
	Looks    int           `json:"looks,omitempty"`
	Warning  string        `json:"warning,omitempty"` // it failed, and the goal was reached
}

// At is the address of the remedy of the goal at that address.
func (m *Remedy) At(goal Path) Path {
	if m.Address != "" {
		return m.Address
	}
	return goal.Number(m.Index)
}

// Goal is one item of a goal before and after a remedy.
type Goal struct {
	That   string  `json:"that"`
	Name   string  `json:"name,omitempty"` // "memory_percent": the output that it compares
	Before string  `json:"before,omitempty"`
	After  string  `json:"after,omitempty"`
	Was    *Number `json:"before_number,omitempty"`
	Is     *Number `json:"after_number,omitempty"`
	Held   bool    `json:"held"`
}

// Settled says what became of a lost effect, and how it was found out.
type Settled struct {
	Applied action.Applied `json:"applied"`
	How     string         `json:"how"` // "settle", "observe", "person"
	By      string         `json:"by,omitempty"`
	Facts   []string       `json:"facts,omitempty"`
}

// StepFinished ends a step. Those that wait for it start after it is journalled.
type StepFinished struct {
	State    State           `json:"state"`
	Title    string          `json:"title,omitempty"` // as StepStarted has it
	Met      bool            `json:"met,omitempty"`
	Outputs  json.RawMessage `json:"outputs,omitempty"` // of blocks, remedies, manual steps, calls
	Summary  string          `json:"summary,omitempty"`
	Failure  *Failure        `json:"failure,omitempty"`
	Warning  bool            `json:"warning,omitempty"` // it failed, and something around it makes a warning of that
	Check    *Check          `json:"check,omitempty"`   // the first failed check
	Duration time.Duration   `json:"duration"`
	Why      string          `json:"why,omitempty"` // dry run: "would run", "if 1 misses the goal", "before any change"
	Preview  *action.Preview `json:"preview,omitempty"`
}
