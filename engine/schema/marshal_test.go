package schema_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"runbook/engine/schema"
)

func anyScalar() *rapid.Generator[any] {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "30s", "$size", "2026-01-01T00:00:00Z", "\xff\xfe", "<&>\u2028"}))
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Bool().AsAny(), rapid.Int().AsAny(), text.AsAny(),
		rapid.SampledFrom([]any{math.MinInt64, math.MaxInt64, math.Inf(1), math.Inf(-1), 1e300, -0.5, 3.0}),
		rapid.Float64().AsAny(),
		rapid.Custom(func(t *rapid.T) any { return time.Duration(rapid.Int64().Draw(t, "ns")) }),
		rapid.Custom(func(t *rapid.T) any { return schema.Size(rapid.Int64().Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) any { return drawTime(t) }),
		rapid.Custom(func(t *rapid.T) any { return schema.NewSecret(rapid.String().Draw(t, "name"), "") }),
		rapid.Custom(func(t *rapid.T) any {
			return schema.Condition{Source: rapid.String().Draw(t, "source"), Holds: rapid.Bool().Draw(t, "holds")}
		}),
	)
}

func drawTime(t *rapid.T) time.Time {
	seconds := rapid.Int64Range(-62135596800+86400, 253402300799-86400).Draw(t, "seconds")
	at := time.Unix(seconds, rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
	if minutes := rapid.IntRange(-14*60, 14*60).Draw(t, "zone"); minutes != 0 {
		at = at.In(time.FixedZone("", minutes*60))
	}
	return at
}

func anyValue(depth int) *rapid.Generator[any] {
	if depth == 0 {
		return anyScalar()
	}
	inner := anyValue(depth - 1)
	key := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"$secret", "$pairs", "\xff", "a"}))
	return rapid.OneOf(anyScalar(),
		rapid.SliceOfN(inner, 0, 4).AsAny(),
		rapid.MapOfN(key, inner, 0, 4).AsAny(),
		rapid.Custom(func(t *rapid.T) any { return schema.Unknown{After: "look", Why: "offline", Now: inner.Draw(t, "now")} }),
	)
}

func anyType(depth int) *rapid.Generator[*schema.Type] {
	leaf := rapid.SampledFrom([]*schema.Type{
		schema.AnyType, schema.BoolType, schema.IntType, schema.NumberType, schema.StringType, schema.DurationType,
		schema.SizeType, schema.TimeType, schema.SecretType, schema.ConditionType,
	})
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(anyType(depth-1), schema.ListOf), rapid.Map(anyType(depth-1), schema.MapOf),
		rapid.Map(anyType(depth-1), func(t *schema.Type) *schema.Type {
			return schema.ObjectOf(schema.Field{Name: "a", Type: t}, schema.Field{Name: "$b", Type: t})
		}),
	)
}

// identical is equality that also tells int from float, and compares unknowns.
func identical(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Float64bits(x) == math.Float64bits(y)
	case time.Time:
		y, ok := b.(time.Time)
		_, zoneX := x.Zone()
		_, zoneY := y.Zone()
		return ok && x.Equal(y) && zoneX == zoneY
	case schema.Unknown:
		y, ok := b.(schema.Unknown)
		return ok && x.After == y.After && x.Why == y.Why && identical(x.Now, y.Now)
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !identical(x[i], y[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k := range x {
			if other, there := y[k]; !there || !identical(x[k], other) {
				return false
			}
		}
		return true
	}
	return a == b
}

func TestJournalledValuesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ, v := anyType(2).Draw(t, "type"), anyValue(3).Draw(t, "value")
		encoded, err := schema.MarshalValue(typ, v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := schema.UnmarshalValue(typ, encoded)
		if err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if !identical(v, back) {
			t.Fatalf("%#v became %#v by %s", v, back, encoded)
		}
	})
}

func TestMarshalValue(t *testing.T) {
	at := time.Date(2026, 11, 24, 3, 12, 7, 5, time.UTC)
	for want, test := range map[string]struct {
		t *schema.Type
		v any
	}{
		`"1h30m"`:                          {schema.DurationType, 90 * time.Minute},
		`{"$duration":"250ms"}`:            {schema.AnyType, 250 * time.Millisecond},
		`2147483648`:                       {schema.SizeType, schema.Size(2 << 30)},
		`"2026-11-24T03:12:07.000000005Z"`: {schema.TimeType, at},
		`{"$secret":"token"}`:              {schema.AnyType, schema.NewSecret("token", "hush")},
		`9223372036854775807`:              {schema.IntType, math.MaxInt64},
		`3.0`:                              {schema.AnyType, 3.0},
		`{"$number":"NaN"}`:                {schema.NumberType, math.NaN()},
		`{"a":[1,2.0],"b":null}`:           {schema.AnyType, map[string]any{"b": nil, "a": []any{1, 2.0}}},
	} {
		got, err := schema.MarshalValue(test.t, test.v)
		if err != nil || string(got) != want {
			t.Errorf("%s, want %s (%v)", got, want, err)
		}
	}
	if _, err := schema.MarshalValue(schema.AnyType, []string{"a"}); err == nil {
		t.Error("a []string was taken")
	}
}

func TestUnmarshalValueRefusesDamage(t *testing.T) {
	for _, text := range []string{"", "{", "[1", `{"a"}`, `{"a":1,}x`, "tru", "1 2", `"a`, `{"$size":"x"}`, `{"$nothing":1}`,
		`{"$pairs":[1]}`, "-", "01x", strings.Repeat("[", 5000)} {
		if v, err := schema.UnmarshalValue(schema.AnyType, []byte(text)); err == nil {
			t.Errorf("%q became %v", text, v)
		}
	}
	v, err := schema.UnmarshalValue(schema.NumberType, []byte(`{"$number":"NaN"}`))
	if f, ok := v.(float64); err != nil || !ok || !math.IsNaN(f) {
		t.Error(v, err)
	}
}

func FuzzUnmarshalValue(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x",{"$size":5}],"$pairs":[["a",1]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := schema.UnmarshalValue(schema.AnyType, data)
		if err != nil {
			return
		}
		if _, err := schema.MarshalValue(schema.AnyType, v); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkMarshalValue(b *testing.B) {
	t := schema.ObjectOf(schema.Field{Name: "status", Type: schema.IntType}, schema.Field{Name: "latency", Type: schema.DurationType},
		schema.Field{Name: "body", Type: schema.StringType})
	v := map[string]any{"status": 200, "latency": 84 * time.Millisecond, "body": "ok, all is well"}
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer, _ = schema.AppendValue(buffer[:0], t, v)
	}
}

func BenchmarkUnmarshalValue(b *testing.B) {
	t := schema.ObjectOf(schema.Field{Name: "status", Type: schema.IntType}, schema.Field{Name: "latency", Type: schema.DurationType})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schema.UnmarshalValue(t, []byte(`{"body":"ok","latency":"84ms","status":200}`)); err != nil {
			b.Fatal(err)
		}
	}
}
