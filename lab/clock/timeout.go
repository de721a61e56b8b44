package clock

import (
	"context"
	"sync"
	"time"
)

// WithTimeout is [context.WithTimeout] on this clock. The context tells no
// deadline, for a deadline is a moment on the wall.
func (c *Clock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	limited := &timed{Context: ctx, done: make(chan struct{})}
	if err := ctx.Err(); err != nil { // at once, and not when AfterFunc comes to it
		limited.end(err)
		return limited, func() {}
	}
	t := c.start(deadline, d, func() { limited.end(context.DeadlineExceeded) }, 0)
	release := context.AfterFunc(ctx, func() { limited.end(ctx.Err()) })
	return limited, func() {
		release()
		c.drop(t, 0)
		limited.end(context.Canceled)
	}
}

// timed is a context that ends at a moment of a clock.
type timed struct {
	context.Context // around it
	done            chan struct{}

	mu  sync.Mutex
	err error
}

func (t *timed) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
		close(t.done)
	}
}

// Deadline tells none.
func (t *timed) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is closed at the moment, or with the context around it.
func (t *timed) Done() <-chan struct{} { return t.done }

// Err tells why it ended; nil before.
func (t *timed) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
