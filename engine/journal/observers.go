package journal

import (
	"encoding/json"
	"sync"
	"sync/atomic"

	"runbook/engine/event"
	"runbook/engine/redact"
)

// maxTransient bounds the transient facts that wait for slow observers.
const maxTransient = 1024

// observers passes facts on, in order, in a goroutine of its own. Journalled
// facts are never dropped.
type observers struct {
	redactor *redact.Redactor
	some     atomic.Bool

	mu        sync.Mutex
	functions []func(event.Event)
	queue     []event.Event
	transient int // in the queue
	closed    bool
	wake      chan struct{} // holds one token when there is work
	done      chan struct{}
}

func newObservers(r *redact.Redactor) *observers {
	return &observers{redactor: r, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (o *observers) any() bool { return o.some.Load() }

func (o *observers) add(f func(event.Event)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.functions = append(o.functions, f)
	if !o.some.Swap(true) {
		go o.deliver()
	}
}

func (o *observers) put(events []event.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(events) == 0 {
		return
	}
	o.queue = append(o.queue, events...)
	o.signal()
}

func (o *observers) putTransient(ev event.Event) {
	if !o.any() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.transient >= maxTransient && ev.Type != event.TypeRunFinished {
		return
	}
	o.transient++
	o.queue = append(o.queue, ev)
	o.signal()
}

func (o *observers) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// close returns when everything was delivered.
func (o *observers) close() {
	o.mu.Lock()
	first := !o.closed
	o.closed = true
	o.mu.Unlock()
	if first {
		close(o.wake)
	}
	if o.any() {
		<-o.done
	}
}

func (o *observers) deliver() {
	defer close(o.done)
	var batch []event.Event
	for open := true; open; {
		_, open = <-o.wake
		o.mu.Lock()
		batch, o.queue = o.queue, batch[:0]
		o.transient = 0
		functions := o.functions
		o.mu.Unlock()
		for i := range batch {
			o.show(batch[i], functions)
		}
		clear(batch)
		if cap(batch) > maxTransient {
			batch = nil
		}
	}
}

func (o *observers) show(ev event.Event, functions []func(event.Event)) {
	if ev.Sequence == 0 {
		ev.Data = o.clean(ev.Type, ev.Data)
	}
	for _, f := range functions {
		f(ev)
	}
}

// clean returns the payload of a transient fact without secrets.
func (o *observers) clean(t event.Type, data any) any {
	if data == nil || !o.redactor.Active() {
		return data
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return nil
	}
	_, seen, err := masked(o.redactor, t, raw, data)
	if err != nil {
		return nil
	}
	return seen
}
