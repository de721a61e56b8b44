package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// metricsHandler serves /metrics in the text format of Prometheus.
func (s *service) metricsHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		fmt.Fprint(w, s.metrics())
	})
	return mux
}

// metrics writes the figures of the service, and those of its container where
// the system tells them.
func (s *service) metrics() string {
	var page metricsPage
	page.figure("mltb_cache_hit_rate", "gauge", "Share of look-ups answered from the cache.", s.cache.hitRate())
	page.figure("mltb_cache_evictions_total", "counter", "Keys that made room for others.", 0)
	page.figure("mltb_cache_size_bytes", "gauge", "Memory of the cache.", float64(s.leak.cache.size()))
	page.figure("mltb_connection_pool_active", "gauge", "Connections in use.", float64(s.pool.active()))
	page.figure("mltb_connection_pool_max", "gauge", "Connections that may be in use.", poolSize)
	page.figure("mltb_connection_pool_avg_wait_ms", "gauge", "Mean wait for a connection, in milliseconds.", s.pool.averageWaitMs())
	page.figure("mltb_rate_limiter_blocked_requests", "counter", "Requests that were refused.", 0)
	page.figure("mltb_rate_limiter_allowed_requests", "counter", "Requests that were let through.", float64(s.pool.uses.Load()))
	page.histogram("mltb_query_duration_seconds", "Time that requests took.", s.queries.read())
	if used, ok := readFirstNumber(memoryUsageFiles[:]); ok {
		page.figure("container_memory_usage_bytes", "gauge", "Memory of the container.", used)
	}
	if limit, ok := readFirstNumber(memoryLimitFiles[:]); ok {
		page.figure("container_spec_memory_limit_bytes", "gauge", "Limit of the container's memory.", limit)
	}
	return page.String()
}

// The files in which Linux tells a container its memory: control groups of
// version 2, then 1.
var (
	memoryUsageFiles = [...]string{"/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes"}
	memoryLimitFiles = [...]string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}
)

// readFirstNumber returns the number in the first of the files that holds one.
func readFirstNumber(files []string) (float64, bool) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if number, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64); err == nil {
			return number, true
		}
	}
	return 0, false
}

// metricsPage collects metrics in the text format.
type metricsPage struct{ strings.Builder }

func (p *metricsPage) head(name, kind, help string) {
	fmt.Fprintf(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (p *metricsPage) figure(name, kind, help string, value float64) {
	p.head(name, kind, help)
	fmt.Fprintf(p, "%s %s\n", name, printNumber(value))
}

func (p *metricsPage) histogram(name, help string, stats queryStats) {
	p.head(name, "histogram", help)
	for i, bound := range queryBuckets {
		fmt.Fprintf(p, "%s_bucket{le=%q} %d\n", name, printNumber(bound), stats.buckets[i])
	}
	fmt.Fprintf(p, "%s_bucket{le=\"+Inf\"} %d\n", name, stats.count)
	fmt.Fprintf(p, "%s_sum %s\n%s_count %d\n", name, printNumber(stats.seconds), name, stats.count)
}

func printNumber(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }
