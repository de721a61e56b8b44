package main

import (
	"sync"
	"time"
)

// leakInterval is how often a leak grows: often enough that a reading each
// second sees a straight line.
const leakInterval = 50 * time.Millisecond

// leakPlace is where the memory of a leak goes.
type leakPlace string

// The places of a leak: emptying the cache ends the one, only a restart the other.
const (
	leakNowhere leakPlace = ""
	leakCache   leakPlace = "cache"
	leakHeap    leakPlace = "heap"
)

// leaker grows at most one leak at a time, in the cache or outside it.
type leaker struct {
	max   int64
	cache hoard
	heap  hoard

	mu    sync.Mutex
	place leakPlace
	stop  chan struct{}
	done  chan struct{}
}

// start lets place grow by rate bytes a second, instead of what grew before.
// With rate 0 nothing grows; what has leaked stays.
func (l *leaker) start(place leakPlace, rate int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halt()
	if rate <= 0 {
		return
	}
	l.place = place
	l.stop, l.done = make(chan struct{}), make(chan struct{})
	go l.grow(l.target(place), rate, l.stop, l.done)
}

// clearCache ends a leak in the cache, gives its memory back and returns the
// bytes freed. A leak outside the cache goes on.
func (l *leaker) clearCache() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.place == leakCache {
		l.halt()
	}
	return l.cache.release()
}

// close ends all growth and gives all memory back.
func (l *leaker) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.halt()
	l.cache.release()
	l.heap.release()
}

func (l *leaker) target(place leakPlace) *hoard {
	if place == leakCache {
		return &l.cache
	}
	return &l.heap
}

// halt ends the growth and waits for its end; l.mu is held.
func (l *leaker) halt() {
	if l.stop != nil {
		close(l.stop)
		<-l.done
	}
	l.place, l.stop, l.done = leakNowhere, nil, nil
}

// grow follows the clock and not the ticks, so that a busy machine that drops
// ticks does not slow the leak.
func (l *leaker) grow(into *hoard, rate int64, stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	ticks := time.NewTicker(leakInterval)
	defer ticks.Stop()
	started, grown := time.Now(), int64(0)
	for {
		select {
		case <-stop:
			return
		case <-ticks.C:
		}
		due := int64(time.Since(started).Seconds()*float64(rate)) - grown
		due = min(due, l.max-l.cache.size()-l.heap.size())
		if due > 0 {
			into.grow(due)
			grown += due
		}
	}
}
