package http

import (
	"context"
	nethttp "net/http"
	"net/http/httptest"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// slow is a clock that goes a thousandth as fast as the machine's.
type slow struct {
	action.Clock
	began time.Time
}

func slowClock() slow { return slow{action.SystemClock(), time.Now()} }

func (s slow) Now() time.Time { return s.began.Add(time.Since(s.began) / 1000) }

func (s slow) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return s.Clock.WithTimeout(ctx, d*1000)
}

// Latencies, and how long a request may take, are by the run's clock.
func TestTimeIsThatOfTheRun(t *testing.T) {
	server := httptest.NewServer(nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) { time.Sleep(20 * time.Millisecond) }))
	defer server.Close()
	call := callTo(t, server.URL)
	call.Clock = slowClock()
	if ms := actiontest.Run(t, Request, call, map[string]any{"path": "/"}).Outputs["latency_ms"].(float64); ms <= 0 || ms > 5 {
		t.Errorf("%v ms of a request", ms)
	}
	got := actiontest.Run(t, Sample, call, map[string]any{"path": "/", "n": 3, "request_timeout": time.Millisecond}).Outputs
	if ms := got["max_ms"].(float64); ms <= 0 || ms > 5 || got["failures"] != 0 {
		t.Errorf("sample %v", got)
	}
}
