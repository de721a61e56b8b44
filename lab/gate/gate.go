// Package gate stands in front of each simulated target of a lab: it counts what
// clients ask for, tells the clock who works, and makes the faults of the
// connection: a target that is gone, one that hangs, a reply that is lost.
package gate

import (
	"context"
	"sync"
	"time"

	"runbook/lab/clock"
)

// Call is one request that a target was asked for.
type Call struct {
	Time    time.Time `json:"time"` // of the lab
	Target  string    `json:"target"`
	Name    string    `json:"name"`    // "POST /containers/app/restart", "CONFIG SET", "update tasks"
	Mutates bool      `json:"mutates"` // whether its protocol calls it a change
}

// Log is what all targets of a lab were asked for.
type Log struct {
	mu        sync.Mutex
	calls     int
	mutations []Call
}

func (l *Log) add(c Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if c.Mutates {
		l.mutations = append(l.mutations, c)
	}
}

// Calls returns how many requests there were, and those of them that change
// something, in their order.
func (l *Log) Calls() (all int, mutations []Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls, append([]Call(nil), l.mutations...)
}

// Gate stands in front of one target.
type Gate struct {
	name  string
	clock *clock.Clock
	log   *Log

	mu        sync.Mutex
	listeners []*listener
	down      bool // what serves the target does not run
	gone      bool // by a fault
	hangs     bool // by a fault
	stuck     bool // what serves the target hangs
	freed     context.Context
	free      context.CancelFunc // frees who hangs
	lose      int                // replies of changes still to lose
}

// New returns the gate of the target of that name.
func New(name string, c *clock.Clock, log *Log) *Gate {
	g := &Gate{name: name, clock: c, log: log}
	g.freed, g.free = context.WithCancel(context.Background())
	return g
}

// Clock is the clock of the lab.
func (g *Gate) Clock() *clock.Clock { return g.clock }

// SetDown says that what serves the target does not run: connections are cut,
// new ones refused.
func (g *Gate) SetDown(down bool) { g.change(func() { g.down = down }) }

// SetGone makes the fault target-gone: connections are cut, new ones refused.
func (g *Gate) SetGone(gone bool) { g.change(func() { g.gone = gone }) }

// SetHanging makes the fault hanging-target: connections are taken, and nothing
// is ever answered.
func (g *Gate) SetHanging(hangs bool) { g.changeHanging(func() { g.hangs = hangs }) }

// SetStuck says that what serves the target hangs: as SetHanging.
func (g *Gate) SetStuck(stuck bool) { g.changeHanging(func() { g.stuck = stuck }) }

func (g *Gate) changeHanging(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	did := g.hangs || g.stuck
	do()
	if did && !g.hangs && !g.stuck {
		g.free()
		g.freed, g.free = context.WithCancel(context.Background())
	}
}

// LoseReplies makes the fault reply-lost: the next n changes happen, and the
// connection is cut in place of their reply. 0 takes it back.
func (g *Gate) LoseReplies(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lose = n
}

// LosesReplies reports whether replies are still to be lost.
func (g *Gate) LosesReplies() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lose > 0
}

func (g *Gate) change(do func()) {
	g.mu.Lock()
	do()
	closed := g.down || g.gone
	listeners := append([]*listener(nil), g.listeners...)
	g.mu.Unlock()
	for _, l := range listeners {
		l.set(closed)
	}
}

// Close closes every listener and connection and frees who hangs.
func (g *Gate) Close() {
	g.mu.Lock()
	listeners := append([]*listener(nil), g.listeners...)
	g.free()
	g.mu.Unlock()
	for _, l := range listeners {
		_ = l.Close()
	}
}

// Visit is one request, from its last byte read to its reply.
type Visit struct {
	gate    *Gate
	mutates bool
	done    func()
}

// Enter counts a request and tells the clock that somebody works on it. Where
// the target hangs it waits until ctx ends, which it must when the client goes,
// and returns its error; otherwise Leave must be called.
func (g *Gate) Enter(ctx context.Context, name string, mutates bool) (*Visit, error) {
	v := &Visit{gate: g, mutates: mutates, done: g.clock.Work()}
	if err := g.hang(ctx); err != nil {
		v.done()
		return nil, err
	}
	g.log.add(Call{Time: g.clock.Now(), Target: g.name, Name: name, Mutates: mutates})
	return v, nil
}

// Admit waits while the target hangs, for what is no request of a person: the
// greeting of a connection and what a driver sends to see that the target lives.
// It is not counted, and a stepping clock goes on beside it. It returns the
// error of ctx, which must end when the client goes.
func (g *Gate) Admit(ctx context.Context) error {
	done := g.clock.Work()
	defer done()
	return g.hang(ctx)
}

// hang waits while the target hangs.
func (g *Gate) hang(ctx context.Context) error {
	g.mu.Lock()
	hangs, freed := g.hangs || g.stuck, g.freed
	g.mu.Unlock()
	if !hangs {
		return nil
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(freed, cancel)()
	_ = g.clock.PauseForever(both)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return g.hang(ctx)
}

// Pause lets d pass while the request is worked on: its latency. It ends early
// with ctx.
func (v *Visit) Pause(ctx context.Context, d time.Duration) error {
	return v.gate.clock.Pause(ctx, d)
}

// Wait lets the clock go on while a request waits for something that only time
// brings: the next line of a log that is followed.
func (v *Visit) Wait(ctx context.Context) error { return v.gate.clock.PauseForever(ctx) }

// Replies is asked once, when the change is made and before the first byte of
// the reply. Where it returns false the reply is to be lost: the connection must
// be cut instead.
func (v *Visit) Replies() bool {
	if !v.mutates {
		return true
	}
	v.gate.mu.Lock()
	defer v.gate.mu.Unlock()
	if v.gate.lose > 0 {
		v.gate.lose--
		return false
	}
	return true
}

// Leave ends the visit, when the reply is sent.
func (v *Visit) Leave() { v.done() }
