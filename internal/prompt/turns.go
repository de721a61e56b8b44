// Package prompt is how questions to one person take turns, and how answers are read.
package prompt

import "sync"

// Turns orders the questions to one person: one at a time, and approvals before
// manual steps.
type Turns struct {
	mu        *sync.Mutex
	free      *sync.Cond
	ahead     chan struct{} // holds one where an approval waits
	taken     bool
	approvals int // that wait
}

// NewTurns returns turns of which none is taken.
func NewTurns() *Turns {
	mu := &sync.Mutex{}
	return &Turns{mu: mu, free: sync.NewCond(mu), ahead: make(chan struct{}, 1)}
}

// Take waits for the turn of a question.
func (t *Turns) Take(approval bool) {
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

// Ahead tells the manual step that is asked of an approval that waits.
func (t *Turns) Ahead() <-chan struct{} { return t.ahead }

// Give ends the turn.
func (t *Turns) Give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = false
	t.free.Broadcast()
}
