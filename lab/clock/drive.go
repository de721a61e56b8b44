package clock

import "time"

// quiet is for how long, on the wall, nobody must have begun or ended anything
// before a stepping clock goes on: what a client needs between an answer and
// its next request.
const quiet = 60 * time.Microsecond

// patience is as quiet, where somebody hangs and nobody waits for a moment: his
// client may be about to go away, and others may work in between.
const patience = 5 * time.Millisecond

// frame is how often, on the wall, a paced clock moves on its way to a moment.
const frame = 25 * time.Millisecond

// idle is how long the driver waits where nothing is to be done: it is woken.
const idle = time.Hour

// drive lets the clock go on until it is closed.
func (c *Clock) drive() {
	pause := time.NewTimer(idle)
	defer pause.Stop()
	for {
		pause.Reset(c.look())
		select {
		case <-c.ended:
			return
		case <-c.wake:
		case <-pause.C:
		}
	}
}

// look moves the clock as far as it may go now, and returns when, on the wall,
// to look again.
func (c *Clock) look() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.steps {
		return c.step()
	}
	c.goTo(c.read())
	if len(c.timers.heap) == 0 || c.speed <= 0 {
		return idle
	}
	return max(time.Duration(float64(c.timers.heap[0].at.Sub(c.read()))/c.speed), 0)
}

func (c *Clock) step() time.Duration {
	to, ok := c.timers.next()
	if c.busy > 0 || !ok {
		return idle
	}
	quiet := quiet
	if c.timers.count[sleep] == 0 {
		quiet = patience
	}
	if first := c.timers.heap[0].at; first.Before(to) {
		to = first // what happens on the way has its effect before the sleeper is woken
	}
	if left := quiet - time.Since(c.moved); left > 0 {
		return left
	}
	if c.speed > 0 {
		allowed := c.now.Add(time.Duration(float64(time.Since(c.since)) * c.speed))
		if to.After(allowed) {
			if time.Since(c.since) >= frame {
				c.goTo(allowed)
			}
			return min(frame, time.Duration(float64(to.Sub(c.now))/c.speed))
		}
	}
	c.goTo(to)
	return quiet
}

// goTo sets the time and fires, in order, what was set until then. The lock is
// held.
func (c *Clock) goTo(to time.Time) {
	for t := c.timers.due(to); t != nil; t = c.timers.due(to) {
		if c.steps && t.at.After(c.now) {
			c.now = t.at
		}
		close(t.fired)
		if t.kind == sleep {
			c.busy++ // until the sleeper is awake
		}
		if t.do == nil {
			continue
		}
		c.busy++
		go func() {
			defer c.work(-1)
			t.do()
		}()
	}
	c.now, c.since = to, time.Now()
	if c.steps {
		c.moved = c.since
	}
}
