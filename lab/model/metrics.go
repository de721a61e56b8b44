package model

import (
	"strconv"
	"time"
)

// Metric is a sample of what Prometheus scrapes.
type Metric struct {
	Name   string
	Job    string // that exposes it: app, cadvisor, node, redis, mongodb
	Labels [][2]string
	Value  float64
}

// Family describes the metrics of a name.
type Family struct{ Name, Kind, Help string }

// Families are all metrics of the lab, in the order of [World.Metrics].
func Families() []Family {
	return []Family{
		{"mltb_cache_hit_rate", "gauge", "Share of look-ups answered from the cache."},
		{"mltb_cache_evictions_total", "counter", "Keys that made room for others."},
		{"mltb_cache_size_bytes", "gauge", "Memory of the cache."},
		{"mltb_connection_pool_active", "gauge", "Connections in use."},
		{"mltb_connection_pool_max", "gauge", "Connections that may be in use."},
		{"mltb_connection_pool_avg_wait_ms", "gauge", "Mean wait for a connection, in milliseconds."},
		{"mltb_rate_limiter_blocked_requests", "counter", "Requests that were refused."},
		{"mltb_rate_limiter_allowed_requests", "counter", "Requests that were let through."},
		{"mltb_http_requests_total", "counter", "Requests by the class of their status."},
		{"mltb_http_request_latency_ms", "gauge", "Mean time of a request, in milliseconds."},
		{"mltb_tasks", "gauge", "Tasks by status."},
		{"mltb_tasks_stuck", "gauge", "Tasks in processing for over 30 minutes without progress."},
		{"mltb_workers", "gauge", "Workers that run."},
		{"mltb_query_duration_seconds", "histogram", "Time that queries took."},
		{"redis_up", "gauge", "Whether Redis answers."},
		{"redis_memory_used_bytes", "gauge", "Memory of Redis."},
		{"redis_memory_max_bytes", "gauge", "The limit of it."},
		{"redis_evicted_keys_total", "counter", "Keys evicted."},
		{"mongodb_up", "gauge", "Whether MongoDB answers."},
		{"container_memory_usage_bytes", "gauge", "Memory of a container."},
		{"container_spec_memory_limit_bytes", "gauge", "The limit of it."},
		{"container_cpu_usage_seconds_total", "counter", "Processor time that a container used."},
		{"container_cpu_cfs_throttled_periods_total", "counter", "Periods in which it was throttled."},
		{"container_start_time_seconds", "gauge", "When it was started."},
		{"node_filesystem_size_bytes", "gauge", "Size of the file system."},
		{"node_filesystem_avail_bytes", "gauge", "Bytes free for users."},
		{"node_filesystem_free_bytes", "gauge", "Bytes free for root."},
		{"node_cpu_seconds_total", "counter", "Time of a processor, by what it did."},
		{"node_load1", "gauge", "Load average of one minute."},
		{"node_memory_SwapTotal_bytes", "gauge", "Swap space of the host."},
		{"node_memory_SwapFree_bytes", "gauge", "Swap space that is free."},
		{"node_memory_MemTotal_bytes", "gauge", "Memory of the host."},
		{"node_memory_MemAvailable_bytes", "gauge", "Memory that is available."},
	}
}

