package report

import (
	"time"

	"runbook/engine/event"
	"runbook/engine/page"
)

// View follows a run. Event takes the facts in order, from one goroutine at a
// time; Close prints what stands at the end and releases the terminal.
type View interface {
	Event(event.Event)
	Close() error
}

// Options say how text is printed.
type Options struct {
	page.Look
	Verbosity int // -1 quiet, 0, 1 with attempts and observations, 2 with requests
	Location  *time.Location
	Bare      bool // the steps alone, without banner and summary

	Now     func() time.Time // nil: time.Now
	Journal string           // the run's journal, as it is shown; "": not named

	still bool // nothing is drawn but by Draw
}

func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now()
	}
	return o.Now()
}

func (o Options) zone() *time.Location {
	if o.Location == nil {
		return time.Local
	}
	return o.Location
}
