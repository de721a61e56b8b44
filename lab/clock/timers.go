package clock

import (
	"container/heap"
	"time"
)

// kind says what a timer is for.
type kind uint8

const (
	sleep    kind = iota // somebody waits for the moment
	hang                 // somebody waits for the end of a context; it has no moment
	deadline             // of a context
	event                // a function to call
)

// timer is a moment that something waits for.
type timer struct {
	kind  kind
	at    time.Time
	order uint64
	place int // in the heap; -1 outside
	fired chan struct{}
	do    func()
}

// timers are those that are set: a heap by time, then in the order of making.
type timers struct {
	heap  moments
	made  uint64
	count [event + 1]int // by kind
}

func (l *timers) add(kind kind, at time.Time, do func()) *timer {
	l.made++
	l.count[kind]++
	t := &timer{kind: kind, at: at, order: l.made, place: -1, fired: make(chan struct{}), do: do}
	if kind != hang {
		heap.Push(&l.heap, t)
	}
	return t
}

// remove takes t out, if it has not fired.
func (l *timers) remove(t *timer) {
	if t.place >= 0 {
		heap.Remove(&l.heap, t.place)
	} else if t.kind != hang {
		return
	}
	l.count[t.kind]--
}

// due takes out the first timer that is not after the moment; nil for none.
func (l *timers) due(moment time.Time) *timer {
	if len(l.heap) == 0 || l.heap[0].at.After(moment) {
		return nil
	}
	t := heap.Pop(&l.heap).(*timer)
	l.count[t.kind]--
	return t
}

// next is the first moment that a stepping clock may go on to: that of the first
// sleeper, or where somebody hangs the first deadline.
func (l *timers) next() (at time.Time, ok bool) {
	for _, t := range l.heap {
		if awaited := t.kind == sleep || t.kind == deadline && l.count[sleep] == 0 && l.count[hang] > 0; awaited && (!ok || t.at.Before(at)) {
			at, ok = t.at, true
		}
	}
	return at, ok
}

// moments is the heap of [timers].
type moments []*timer

func (m moments) Len() int { return len(m) }

func (m moments) Less(i, j int) bool {
	if m[i].at.Equal(m[j].at) {
		return m[i].order < m[j].order
	}
	return m[i].at.Before(m[j].at)
}

func (m moments) Swap(i, j int) {
	m[i], m[j] = m[j], m[i]
	m[i].place, m[j].place = i, j
}

func (m *moments) Push(x any) {
	t := x.(*timer)
	t.place = len(*m)
	*m = append(*m, t)
}

func (m *moments) Pop() any {
	last := len(*m) - 1
	t := (*m)[last]
	(*m)[last] = nil
	*m, t.place = (*m)[:last], -1
	return t
}
