package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/plan"
)

// runner is a run in progress.
type runner struct {
	Options
	started time.Time
	hard    context.Context // ends changes in flight: a second signal, a dead caller
	abort   context.CancelCauseFunc
	slots   chan struct{} // bounds actions at once
	scratch sync.Pool     // of []byte, for values to be encoded in
	root    *boundary
	tally   tally
	fault   atomic.Pointer[error] // the first error of the journal: after it nothing is begun
	signal  atomic.Pointer[Signal]
}

// Causes of the end of a context.
var (
	errAborted  = errors.New("stopped at once by a second signal")
	errHalted   = errors.New("another part of the run failed")
	errTimedOut = fmt.Errorf("timed out: %w", context.DeadlineExceeded)
)

func newRunner(ctx context.Context, o Options) *runner {
	if o.Clients == nil {
		o.Clients = action.NewClients()
	}
	if o.Decided == nil {
		o.Decided = o.Plan.Fixed()
	}
	r := &runner{Options: o, started: o.Clock.Now(), slots: make(chan struct{}, o.Decided.MaxParallel)}
	r.tally.acted, r.tally.looked = map[*plan.Step]bool{}, map[*plan.Step]bool{}
	r.hard, r.abort = context.WithCancelCause(ctx)
	r.root = newBoundary(r.hard, nil)
	return r
}

func (r *runner) close() {
	r.abort(context.Canceled)
	r.root.close()
}

// listen turns signals into the end of the run: the first halts, the next
// aborts.
func (r *runner) listen(stop <-chan Signal) {
	for {
		select {
		case <-r.hard.Done():
			return
		case s, ok := <-stop:
			if !ok {
				return
			}
			if r.signal.CompareAndSwap(nil, &s) {
				r.root.haltFor(fmt.Errorf("stopped by %s", s.Name))
				continue
			}
			r.abort(errAborted)
		}
	}
}

// journalError is the error that closed the journal, nil while it is sound.
func (r *runner) journalError() error {
	if err := r.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// record appends a fact. An error is of one that is too long, which fails its step,
// or closes the journal for good and halts the run; in either case no effect is begun
// after it. What became of an effect has bounds of its own, so that it always fits.
func (r *runner) record(t event.Type, path event.Path, attempt int, data any) error {
	_, err := r.recorded(t, path, attempt, data)
	return err
}

// recorded is record for who goes on to show the fact: it returns the payload
// without secrets.
func (r *runner) recorded(t event.Type, path event.Path, attempt int, data any) (shown any, err error) {
	e := event.Event{Time: r.Clock.Now(), Type: t, Path: path, Attempt: attempt, Data: data}
	err = r.journalError()
	if err == nil {
		err = r.Journal.Append(&e)
		if err != nil && (!errors.Is(err, event.ErrTooLong) || t == event.TypeOutcome) {
			r.fault.CompareAndSwap(nil, &err)
			r.root.halt()
		}
	}
	// How an effect in flight ended is told at the end of the run, also where the
	// journal can no longer say it.
	if err == nil || t == event.TypeOutcome {
		r.tally.do(func() { r.tally.changes.Apply(e) })
	}
	if err != nil {
		return nil, err
	}
	return e.Data, nil
}

func (r *runner) show(t event.Type, path event.Path, data any) {
	r.Journal.Transient(event.Event{Time: r.Clock.Now(), Type: t, Path: path, Data: data})
}

// acquire takes one of the run's slots for an action.
func (r *runner) acquire(ctx context.Context) (release func(), err error) {
	select {
	case r.slots <- struct{}{}:
		return func() { <-r.slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// call is what an action of the step at path is given.
func (r *runner) call(path event.Path, target action.Target) action.Call {
	return action.Call{
		Target: target, Clients: r.Clients, Clock: restingClock{r.Clock}, DryRun: r.DryRun, Confine: r.Environment.Confine,
		Hidden: r.Environment.Hidden,
		Run:    r.Header.Run, Step: string(path),
		Log: slog.New(logHandler{r: r, path: path}),
		Progress: func(p action.Progress) {
			r.show(event.TypeProgress, path, &event.Progress{Progress: p})
		},
	}
}

// logHandler shows an action's log lines as transient facts.
type logHandler struct {
	r     *runner
	path  event.Path
	attrs []slog.Attr
}

func (h logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h logHandler) Handle(_ context.Context, rec slog.Record) error {
	text := rec.Message
	add := func(a slog.Attr) bool { text += " " + a.String(); return true }
	for _, a := range h.attrs {
		add(a)
	}
	rec.Attrs(add)
	h.r.show(event.TypeLog, h.path, &event.Log{Level: rec.Level.String(), Text: text})
	return nil
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

func (h logHandler) WithGroup(string) slog.Handler { return h }

// tally gathers what the end of a run tells.
type tally struct {
	mu       sync.Mutex
	first    *problem
	doubt    *problem
	waits    *problem
	changes  history.Changes     // what every reader of the journal folds too
	acted    map[*plan.Step]bool // those with a change
	looked   map[*plan.Step]bool // those that were reads
	undo     []undoable
	warnings []event.Finding
	findings []event.Finding
	counts   map[event.State]int
	dry      event.DryCounts
	shown    int // bytes of what was shown
	kept     int // ... and of what was put into files
}

func (t *tally) do(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
}
