package run

import (
	"context"
	"errors"
	"sync"
	"time"

	"runbook/engine/action"
)

// boundary is how far a failure rises: the run, a part of a container under
// `continue` or `warn`, a remedy. Within it no step starts once it is halted,
// and waits, polls and reads end; changes go on in the runner's hard context.
type boundary struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func newBoundary(hard context.Context, around *boundary) *boundary {
	parent := hard
	if around != nil {
		parent = around.ctx
	}
	b := &boundary{}
	b.ctx, b.cancel = context.WithCancelCause(parent)
	return b
}

func (b *boundary) halt() { b.haltFor(errHalted) }

func (b *boundary) haltFor(cause error) { b.cancel(cause) }

func (b *boundary) halted() bool { return b.ctx.Err() != nil }

func (b *boundary) close() { b.cancel(context.Canceled) }

// stopwatch bounds work by time on the run's clock, but for the time in which
// it is paused (a person or a lock is waited for).
type stopwatch struct {
	clock  action.Clock
	cancel context.CancelCauseFunc
	around *stopwatch

	mu     sync.Mutex
	left   time.Duration
	since  time.Time
	paused int
	stop   context.CancelFunc
}

// withStopwatch returns a context that ends after limit, with errTimedOut as
// cause. A limit of 0 bounds nothing by itself.
func withStopwatch(ctx context.Context, clock action.Clock, limit time.Duration, around *stopwatch) (context.Context, *stopwatch) {
	w := &stopwatch{clock: clock, around: around, left: limit}
	ctx, w.cancel = context.WithCancelCause(ctx)
	if limit > 0 {
		w.start(ctx)
	}
	return ctx, w
}

func (w *stopwatch) start(ctx context.Context) {
	limited, stop := w.clock.WithTimeout(context.WithoutCancel(ctx), w.left)
	w.stop, w.since = stop, w.clock.Now()
	context.AfterFunc(limited, func() {
		if errors.Is(limited.Err(), context.DeadlineExceeded) {
			w.cancel(errTimedOut)
		}
	})
}

// pause stops the time of w and of all around it, until the function that it
// returns is called.
func (w *stopwatch) pause() (resume func()) {
	for x := w; x != nil; x = x.around {
		x.hold()
	}
	return func() {
		for x := w; x != nil; x = x.around {
			x.release()
		}
	}
}

func (w *stopwatch) hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused++
	if w.paused == 1 && w.stop != nil {
		w.stop()
		w.left -= w.clock.Now().Sub(w.since)
	}
}

func (w *stopwatch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.paused--
	if w.paused == 0 && w.stop != nil {
		w.left = max(w.left, time.Nanosecond)
		w.start(context.Background())
	}
}

// end releases what the stopwatch holds.
func (w *stopwatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		w.stop()
	}
	w.cancel(context.Canceled)
}
