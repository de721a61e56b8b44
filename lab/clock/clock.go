// Package clock is the time of a lab: one clock that the model, the faces of the
// targets and the run under rehearsal share, so that an hour of the service can
// pass in a moment.
//
// A clock flows or it steps. One that flows ([Flow]) goes on by itself, some
// times faster than the wall's: it serves clients that know nothing of it. One
// that steps ([Step]) stands still while anybody works, and when all who take
// part wait it goes straight to the first moment that somebody waits for: an
// hour of waiting costs nothing, and how busy the machine is changes nothing.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock is the time of one lab. Its methods may be called from anywhere.
type Clock struct {
	mu     sync.Mutex
	steps  bool
	speed  float64   // of a flow; of a stepping clock its fastest pace, 0 for none
	now    time.Time // the time at since; of a stepping clock the time
	since  time.Time // on the wall
	moved  time.Time // on the wall: when somebody last began or ended something
	busy   int       // who works: a stepping clock stands still
	timers timers

	wake  chan struct{}
	ended chan struct{}
	once  sync.Once
}

// Flow returns a clock that goes on by itself from start, speed times as fast as
// the wall's.
func Flow(start time.Time, speed float64) *Clock {
	return begin(&Clock{now: start, speed: speed})
}

// Step returns a clock that goes from one awaited moment to the next, at most
// pace times as fast as the wall's; 0 is as fast as it goes.
func Step(start time.Time, pace float64) *Clock {
	return begin(&Clock{now: start, speed: pace, steps: true})
}

func begin(c *Clock) *Clock {
	c.since = time.Now()
	c.wake, c.ended = make(chan struct{}, 1), make(chan struct{})
	go c.drive()
	return c
}

// Close ends the clock: it stands still, and whoever waits for it is woken with
// [context.Canceled].
func (c *Clock) Close() { c.once.Do(func() { close(c.ended) }) }

// Now returns the lab's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

// read returns the time. The lock is held.
func (c *Clock) read() time.Time {
	if c.steps {
		return c.now
	}
	return c.now.Add(time.Duration(float64(time.Since(c.since)) * c.speed))
}

// Speed returns how many times faster than the wall's the clock goes; 0 is as
// fast as it goes.
func (c *Clock) Speed() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.speed
}

// SetSpeed changes how fast the clock goes from now on; 0, of a clock that
// steps, is as fast as it goes.
func (c *Clock) SetSpeed(speed float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.since, c.speed = c.read(), time.Now(), speed
	c.touch()
}

// Advance lets d pass at once; who waited for a moment in it is woken.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goTo(c.read().Add(d))
	c.touch()
}

// Sleep waits until d has passed or ctx ends, and returns ctx's error then.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	return c.waitFor(ctx, sleep, d, 0)
}

// Hang waits for the end of ctx alone. A stepping clock goes on to the next
// deadline then, for nothing else will happen.
func (c *Clock) Hang(ctx context.Context) error { return c.waitFor(ctx, hang, 0, 0) }

// waitFor waits as Sleep and Hang. Meanwhile there are fewer who work, by working.
func (c *Clock) waitFor(ctx context.Context, kind kind, d time.Duration, working int) error {
	t := c.start(kind, d, nil, working)
	defer c.drop(t, working)
	select {
	case <-t.fired:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
		return context.Canceled
	}
}

// After calls do in a goroutine of its own when d has passed; stop takes it
// back. Nobody waits for it: a stepping clock does not go on for its sake.
func (c *Clock) After(d time.Duration, do func()) (stop func()) {
	t := c.start(event, d, do, 0)
	return func() { c.drop(t, 0) }
}

// Work tells that somebody works: a stepping clock stands still until done is
// called.
func (c *Clock) Work() (done func()) {
	c.work(1)
	return sync.OnceFunc(func() { c.work(-1) })
}

// Pause is Sleep for somebody who works: meanwhile the clock may go on.
func (c *Clock) Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	return c.waitFor(ctx, sleep, d, 1)
}

// PauseForever is Hang for somebody who works: meanwhile the clock may go on.
func (c *Clock) PauseForever(ctx context.Context) error {
	return c.waitFor(ctx, hang, 0, 1)
}

func (c *Clock) work(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy += n
	c.touch()
}

func (c *Clock) start(kind kind, d time.Duration, do func(), working int) *timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy -= working
	t := c.timers.add(kind, c.read().Add(max(d, 0)), do)
	c.touch()
	return t
}

func (c *Clock) drop(t *timer, working int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy += working
	if t.kind == sleep && t.place < 0 { // it has fired; the sleeper is awake now
		c.busy--
	} else {
		c.timers.remove(t)
	}
	c.touch()
}

// touch notes that somebody did something, and lets the driver look again. The
// lock is held.
func (c *Clock) touch() {
	if c.steps {
		c.moved = time.Now()
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
