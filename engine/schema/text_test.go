package schema_test

import (
	"math"
	"testing"
	"time"

	"runbook/engine/schema"
)

func TestTextOf(t *testing.T) {
	at := time.Date(2026, 11, 24, 3, 12, 7, 0, time.FixedZone("CET", 3600))
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "(none)"},
		{"a b", "a b"},
		{true, "true"},
		{42, "42"},
		{70.0, "70"},
		{0.1, "0.1"},
		{1e21, "1e+21"},
		{math.NaN(), "NaN"},
		{30 * time.Minute, "30m"},
		{90 * time.Minute, "1h30m"},
		{1500 * time.Millisecond, "1s500ms"},
		{time.Duration(0), "0s"},
		{schema.Size(2 << 30), "2GiB"},
		{schema.Size(1000), "1000B"},
		{at, "2026-11-24T02:12:07Z"},
		{schema.NewSecret("token", "hunter2"), "(secret token)"},
		{schema.Unknown{After: "a"}, "unknown, known after a"},
		{[]any{1, "<b>", 2 * time.Second}, `[1,"<b>","2s"]`},
		{map[string]any{"b": schema.Size(1024), "a": nil}, `{"a":null,"b":1024}`},
		{map[string]any{"s": schema.NewSecret("token", "hunter2")}, `{"s":"(secret token)"}`},
		{[]any{math.Inf(1)}, "(write JSON: json: unsupported value: +Inf)"},
	} {
		if got := schema.TextOf(c.value); got != c.want {
			t.Errorf("TextOf(%#v) = %q, want %q", c.value, got, c.want)
		}
	}
}
