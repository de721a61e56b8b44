package action_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type sampleParams struct {
	Container string            `yaml:"container" doc:"Container to sample."`
	For       time.Duration     `yaml:"for" doc:"How long." default:"60s" min:"1s" max:"1h"`
	Method    string            `yaml:"method" doc:"Method." default:"GET" enum:"GET,POST"`
	Headers   map[string]string `yaml:"headers,omitempty" doc:"Headers." secret:"accept"`
}

type sampleOutputs struct {
	UsedBytes schema.Size `yaml:"used_bytes" doc:"Used memory."`
	Percent   *float64    `yaml:"percent" doc:"Of the limit."`
}

func (o sampleOutputs) Summary() string { return "used" }

func (o sampleOutputs) Nothing() bool { return o.UsedBytes == 0 }

func sample(change func(*action.Spec[sampleParams, sampleOutputs])) *action.Action {
	spec := action.Spec[sampleParams, sampleOutputs]{
		Name: "docker.sample_stats", Summary: "Samples.", Example: "action: docker.sample_stats",
		Effect:   action.Write,
		EffectBy: []string{"method"},
		EffectOf: func(p sampleParams) action.Effect {
			if p.Method == http.MethodGet {
				return action.Read
			}
			return action.Destructive
		},
		Run: func(context.Context, action.Call, sampleParams) (sampleOutputs, error) {
			return sampleOutputs{UsedBytes: 5}, nil
		},
		Preview: func(context.Context, action.Call, sampleParams) (action.Preview, error) {
			return action.Preview{Summary: strings.Repeat("é", 3000)}, nil
		},
	}
	if change != nil {
		change(&spec)
	}
	return action.New(spec)
}

func TestDecode(t *testing.T) {
	unknown := schema.Unknown{After: "look"}
	for name, test := range map[string]struct {
		values  map[string]any
		effect  action.Effect
		brief   string
		unknown string
		err     string
	}{
		"defaults":      {values: map[string]any{"container": "app"}, effect: action.Read, brief: "container=app"},
		"never raised":  {values: map[string]any{"container": "app", "method": "POST"}, effect: action.Write, brief: "container=app  method=POST"},
		"unknown other": {values: map[string]any{"container": unknown}, effect: action.Read, brief: "container=(unknown, known after look)", unknown: "container"},
		"unknown key":   {values: map[string]any{"container": "app", "method": unknown}, effect: action.Write, brief: "container=app  method=(unknown, known after look)", unknown: "method"},
		"text duration": {values: map[string]any{"container": "app", "for": "90s"}, effect: action.Read, brief: "container=app  for=1m30s"},
		"missing":       {err: "with.container: it is missing; takes string"},
		"bounds":        {values: map[string]any{"container": "app", "for": 2 * time.Hour}, err: "with.for: 2h is too large; takes duration from 1s to 1h, default 1m"},
		"name":          {values: map[string]any{"container": "app", "fro": 1}, err: "with.fro: there is no such name, did you mean for; takes container, for, method, headers"},
		"all of them":   {values: map[string]any{"container": 1, "for": 60}, err: "with.container: 1 is no text, quote it to mean the digits; takes string\nwith.for: 60 is no duration, it has no unit; takes duration from 1s to 1h, default 1m"},
		"deep":          {values: map[string]any{"container": "app", "headers": map[string]any{"x": true}}, err: "with.headers.x: true is no text; takes string"},
	} {
		t.Run(name, func(t *testing.T) {
			bound, err := sample(nil).Decode(test.values, action.Target{})
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Fatalf("error %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if bound.Effect != test.effect || bound.Brief != test.brief || strings.Join(bound.Unknowns, " ") != test.unknown {
				t.Errorf("effect %s, brief %q, unknown %q", bound.Effect, bound.Brief, bound.Unknowns)
			}
			if bound.Params["method"] == nil || bound.Params["for"] == nil {
				t.Errorf("no defaults in %v", bound.Params)
			}
		})
	}
}

