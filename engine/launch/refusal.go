package launch

import (
	"errors"
	"fmt"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/yaml"
)

// Refusal says why no run began, or that one could not be journalled to its end.
type Refusal struct {
	Ending  event.Ending
	Failure *action.Failure
	List    diag.List    // of a file with mistakes
	File    *yaml.Source // that file
	Notice  *Notice      // of one by the policy or a lock
	Signal  int          // the exit code of EndSignal
}

// Notice is all that is told of a run that was valid and may not begin now.
type Notice struct {
	Text       string
	Safe, Then []string // commands: those that only read, and the others
}

// Error says what happened.
func (r *Refusal) Error() string { return r.Failure.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Failure }

// Code returns the exit code.
func (r *Refusal) Code() int {
	if r.Ending == event.EndSignal {
		return r.Signal
	}
	return r.Ending.Code()
}

// Finished is the last fact of a run that did not begin. It has no id.
func (r *Refusal) Finished() event.RunFinished {
	return event.RunFinished{
		Schema: 1, State: r.Ending.State(), ExitCode: r.Code(), Reason: r.Ending.Reason(), Failure: event.FailureOf(r.Failure),
		Changes: []event.Change{}, Warnings: []event.Finding{},
	}
}

// untouched is what a run that did not begin has changed.
const untouched = "nothing; no target was contacted, no run was started"

// Invalid refuses what was asked for.
func Invalid(what string, do ...string) *Refusal {
	return &Refusal{Ending: event.EndInvalid, Failure: &action.Failure{What: what, Do: do}}
}

// Mistakes refuses a file: fix says what may be done.
func Mistakes(name string, list diag.List, file *yaml.Source, do ...string) *Refusal {
	r := Invalid(fmt.Sprintf("%s is invalid: %s", name, list.Summary()), do...)
	r.List, r.File = list, file
	return r
}

// Storage is the refusal of a journal or a lock that cannot be kept.
func Storage(err error) *Refusal {
	return &Refusal{Ending: event.EndJournal, Failure: action.AsFailure(err)}
}

// refusal is err as a refusal: one of the environment, where it is none.
func refusal(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return &Refusal{Ending: event.EndInvalid, Failure: action.AsFailure(err)}
}
