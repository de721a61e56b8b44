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
	mu      sync.Mutex
	over    bool
	memory  Gauge
	always  []*Condition
	broken  []Check
	looked  []verdict
	seconds int
}

// follow begins to look.
func (w *watch) follow(ctx context.Context, r *Result, s *scene, inputs map[string]any) {
	w.always, w.memory = r.Rehearsal.Always, Gauge{From: s.at(), Every: 5 * time.Second}
	w.looked, w.broken = make([]verdict, len(w.always)), make([]Check, len(w.always))
	w.memory.Percent = append(w.memory.Percent, s.lab.State().App.MemoryPercent)
	s.lab.EachSecond(func(state model.State) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.over {
			return
		}
		if w.seconds++; w.seconds%5 == 0 {
			w.memory.Percent = append(w.memory.Percent, state.App.MemoryPercent)
		}
		v := &values{lab: state, folder: s.folder, inputs: inputs}
		for i, c := range w.always {
			w.look(i, c, c.judge(ctx, v), s.at())
		}
	})
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
		r.Checks = append(r.Checks, Check{Kind: "always", Expected: c.Source, Seen: w.looked[i].seen, Held: w.seconds == 0 || w.looked[i].held, Place: c.Place})
	}
}
