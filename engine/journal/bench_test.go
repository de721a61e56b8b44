package journal_test

import (
	"fmt"
	"testing"
	"time"

	"runbook/engine/event"
	"runbook/engine/journal"
)

func benchAppend(b *testing.B, ev event.Event) {
	w := create(b, openState(b), journal.Options{})
	b.ReportAllocs()
	for b.Loop() {
		ev := ev
		if err := w.Append(&ev); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for name, ev := range map[string]event.Event{
		"started":  {Time: noon, Type: event.TypeStepStarted, Path: "steps/3", Data: &event.StepStarted{Brief: "flow.assert a < 5", Action: "flow.assert"}},
		"result":   {Time: noon, Type: event.TypeResult, Path: "steps/3", Attempt: 1, Data: &event.Result{Outputs: []byte(`{"status":200,"latency_ms":12.5}`), Duration: time.Second}},
		"check":    {Time: noon, Type: event.TypeCheck, Path: "steps/3", Data: &event.Check{Kind: "verify", That: "outputs.status == 200", Verdict: event.Held, Seen: "200", Parts: []event.Part{{Source: "outputs.status", Value: "200", Evaluated: true}}}},
		"finished": {Time: noon, Type: event.TypeStepFinished, Path: "steps/3", Data: &event.StepFinished{State: event.Passed, Duration: time.Second}},
	} {
		b.Run(name, func(b *testing.B) { benchAppend(b, ev) })
	}
}

func BenchmarkAppendSynced(b *testing.B) {
	benchAppend(b, event.Event{Time: noon, Type: event.TypeIntent, Path: "recover/2", Data: &event.Intent{Action: "docker.restart"}})
}

func BenchmarkAppendSyncedParallel(b *testing.B) {
	for _, writers := range []int{16, 100} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			w := create(b, openState(b), journal.Options{})
			b.SetParallelism(writers / 2)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := w.Append(&event.Event{Time: noon, Type: event.TypeIntent, Data: &event.Intent{Action: "docker.restart"}}); err != nil {
						b.Error(err)
					}
				}
			})
			b.StopTimer()
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	s := openState(b)
	path := write(b, s, journal.Options{}, func(run string) []*event.Event {
		all := []*event.Event{header(run)}
		for range 10_000 {
			all = append(all, &event.Event{Type: event.TypeStepFinished, Path: "steps/3", Data: &event.StepFinished{State: event.Passed}})
		}
		return all
	})
	for b.Loop() {
		if l, err := journal.Read(path); err != nil || len(l.Events) != 10_001 {
			b.Fatal(err)
		}
	}
}
