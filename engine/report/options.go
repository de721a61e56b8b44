package report

import (
	"time"

	"runbook/engine/event"
)

// View follows a run. Event takes the facts in order, from one goroutine at a
// time; Close prints what stands at the end and releases the terminal.
type View interface {
	Event(event.Event)
	Close() error
}

// Options say how text is printed.
type Options struct {
	Width     int  // columns; 0: 80; text uses at most 100
	Color     bool // sixteen terminal colours
	Unicode   bool // else ASCII signs
	Motion    bool // the spinner turns
	Verbosity int  // -1 quiet, 0, 1 with attempts and observations, 2 with requests
	Location  *time.Location
	Live      bool // redraw a region below the history
	Bare      bool // the steps alone, without banner and summary

	Size    func() (width, height int) // of the terminal now; nil: Width and 24
	Now     func() time.Time           // nil: time.Now
	Journal string                     // the run's journal, as it is shown; "": not named
	Resume  bool                       // `runbook resume` is there, so that it may be suggested
	Doctor  bool                       // suggest `runbook doctor`

	still bool // nothing is drawn but by Draw
}

// The most columns that text uses, and those of an unknown terminal.
const (
	maxWidth     = 100
	unknownWidth = 80
)

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

// size is the terminal's real size; its height is at least three lines.
func (o Options) size() (width, height int) {
	width, height = o.Width, 24
	if o.Size != nil {
		width, height = o.Size()
	}
	if width <= 0 {
		width = unknownWidth
	}
	return width, max(height, 3)
}

// columns is how many columns text uses.
func (o Options) columns() int {
	width, _ := o.size()
	return min(width, maxWidth)
}
