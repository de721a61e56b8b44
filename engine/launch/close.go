package launch

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/journal"
)

// Close ends a run that is suspended or was interrupted, for good and without going
// on with it, and frees what it guards: because is why, for the journal. What is not
// known of its effects stays not known. The error is a *Refusal.
func Close(state *journal.State, run journal.Summary, by Who, because string) (*event.RunFinished, error) {
	switch {
	case strings.TrimSpace(because) == "":
		return nil, Invalid("a run is closed for a reason", "runbook runs close "+run.ID+" --because 'what was done in its place'")
	case run.Ended():
		return nil, Invalid(fmt.Sprintf("run %s has ended already: %s", run.ID, run.State), "runbook report "+run.ID)
	case run.State == event.Running:
		return nil, Invalid(fmt.Sprintf("run %s is running; stop it where it runs", run.ID), "runbook report "+run.ID)
	}
	w, log, err := state.Resume(run.ID, journal.Options{})
	if err != nil {
		return nil, Storage(err)
	}
	folded := &history.Run{}
	for _, e := range log.Events {
		folded.Apply(e)
	}
	fin := &event.RunFinished{Schema: 1, Warnings: append([]event.Finding{}, folded.Warnings()...), Duration: folded.Took()}
	if folded.End != nil {
		*fin = *folded.End
	} else {
		fin.Step = folded.LastOpen()
	}
	fin.Changes = folded.Changes.List()
	fin.Closed = &event.Closed{By: by.User, Host: by.Host, Because: because, Was: run.State}
	fin.State, fin.ExitCode, fin.Reason = event.EndSignal.State(), event.EndSignal.Code(), "closed"
	err = w.Append(&event.Event{Time: time.Now(), Type: event.TypeRunFinished, Data: fin})
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, Storage(err)
	}
	return fin, nil
}
