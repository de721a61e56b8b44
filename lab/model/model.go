package model

import (
	"sync"
	"time"
)

// step is how far the world goes at once.
const step = time.Second

// Model guards the world of a lab. Its methods may be called from anywhere.
type Model struct {
	mu      sync.Mutex
	now     func() time.Time
	world   *World
	watches []func(*World)
	samples []func(*World)
}

// New returns a model of a healthy service at the time that now tells. The same
// seed gives the same service.
func New(seed uint64, now func() time.Time) *Model {
	return &Model{now: now, world: newWorld(seed, now())}
}

// Look calls do with the world of this moment. do must not keep or change it.
func (m *Model) Look(do func(*World)) { m.visit(do, false) }

// Change calls do with the world of this moment, to change it. What serves a
// target follows before Change returns.
func (m *Model) Change(do func(*World)) { m.visit(do, true) }

func (m *Model) visit(do func(*World), changes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	stepped := m.catchUp()
	do(m.world)
	if stepped || changes {
		m.world.settle()
		for _, watch := range m.watches {
			watch(m.world)
		}
	}
}

// catchUp goes on to this moment. The lock is held.
func (m *Model) catchUp() (stepped bool) {
	w := m.world
	now := m.now()
	for next := w.stepped.Add(step); !next.After(now); next = w.stepped.Add(step) {
		w.Now = next
		w.step()
		stepped = true
		for _, sample := range m.samples {
			sample(w)
		}
	}
	w.Now = now
	return stepped
}

// Watch calls do now, and after every change and step: it opens and closes the
// gates of what runs and does not. do must not call the model.
func (m *Model) Watch(do func(*World)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watches = append(m.watches, do)
	do(m.world)
}

// Sample calls do after every step, so once for each second of the lab's time:
// it keeps the history. do must not call the model.
func (m *Model) Sample(do func(*World)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, do)
}
