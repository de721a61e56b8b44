package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// newTestService returns a service and its API as a client sees it.
func newTestService(t *testing.T) (*service, *httptest.Server) {
	t.Helper()
	s := newService(slog.New(slog.DiscardHandler), 64<<20)
	server := httptest.NewServer(s.handler())
	t.Cleanup(func() {
		server.Close()
		s.leak.close()
	})
	return s, server
}

// ask sends a request and returns its status and its decoded JSON.
func ask(t *testing.T, server *httptest.Server, method, path string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(text, &body); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
	return response.StatusCode, body
}

func TestAPI(t *testing.T) {
	_, server := newTestService(t)
	for _, test := range []struct {
		method, path string
		status       int
		keys         []string
	}{
		{"GET", "/health", 200, []string{"status"}},
		{"GET", "/api/health", 200, []string{"status"}},
		{"GET", "/api/status", 200, []string{"status", "version", "started_at", "uptime_seconds"}},
		{"GET", "/api/tasks", 200, []string{"total_tasks", "tasks"}},
		{"GET", "/api/performance/cache", 200, []string{"hit_rate", "evictions", "size_bytes"}},
		{"GET", "/api/performance/queries", 200, []string{"slow_queries", "n_plus_one"}},
		{"GET", "/api/performance/pools", 200, []string{"wait_time_ms", "active", "max"}},
		{"POST", "/api/cache/clear", 200, []string{"cleared", "freed_bytes"}},
		{"POST", "/api/reset-task/t2", 200, []string{"id", "status"}},
		{"POST", "/api/reset-task/none", 404, []string{"error"}},
		{"GET", "/api/cache/clear", 405, nil},
		{"GET", "/nowhere", 404, nil},
		{"POST", "/lab/leak?where=disk&rate=1MiB", 400, []string{"error"}},
		{"POST", "/lab/leak?where=heap&rate=fast", 400, []string{"error"}},
	} {
		status, body := ask(t, server, test.method, test.path)
		if status != test.status {
			t.Errorf("%s %s: status %d, want %d", test.method, test.path, status, test.status)
		}
		for _, key := range test.keys {
			if _, found := body[key]; !found {
				t.Errorf("%s %s: no %q in %v", test.method, test.path, key, body)
			}
		}
	}
}

func TestRequestsAreCounted(t *testing.T) {
	_, server := newTestService(t)
	ask(t, server, "GET", "/health")
	ask(t, server, "GET", "/health")
	ask(t, server, "POST", "/api/cache/clear")
	ask(t, server, "GET", "/lab/requests")

	_, counts := ask(t, server, "GET", "/lab/requests")
	if len(counts) != 2 || counts["GET /health"] != 2.0 || counts["POST /api/cache/clear"] != 1.0 {
		t.Errorf("counts are %v", counts)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	counted := newRequests()
	for i := range maxRequestKeys + 5 {
		counted.add("GET", "/"+strings.Repeat("x", i))
	}
	counts := counted.read()
	if counts["other"] != 5 || len(counts) != maxRequestKeys+1 {
		t.Errorf("%d keys, %d other", len(counts), counts["other"])
	}
}

func TestMetrics(t *testing.T) {
	s, server := newTestService(t)
	ask(t, server, "GET", "/health")
	page := s.metrics()
	for _, want := range []string{
		"mltb_cache_hit_rate 0.9\n", "mltb_cache_evictions_total 0\n", "mltb_cache_size_bytes 0\n",
		"mltb_connection_pool_active ", "mltb_connection_pool_max 10\n", "mltb_connection_pool_avg_wait_ms ",
		"mltb_rate_limiter_blocked_requests 0\n", "mltb_rate_limiter_allowed_requests 1\n",
		"# TYPE mltb_query_duration_seconds histogram\n", "mltb_query_duration_seconds_bucket{le=\"+Inf\"} 1\n",
		"mltb_query_duration_seconds_count 1\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%s", want, page)
		}
	}
}
