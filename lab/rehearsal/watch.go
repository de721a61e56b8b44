package rehearsal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"runbook/engine/schema"
	"runbook/lab/model"
)

// watch looks at the lab each second of its time while a run is played.
type watch struct {
	mu     sync.Mutex
	over   bool
	memory Gauge
	always []*Condition
	broken []Check
	looked []verdict
	last   time.Duration // when it looked
}

// follow begins to look: now, and about each second from now on.
func (w *watch) follow(ctx context.Context, r *Result, s *scene, inputs map[string]any) {
	now := s.at()
	w.always, w.memory, w.last = r.Rehearsal.Always, Gauge{From: now, Every: 5 * time.Second}, -1
	w.looked, w.broken = make([]verdict, len(w.always)), make([]Check, len(w.always))
	see := func(state model.State, at time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.over || at <= w.last {
			return
		}
		w.last = at
		if at-now >= time.Duration(len(w.memory.Percent))*w.memory.Every {
			w.memory.Percent = append(w.memory.Percent, state.App.MemoryPercent)
		}
		v := &values{lab: state, folder: s.folder, inputs: inputs}
		for i, c := range w.always {
			w.look(i, c, c.judge(ctx, v), at)
		}
	}
	see(s.lab.State(), now)
	s.lab.EachSecond(func(state model.State) { see(state, s.at()) })
}

// look notes what was seen of a condition that must always hold, at that time.
func (w *watch) look(i int, c *Condition, v verdict, at time.Duration) {
	if w.broken[i].Kind != "" {
		return
	}
	w.looked[i] = v
	if !v.held {
		w.broken[i] = Check{Kind: "always", Expected: c.Source, Place: c.Place, Seen: fmt.Sprintf("%s at %s", v.seen, schema.HumanDuration(at))}
	}
}

// ended is whether the rehearsal was judged.
func (w *watch) ended() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// end ends the looking, and judges what must always have held.
func (w *watch) end(r *Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	r.Memory = w.memory
	for i, c := range w.always {
		if w.broken[i].Kind != "" {
			r.Checks = append(r.Checks, w.broken[i])
			continue
		}
		r.Checks = append(r.Checks, Check{Kind: "always", Expected: c.Source, Seen: w.looked[i].seen, Held: w.looked[i].held, Place: c.Place})
	}
}