// Metrics are all samples of this moment, without `up`, in a fixed order.
func (w *World) Metrics() []Metric {
	var all []Metric
	add := func(job, name string, value float64, labels ...string) {
		m := Metric{Name: name, Job: job, Value: value}
		for i := 0; i+1 < len(labels); i += 2 {
			m.Labels = append(m.Labels, [2]string{labels[i], labels[i+1]})
		}
		all = append(all, m)
	}
	if w.App.Up {
		w.appMetrics(add)
	}
	add("redis", "redis_up", truth(w.Redis.Up))
	if w.Redis.Up {
		add("redis", "redis_memory_used_bytes", w.Redis.UsedBytes)
		add("redis", "redis_memory_max_bytes", w.Redis.MaxBytes)
		add("redis", "redis_evicted_keys_total", w.Redis.Evicted)
	}
	add("mongodb", "mongodb_up", truth(w.Mongo.Up))
	for _, c := range w.Containers {
		if !c.Running() {
			continue
		}
		labels := []string{"name", c.Name, "container_label_com_docker_compose_service", c.Service}
		add("cadvisor", "container_memory_usage_bytes", c.Memory, labels...)
		add("cadvisor", "container_spec_memory_limit_bytes", float64(c.MemoryLimit), labels...)
		add("cadvisor", "container_cpu_usage_seconds_total", c.CPUTime.Seconds(), labels...)
		add("cadvisor", "container_cpu_cfs_throttled_periods_total", c.throttledPeriods, labels...)
		add("cadvisor", "container_start_time_seconds", float64(c.Started.UnixMilli())/1000, labels...)
	}
	add("node", "node_filesystem_size_bytes", w.Disk.TotalBytes, "mountpoint", "/", "fstype", "ext4")
	add("node", "node_filesystem_avail_bytes", w.Disk.TotalBytes-w.Disk.UsedBytes, "mountpoint", "/", "fstype", "ext4")
	add("node", "node_filesystem_free_bytes", w.Disk.TotalBytes-w.Disk.UsedBytes, "mountpoint", "/", "fstype", "ext4")
	busy, load := w.hostTime.Seconds()/HostProcessors, 0.0
	for _, c := range w.Containers {
		load += c.CPU
	}
	for n := range HostProcessors {
		cpu := strconv.Itoa(n)
		add("node", "node_cpu_seconds_total", w.Now.Sub(w.began).Seconds()-busy, "cpu", cpu, "mode", "idle")
		add("node", "node_cpu_seconds_total", busy, "cpu", cpu, "mode", "user")
	}
	add("node", "node_load1", load)
	add("node", "node_memory_SwapTotal_bytes", 2*GiB)
	add("node", "node_memory_SwapFree_bytes", 2*GiB)
	add("node", "node_memory_MemTotal_bytes", hostMemory)
	add("node", "node_memory_MemAvailable_bytes", hostMemory-w.usedMemory())
	return all
}

// hostMemory is the memory of the host, in bytes.
const hostMemory = 16 * GiB

// HostProcessors is how many processors the host has.
const HostProcessors = 8

// HostMemory is the memory of the host, in bytes.
func HostMemory() int64 { return hostMemory }

func (w *World) usedMemory() float64 {
	sum := 1.2 * GiB
	for _, c := range w.Containers {
		sum += c.Memory
	}
	return sum
}

func (w *World) appMetrics(add func(job, name string, value float64, labels ...string)) {
	const job = "app"
	t := &w.Traffic
	add(job, "mltb_cache_hit_rate", w.HitRate())
	add(job, "mltb_cache_evictions_total", w.App.Cache.Evicted+w.Redis.Evicted)
	add(job, "mltb_cache_size_bytes", w.App.Cache.SizeBytes)
	add(job, "mltb_connection_pool_active", w.App.Pool.Active)
	add(job, "mltb_connection_pool_max", w.App.Pool.Max)
	add(job, "mltb_connection_pool_avg_wait_ms", w.App.Pool.WaitMS)
	add(job, "mltb_rate_limiter_blocked_requests", t.Blocked)
	add(job, "mltb_rate_limiter_allowed_requests", t.Allowed)
	add(job, "mltb_http_requests_total", t.Served, "status", "2xx")
	add(job, "mltb_http_requests_total", t.Failed, "status", "5xx")
	add(job, "mltb_http_request_latency_ms", t.LatencyMS)
	add(job, "mltb_tasks", float64(w.Downloads.Queued), "status", "queued")
	add(job, "mltb_tasks", float64(w.Downloads.Processing), "status", "processing")
	add(job, "mltb_tasks_stuck", float64(w.Stuck()))
	add(job, "mltb_workers", float64(w.Downloads.Workers))
	sum := 0.0
	for i, n := range t.QueryTime {
		bound := "+Inf"
		if i < len(QueryBounds) {
			bound = strconv.FormatFloat(QueryBounds[i], 'g', -1, 64)
		}
		sum += n
		add(job, "mltb_query_duration_seconds_bucket", sum, "le", bound)
	}
	add(job, "mltb_query_duration_seconds_sum", t.QuerySum)
	add(job, "mltb_query_duration_seconds_count", sum)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Scraped are the jobs that Prometheus scrapes: whether each answers, and since
// when the lab has run.
func (w *World) Scraped() []Target {
	node := Target{Job: "node", Instance: "host:9100", Up: true}
	cadvisor := Target{Job: "cadvisor", Instance: "cadvisor:8080", Up: true}
	return []Target{
		{Job: "app", Instance: "app:9090", Up: w.App.Up},
		cadvisor,
		{Job: "mongodb", Instance: "mongo-exporter:9216", Up: true},
		node,
		{Job: "prometheus", Instance: "localhost:9090", Up: true},
		{Job: "redis", Instance: "redis-exporter:9121", Up: true},
	}
}

// Target is one that Prometheus scrapes.
type Target struct {
	Job, Instance string
	Up            bool
}

// ScrapeEvery is how often Prometheus scrapes.
const ScrapeEvery = 5 * time.Second
