package event

import "slices"

// Ending is a way in which a run ends, or the attempt to start one. They stand
// in order: where several apply, the first decides the exit code.
type Ending uint8

// The endings. EndInvalid and EndLocked come before the first step only.
const (
	EndJournal Ending = iota // the journal or the storage failed
	EndDoubt                 // whether an effect was applied is not known
	EndSignal                // stopped by a signal, whose code it has
	EndWaiting               // for a person
	EndInvalid               // the playbook, an input, the environment or the command line
	EndRefused               // by the policy or a person
	EndLocked                // by another run
	EndFailed
	EndWarned // done with warnings, where these count as a failure
	EndDone
)

// endings are what is told of each: the only list of exit codes.
var endings = [...]struct {
	code   int
	state  State
	reason string
}{
	EndJournal: {5, Failed, "journal"},
	EndDoubt:   {6, InDoubt, "in_doubt"},
	EndSignal:  {130, Cancelled, "cancelled"},
	EndWaiting: {3, Waiting, "waiting"},
	EndInvalid: {2, "invalid", "invalid"},
	EndRefused: {3, Refused, "refused"},
	EndLocked:  {4, "locked", "locked"},
	EndFailed:  {1, Failed, "failed"},
	EndWarned:  {1, Done, ""},
	EndDone:    {0, Done, ""},
}

// Code returns the exit code; of a signal that of SIGINT.
func (e Ending) Code() int { return endings[e].code }

// State returns the state in which the run is then.
func (e Ending) State() State { return endings[e].state }

// Reason returns the word for it: "refused"; "" where all is well.
func (e Ending) Reason() string { return endings[e].reason }

// First returns the ending that decides; EndDone of none.
func First(applies ...Ending) Ending { return slices.Min(append(applies, EndDone)) }
