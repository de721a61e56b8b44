package flow

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// fastClock jumps instead of sleeping.
type fastClock struct {
	action.Clock
	now *time.Time
}

func (c fastClock) Now() time.Time { return *c.now }

func (c fastClock) Sleep(ctx context.Context, d time.Duration) error {
	*c.now = c.now.Add(d)
	return ctx.Err()
}

func TestWaitUsesTheClockOfTheRun(t *testing.T) {
	start := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	now := start
	call := actiontest.Call(t)
	call.Clock = fastClock{action.SystemClock(), &now}
	var notes []string
	call.Progress = func(p action.Progress) { notes = append(notes, p.Note) }
	actiontest.Run(t, Wait, call, map[string]any{"for": 2500 * time.Millisecond})
	if now.Sub(start) != 2500*time.Millisecond || strings.Join(notes, ", ") != "2.5s left, 1.5s left, 500ms left" {
		t.Errorf("waited %s, notes %v", now.Sub(start), notes)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	call := actiontest.Call(t)
	_, err := actiontest.Bind(t, Wait, call, map[string]any{"for": time.Hour}).Run(ctx, call)
	f := action.AsFailure(err)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(f.What, "timeout") || !strings.Contains(f.Seen[0], "of 1h 00m were left") {
		t.Errorf("%+v", f)
	}
}

func TestAssert(t *testing.T) {
	call := actiontest.Call(t)
	for _, c := range []struct {
		holds   bool
		message any
		what    string
	}{
		{true, nil, ""},
		{false, nil, "does not hold: 1 > 2"},
		{false, "One is small", "One is small"},
	} {
		with := map[string]any{"that": schema.Condition{Source: "1 > 2", Holds: c.holds}}
		if c.message != nil {
			with["message"] = c.message
		}
		_, err := actiontest.Bind(t, Assert, call, with).Run(t.Context(), call)
		if (err == nil) != c.holds {
			t.Errorf("%+v: %v", c, err)
		}
		if err != nil && action.AsFailure(err).What != c.what {
			t.Errorf("%q, want %q", err, c.what)
		}
	}
}

func TestLogSetFail(t *testing.T) {
	var lines bytes.Buffer
	call := actiontest.Call(t)
	call.Log = slog.New(slog.NewTextHandler(&lines, nil))
	got := actiontest.Run(t, Log, call, map[string]any{"text": "hello", "level": "warn"})
	if got.Summary != "hello" || got.Outputs["level"] != "warn" || !strings.Contains(lines.String(), "level=WARN msg=hello") {
		t.Errorf("%+v, logged %q", got, lines.String())
	}
	set := actiontest.Run(t, Set, call, map[string]any{"a": 1, "b": []any{"x"}, "c": schema.Size(2)})
	if len(set.Outputs) != 3 || set.Outputs["a"] != 1 || set.Outputs["c"] != schema.Size(2) {
		t.Errorf("outputs %v", set.Outputs)
	}
	_, err := actiontest.Bind(t, Fail, call, map[string]any{"message": "no way on"}).Run(t.Context(), call)
	if f := action.AsFailure(err); err == nil || f.What != "no way on" || !f.Final {
		t.Errorf("%+v", err)
	}
}

func BenchmarkAssert(b *testing.B) {
	call := action.Call{Clock: action.SystemClock(), Progress: func(action.Progress) {}}
	for b.Loop() {
		bound, err := Assert.Decode(map[string]any{"that": schema.Condition{Source: "true", Holds: true}}, action.Target{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := bound.Run(b.Context(), call); err != nil {
			b.Fatal(err)
		}
	}
}
