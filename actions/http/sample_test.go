package http

import (
	"context"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

func TestSampleCountsAndMeasures(t *testing.T) {
	var n, most, now atomic.Int64
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		time.Sleep(2 * time.Millisecond)
		if n.Add(1)%4 == 0 {
			w.WriteHeader(nethttp.StatusInternalServerError)
		}
	}))
	defer server.Close()
	call := callTo(t, server.URL)
	var last action.Progress
	call.Progress = func(p action.Progress) { last = p }
	got := actiontest.Run(t, Sample, call, map[string]any{"path": "/x", "n": 40, "concurrency": 4}).Outputs
	if got["count"] != 40 || got["failures"] != 10 || got["failure_rate_percent"] != 25.0 || n.Load() != 40 || last.Done != 40 {
		t.Errorf("outputs %v, %d requests, progress %+v", got, n.Load(), last)
	}
	if statuses := got["statuses"].(map[string]any); statuses["200"] != 30 || statuses["500"] != 10 {
		t.Errorf("statuses %v", statuses)
	}
	p50, p99, top := got["p50_ms"].(float64), got["p99_ms"].(float64), got["max_ms"].(float64)
	if p50 < 2 || p99 < p50 || top < p99 || most.Load() > 4 {
		t.Errorf("p50 %v, p99 %v, max %v, %d at once", p50, p99, top, most.Load())
	}
	got = actiontest.Run(t, Sample, call, map[string]any{"path": "/x", "n": 4, "expect": 404}).Outputs
	if got["failures"] != 4 {
		t.Errorf("outputs %v", got)
	}
}

func TestSampleWithoutAnyAnswerFails(t *testing.T) {
	call := callTo(t, "http://127.0.0.1:1")
	_, err := actiontest.Bind(t, Sample, call, map[string]any{"path": "/x", "n": 3}).Run(t.Context(), call)
	f := action.AsFailure(err)
	if f.What != "connection refused" || !strings.HasPrefix(f.Tried, "3 times, none answered") {
		t.Errorf("%+v", f)
	}
}

func TestSampleEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	release := make(chan struct{})
	server := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	clients := action.NewClients()
	call := callTo(t, server.URL)
	call.Clients = clients
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	_, err := actiontest.Bind(t, Sample, call, map[string]any{"path": "/x", "n": 100, "concurrency": 8}).Run(ctx, call)
	cancel()
	if f := action.AsFailure(err); f == nil || f.What != "not finished in time" {
		t.Errorf("%+v", err)
	}
	close(release)
	server.Close()
	if err := clients.Close(); err != nil {
		t.Error(err)
	}
}

func TestNearestRank(t *testing.T) {
	values := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for p, want := range map[float64]float64{1: 1, 10: 1, 50: 5, 51: 6, 95: 10, 99: 10, 100: 10} {
		if got := nearestRank(values, p); got != want {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
}