func TestAChangeThatFoundNothingToDoSaysSo(t *testing.T) {
	bound, err := sample(func(s *action.Spec[sampleParams, sampleOutputs]) {
		s.Run = func(context.Context, action.Call, sampleParams) (sampleOutputs, error) { return sampleOutputs{}, nil }
	}).Decode(map[string]any{"container": "app"}, action.Target{})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := bound.Run(t.Context(), action.Call{}); err != nil || result.Summary != "used: nothing changed" {
		t.Errorf("%q, %v", result.Summary, err)
	}
}

func TestRunGivesOutputs(t *testing.T) {
	bound, err := sample(nil).Decode(map[string]any{"container": "app"}, action.Target{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := bound.Run(t.Context(), action.Call{})
	want := map[string]any{"used_bytes": schema.Size(5), "percent": nil}
	if err != nil || !schema.Same(result.Outputs, want) || result.Summary != "used" {
		t.Errorf("%v, %v", result, err)
	}
	preview, err := bound.Preview(t.Context(), action.Call{})
	if err != nil || len(preview.Summary) > 2100 || !strings.HasSuffix(preview.Summary, "(6000 bytes)") {
		t.Errorf("preview of %d bytes, %v", len(preview.Summary), err)
	}
	if bound.Settle != nil {
		t.Error("a Settle that was not declared")
	}
}

func TestPanicIsAFailure(t *testing.T) {
	a := sample(func(s *action.Spec[sampleParams, sampleOutputs]) {
		s.Run = func(context.Context, action.Call, sampleParams) (sampleOutputs, error) { panic("secret of\nthe stack") }
	})
	bound, err := a.Decode(map[string]any{"container": "app"}, action.Target{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = bound.Run(t.Context(), action.Call{Log: slog.New(slog.DiscardHandler)})
	var f *action.Failure
	if !errors.As(err, &f) || f.Applied != action.AppliedLost || strings.Contains(strings.Join(f.Seen, ""), "stack") {
		t.Errorf("%#v", err)
	}
}

func TestNewRefusesIncompleteSpecs(t *testing.T) {
	type spec = action.Spec[sampleParams, sampleOutputs]
	for want, change := range map[string]func(*spec){
		"family.verb_object":      func(s *spec) { s.Name = "Sample" },
		"no Summary":              func(s *spec) { s.Summary = "" },
		"no Example":              func(s *spec) { s.Example = "" },
		"no Run":                  func(s *spec) { s.Run = nil },
		"no Preview":              func(s *spec) { s.Preview = nil },
		"which nothing lowers":    func(s *spec) { s.Effect = action.Read },
		"only its target can say": func(s *spec) { s.Child, s.Effect, s.EffectOf = true, action.Read, nil },
		"which is no parameter":   func(s *spec) { s.EffectBy = []string{"nothing"} },
		"both EffectOf": func(s *spec) {
			s.EffectAt = func(action.Target, sampleParams) action.Effect { return action.Read }
		},
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(r.(string), want) {
					t.Errorf("panic %v", r)
				}
			}()
			sample(change)
		})
	}
}

func TestRegistry(t *testing.T) {
	a := sample(nil)
	b := sample(func(s *action.Spec[sampleParams, sampleOutputs]) { s.Name = "app.look" })
	r, err := action.NewRegistry([]*action.Action{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.Names(), " ") + "; " + strings.Join(r.Families(), " "); got != "app.look docker.sample_stats; app docker" {
		t.Error(got)
	}
	if found, ok := r.Lookup("app.look"); !ok || found != b {
		t.Error("not found")
	}
	if _, err := action.NewRegistry([]*action.Action{a, a}); err == nil {
		t.Error("a name twice was taken")
	}
}

func TestSystemClockSleepEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := action.SystemClock().Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type oneParam struct {
	That schema.Condition `yaml:"that" doc:"What must hold."`
}

func BenchmarkDecode(b *testing.B) {
	a := action.New(action.Spec[oneParam, struct{}]{
		Name: "flow.assert", Summary: "s", Example: "e",
		Run: func(context.Context, action.Call, oneParam) (struct{}, error) { return struct{}{}, nil },
	})
	values := map[string]any{"that": schema.Condition{Source: "a > b", Holds: true}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Decode(values, action.Target{}); err != nil {
			b.Fatal(err)
		}
	}
}
