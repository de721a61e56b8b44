package main

import (
	"context"
	"sync/atomic"
	"time"
)

// poolSize is the number of connections that the service may use at once.
const poolSize = 10

// pool hands out connections. A service whose requests are slow runs out of
// them, and requests wait.
type pool struct {
	slots  chan struct{}
	uses   atomic.Int64
	waited atomic.Int64 // nanoseconds, of all uses
}

func newPool() *pool { return &pool{slots: make(chan struct{}, poolSize)} }

// acquire waits for a connection, or for the end of ctx.
func (p *pool) acquire(ctx context.Context) error {
	started := time.Now()
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	p.uses.Add(1)
	p.waited.Add(int64(time.Since(started)))
	return nil
}

func (p *pool) release() { <-p.slots }

func (p *pool) active() int { return len(p.slots) }

// averageWaitMs is the mean time that a use waited for its connection, in
// milliseconds.
func (p *pool) averageWaitMs() float64 {
	uses := p.uses.Load()
	if uses == 0 {
		return 0
	}
	return float64(p.waited.Load()) / float64(uses) / float64(time.Millisecond)
}
