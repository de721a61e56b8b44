package http

import (
	"net"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/realtest"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	labservice "runbook/lab/service"
)

func TestContractReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	app := realtest.Docker(t).App(t, realtest.AppOptions{})
	contract(t, callTo(t, app.BaseURL), callTo(t, strings.TrimSuffix(app.MetricsURL, "/metrics")))
}

func TestContractInTheLab(t *testing.T) {
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	m := model.New(1, c.Now)
	serve := func(name string, face func(*model.Model, *gate.Gate, string) (net.Addr, error)) action.Call {
		g := gate.New(name, c, &gate.Log{})
		at, err := face(m, g, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Close)
		call := callTo(t, "http://"+at.String())
		call.Clock = c
		return call
	}
	t.Cleanup(c.Close)
	c.Advance(2 * time.Minute)
	contract(t, serve("http", labservice.ServeApp), serve("metrics", labservice.ServeMetrics))
}

// contract holds an app to what the playbooks rely on.
func contract(t *testing.T, app, metrics action.Call) {
	ask := func(method, path string) (status int, body map[string]any) {
		t.Helper()
		got := actiontest.Run(t, Request, app, map[string]any{"method": method, "path": path, "accept": []any{404}}).Outputs
		body, _ = got["json"].(map[string]any)
		if headers := got["headers"].(map[string]any); headers["content-type"] != "application/json" || body == nil || got["latency_ms"].(float64) <= 0 {
			t.Fatalf("%s %s: %v", method, path, got)
		}
		return got["status"].(int), body
	}
	fields := func(path string, names ...string) map[string]any {
		t.Helper()
		status, body := ask("GET", path)
		for _, name := range names {
			if body[name] == nil || status != 200 {
				t.Errorf("GET %s: %d, no %s in %v", path, status, name, body)
			}
		}
		return body
	}
	for _, path := range []string{"/health", "/api/health"} {
		if body := fields(path, "status"); body["status"] != "healthy" {
			t.Errorf("%s: %v", path, body)
		}
	}
	if body := fields("/api/status", "status", "version", "started_at", "uptime_seconds"); body["status"] != "running" {
		t.Errorf("status %v", body)
	}
	fields("/api/performance/queries", "queries", "slow_queries", "n_plus_one")
	fields("/api/performance/pools", "active", "max", "wait_time_ms")
	fields("/api/performance/cache", "hit_rate", "evictions", "size_bytes")
	contractTasks(t, ask, fields("/api/tasks", "total_tasks", "tasks"))
	if status, body := ask("POST", "/api/cache/clear"); status != 200 || body["cleared"] != true || body["freed_bytes"] == nil {
		t.Errorf("clear: %d %v", status, body)
	}
	contractMetrics(t, metrics)
	sampled := actiontest.Run(t, Sample, app, map[string]any{"path": "/health", "n": 5}).Outputs
	if sampled["failures"] != 0 || sampled["max_ms"].(float64) <= 0 {
		t.Errorf("sample %v", sampled)
	}
}

func contractTasks(t *testing.T, ask func(method, path string) (int, map[string]any), body map[string]any) {
	tasks, _ := body["tasks"].([]any)
	if len(tasks) == 0 || body["total_tasks"] != len(tasks) {
		t.Fatalf("tasks %v", body)
	}
	first := tasks[0].(map[string]any)
	id, _ := first["id"].(string)
	if id == "" || first["status"] == nil {
		t.Fatalf("task %v", first)
	}
	if status, body := ask("POST", "/api/reset-task/"+id); status != 200 || body["id"] != id || body["status"] != "queued" {
		t.Errorf("reset: %d %v", status, body)
	}
	if status, body := ask("POST", "/api/reset-task/none"); status != 404 || body["error"] == nil {
		t.Errorf("reset none: %d %v", status, body)
	}
}

func contractMetrics(t *testing.T, metrics action.Call) {
	page := actiontest.Run(t, Request, metrics, map[string]any{"path": "/metrics"}).Outputs
	text, _ := page["body"].(string)
	for _, name := range []string{
		"mltb_cache_hit_rate", "mltb_cache_evictions_total", "mltb_cache_size_bytes", "mltb_connection_pool_active", "mltb_connection_pool_max",
		"mltb_connection_pool_avg_wait_ms", "mltb_rate_limiter_blocked_requests", "mltb_rate_limiter_allowed_requests", "mltb_query_duration_seconds_count",
		`mltb_query_duration_seconds_bucket{le="+Inf"}`,
	} {
		if !strings.Contains(text, "\n"+name+" ") {
			t.Errorf("/metrics has no %s", name)
		}
	}
	if page["headers"].(map[string]any)["content-type"] != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("/metrics: %v", page["headers"])
	}
}
