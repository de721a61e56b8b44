package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/run"
	"runbook/engine/schema"
)

const benchSteps = 1000

type assertParams struct {
	That schema.Condition `yaml:"that" doc:"What must hold."`
}

func assertRegistry(b *testing.B) *action.Registry {
	b.Helper()
	r, err := action.NewRegistry([]*action.Action{action.New(action.Spec[assertParams, struct{}]{
		Name: "flow.assert", Summary: "Asserts.", Example: "action: flow.assert",
		Run: func(_ context.Context, _ action.Call, p assertParams) (struct{}, error) {
			if !p.That.Holds {
				return struct{}{}, errors.New("does not hold")
			}
			return struct{}{}, nil
		},
	})})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func assertSteps() string {
	return "inputs: {a: {type: int, default: 4}}\nsteps:\n" +
		strings.Repeat("  - {action: flow.assert, with: {that: inputs.a < 5}}\n", benchSteps)
}

// BenchmarkRun1000 is the engine's overhead: 1,000 steps without an effect,
// with a journal on disk.
func BenchmarkRun1000(b *testing.B) {
	p, list := plan.Compile(parse(b, "bench", assertSteps()), plan.Options{Registry: assertRegistry(b)})
	if p == nil {
		b.Fatal(list)
	}
	state, err := journal.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	o := run.Options{
		Plan: p, Inputs: map[string]any{"a": 4}, Clock: action.SystemClock(),
		Environment: &environment.Environment{Name: "bench", Policy: environment.DefaultPolicy()},
	}
	b.ReportAllocs()
	for b.Loop() {
		w, err := state.Create(journal.Options{})
		if err != nil {
			b.Fatal(err)
		}
		o.Journal = w
		o.Header = event.RunCreated{Schema: 1, Run: w.Run(), Playbook: "bench"}
		if fin, err := run.Run(b.Context(), o, nil); err != nil || fin.ExitCode != 0 {
			b.Fatalf("%+v", fin)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchSteps, "ns/step")
}

// BenchmarkCompile1000 compiles a parsed playbook of 1,000 steps.
func BenchmarkCompile1000(b *testing.B) {
	tree, registry := parse(b, "bench", assertSteps()), assertRegistry(b)
	b.ReportAllocs()
	for b.Loop() {
		if p, list := plan.Compile(tree, plan.Options{Registry: registry}); p == nil {
			b.Fatal(list)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchSteps, "ns/step")
}
