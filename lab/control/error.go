package control

import "runbook/engine/action"

// Kind is what sort of an error a lab has, for who chooses an exit code.
type Kind int

// The kinds of errors.
const (
	Wrong   Kind = iota // what was asked for cannot be
	None                // no lab runs
	Busy                // a lab runs already
	Storage             // its files cannot be read or written
)

// Error is an error of a lab that has a kind of its own.
type Error struct {
	Kind    Kind
	Failure *action.Failure
}

func (e *Error) Error() string { return e.Failure.Error() }

// Unwrap returns what there is to be told.
func (e *Error) Unwrap() error { return e.Failure }

func wrong(what string, do ...string) error {
	return &Error{Wrong, &action.Failure{What: what, Do: do}}
}

func storage(err error) error { return &Error{Storage, action.AsFailure(err)} }
