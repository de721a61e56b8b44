package history

import (
	"runtime"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
)

// fold folds n steps in items of a loop over a block, one in ten of which changes
// something.
func fold(n int) *Run {
	r := &Run{}
	r.Apply(event.Event{Sequence: 1, Type: event.TypePlan, Data: &event.Plan{Steps: []event.Step{
		{Path: "each", Kind: event.KindBlock, Loop: true}, {Path: "look", Kind: event.KindAction, Parent: "each"}, {Path: "set", Kind: event.KindAction, Parent: "each"},
	}}})
	apply := func(path event.Path, t event.Type, data any) {
		r.Apply(event.Event{Sequence: r.Records + 1, Type: t, Path: path, Attempt: 1, Data: data})
	}
	apply("each", event.TypeStepStarted, &event.StepStarted{})
	for i := range n / 2 {
		item := event.Path("each").Item(i)
		apply(item, event.TypeStepStarted, &event.StepStarted{})
		for _, local := range []string{"look", "set"} {
			path := item.Part(local)
			apply(path, event.TypeStepStarted, &event.StepStarted{Action: "a", Brief: "a of something"})
			if local == "set" && i%5 == 0 {
				apply(path, event.TypeIntent, &event.Intent{Action: "a", Preview: action.Preview{Summary: "set something"}})
				apply(path, event.TypeOutcome, &event.Outcome{Applied: action.AppliedFully})
			}
			apply(path, event.TypeStepFinished, &event.StepFinished{State: event.Passed, Summary: "as it was"})
		}
		apply(item, event.TypeStepFinished, &event.StepFinished{State: event.Passed})
	}
	return r
}

func BenchmarkFold(b *testing.B) {
	const steps = 100_000
	for b.Loop() {
		if n := fold(steps).Counted(); n != steps/10 {
			b.Fatal(n)
		}
	}
}

// The memory of a fold grows with its steps alone: four times as many take no more
// than about four times the memory, and none of them keeps its details.
func TestMemoryOfAFoldIsLinear(t *testing.T) {
	small, large := kept(t, 5_000), kept(t, 20_000)
	if large > 5*small || large/20_000 > 1_500 {
		t.Errorf("5,000 steps keep %d bytes, 20,000 keep %d", small, large)
	}
}

func kept(t *testing.T, steps int) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := fold(steps)
	runtime.GC()
	runtime.ReadMemStats(&after)
	details := 0
	for s := range r.All {
		if s.Detail != nil {
			details++
		}
	}
	if most := 3*Kept + 3; details > most {
		t.Errorf("the details of %d steps are kept, more than %d", details, most)
	}
	runtime.KeepAlive(r)
	return after.HeapAlloc - before.HeapAlloc
}
