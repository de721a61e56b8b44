package expression_test

import (
	"context"
	"testing"

	"runbook/engine/expression"
	"runbook/engine/schema"
)

var (
	containerType = schema.ObjectOf(
		schema.Field{Name: "name", Type: schema.StringType},
		schema.Field{Name: "running", Type: schema.BoolType},
		schema.Field{Name: "memory_limit_bytes", Type: schema.IntType},
		schema.Field{Name: "health", Type: schema.StringType.AsOptional()},
	)
	outputsType = schema.ObjectOf(
		schema.Field{Name: "status", Type: schema.IntType},
		schema.Field{Name: "latency_ms", Type: schema.NumberType},
		schema.Field{Name: "json", Type: schema.AnyType},
		schema.Field{Name: "body", Type: schema.StringType},
		schema.Field{Name: "containers", Type: schema.ListOf(containerType)},
		schema.Field{Name: "version", Type: schema.StringType.AsOptional()},
	)
	stateType = schema.EnumOf("passed", "warned", "failed", "refused", "cancelled", "skipped", "not_run", "undone", "undo_failed")
	topTypes  = map[string]*schema.Type{
		"inputs": schema.ObjectOf(
			schema.Field{Name: "container", Type: schema.StringType},
			schema.Field{Name: "window", Type: schema.DurationType},
			schema.Field{Name: "max", Type: schema.NumberType},
			schema.Field{Name: "count", Type: schema.IntType},
			schema.Field{Name: "limit", Type: schema.SizeType},
			schema.Field{Name: "lost_at", Type: schema.TimeType},
			schema.Field{Name: "force", Type: schema.BoolType},
			schema.Field{Name: "token", Type: schema.SecretType},
			schema.Field{Name: "mode", Type: schema.EnumOf("fast", "slow")},
			schema.Field{Name: "names", Type: schema.ListOf(schema.StringType)},
			schema.Field{Name: "numbers", Type: schema.ListOf(schema.NumberType)},
			schema.Field{Name: "labels", Type: schema.MapOf(schema.StringType)},
		),
		"outputs": outputsType,
		"item":    containerType,
		"run":     schema.ObjectOf(schema.Field{Name: "id", Type: schema.StringType}, schema.Field{Name: "started", Type: schema.TimeType}),
	}
)

func stepType(optional bool) *schema.Type {
	outputs := outputsType
	if optional {
		outputs = outputs.AsOptional()
	}
	return schema.ObjectOf(
		schema.Field{Name: "outputs", Type: outputs},
		schema.Field{Name: "state", Type: stateType},
		schema.Field{Name: "error", Type: schema.StringType},
		schema.Field{Name: "duration", Type: schema.DurationType},
		schema.Field{Name: "attempts", Type: schema.IntType},
	)
}

// testEnv has the steps sure, maybe (whose outputs are optional) and later
// (which is no ancestor).
func testEnv() *expression.Env {
	return &expression.Env{
		Name:  func(name string) *schema.Type { return topTypes[name] },
		Names: []string{"inputs", "outputs", "item", "run"},
		Step: func(id string) (*schema.Type, *expression.Problem) {
			switch id {
			case "sure", "maybe", "a":
				return stepType(id == "maybe"), nil
			case "later":
				return stepType(false), &expression.Problem{Code: expression.CodeNotAncestor, Message: "step later has not run yet", Hint: "add it to needs"}
			}
			return nil, &expression.Problem{Code: expression.CodeUnknownName, Message: "there is no step " + id}
		},
		PassedStep: func(string) *schema.Type { return stepType(false) },
	}
}

// values are the values of names and steps.
type values struct {
	names map[string]any
	steps map[string]any
}

func (v values) Name(name string) (any, bool) { x, ok := v.names[name]; return x, ok }
func (v values) Step(id string) (any, bool)   { x, ok := v.steps[id]; return x, ok }

func mustCompile(t testing.TB, source string, env *expression.Env, want *schema.Type) *expression.Expr {
	t.Helper()
	e, problems := expression.Compile(source, env, want)
	for _, p := range problems {
		if !p.Warning {
			t.Fatalf("compile %s: %+v", source, p)
		}
	}
	return e
}

func BenchmarkCompile(b *testing.B) {
	for name, source := range map[string]string{
		"constant": "1 == 1",
		"step":     "steps.a.outputs.status == 200",
		"closure":  "all(outputs.containers, .running and .memory_limit_bytes > 0)",
	} {
		b.Run(name, func(b *testing.B) {
			env := testEnv()
			b.ReportAllocs()
			for b.Loop() {
				if _, problems := expression.Compile(source, env, schema.BoolType); problems != nil {
					b.Fatal(problems)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	v := values{steps: map[string]any{"a": map[string]any{"outputs": map[string]any{"status": 200}}},
		names: map[string]any{"outputs": map[string]any{"containers": []any{
			map[string]any{"running": true, "memory_limit_bytes": 1}, map[string]any{"running": true, "memory_limit_bytes": 2},
		}}}}
	for name, source := range map[string]string{
		"constant": "1 == 1",
		"step":     "steps.a.outputs.status == 200",
		"closure":  "all(outputs.containers, .running and .memory_limit_bytes > 0)",
	} {
		b.Run(name, func(b *testing.B) {
			e := mustCompile(b, source, testEnv(), schema.BoolType)
			b.ReportAllocs()
			for b.Loop() {
				if got, err := e.Eval(context.Background(), v, expression.Limits{}); got != true || err != nil {
					b.Fatal(got, err)
				}
			}
		})
	}
}
