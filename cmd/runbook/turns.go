package main

import "sync"

// turns orders the questions to one person: one at a time, and approvals before
// manual steps.
type turns struct {
	mu        *sync.Mutex
	free      *sync.Cond
	ahead     chan struct{} // tells the manual step that is asked of an approval that waits
	taken     bool
	approvals int // that wait
}

func newTurns() turns {
	mu := &sync.Mutex{}
	return turns{mu: mu, free: sync.NewCond(mu), ahead: make(chan struct{}, 1)}
}

// take waits for the turn of a question.
func (t *turns) take(approval bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if approval {
		t.approvals++
		select {
		case t.ahead <- struct{}{}:
		default: // told already
		}
	}
	for t.taken || !approval && t.approvals > 0 {
		t.free.Wait()
	}
	t.taken = true
	if !approval {
		return
	}
	if t.approvals--; t.approvals == 0 {
		select {
		case <-t.ahead:
		default: // a manual step took it
		}
	}
}

// give ends the turn.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = false
	t.free.Broadcast()
}
