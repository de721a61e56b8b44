package redis

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/lab/model"
)

// section is a part of INFO.
type section struct {
	name  string
	extra bool // only where it is asked for
	write func(*report)
}

func sections() []section {
	return []section{
		{"Server", false, (*report).aboutServer}, {"Clients", false, (*report).aboutClients}, {"Memory", false, (*report).aboutMemory},
		{"Persistence", false, (*report).aboutSaving}, {"Stats", false, (*report).aboutStats}, {"Replication", false, (*report).aboutReplication},
		{"CPU", false, (*report).aboutCPU}, {"Modules", false, func(*report) {}}, {"Commandstats", true, (*report).aboutCommands},
		{"Errorstats", false, func(*report) {}}, {"Cluster", false, func(r *report) { r.put("cluster_enabled", 0) }}, {"Keyspace", false, (*report).aboutKeys},
	}
}

// report is an answer to INFO that is written.
type report struct {
	strings.Builder
	server *Server
	world  *model.World
}

func (r *report) put(name string, value any) {
	if f, ok := value.(float64); ok {
		fmt.Fprintf(r, "%s:%.0f\r\n", name, f)
		return
	}
	fmt.Fprintf(r, "%s:%v\r\n", name, value)
}

// none puts figures of what there is none of here.
func (r *report) none(names ...string) {
	for _, name := range names {
		r.put(name, 0)
	}
}

// info writes the sections that are asked for, without one the default ones.
func info(r *request) {
	text := &report{server: r.server}
	r.server.model.Look(func(w *model.World) {
		text.world = w
		for _, s := range sections() {
			if !asked(s, r.args) {
				continue
			}
			if text.Len() > 0 {
				text.WriteString("\r\n")
			}
			text.WriteString("# " + s.name + "\r\n")
			s.write(text)
		}
	})
	text.world = nil
	r.text(text.String())
}

func asked(s section, names []string) bool {
	if len(names) == 0 {
		return !s.extra
	}
	return slices.ContainsFunc(names, func(name string) bool {
		switch strings.ToLower(name) {
		case "all", "everything":
			return true
		case "default":
			return !s.extra
		}
		return strings.EqualFold(name, s.name)
	})
}

func (r *report) aboutServer() {
	w := r.world
	up := w.Now.Sub(w.Redis.Started)
	r.put("redis_version", version)
	r.put("redis_mode", "standalone")
	r.put("os", "Linux 6.1.0 x86_64")
	r.put("arch_bits", 64)
	r.put("process_id", 1)
	r.put("run_id", runID(w.Seed, w.Redis.Started))
	r.put("tcp_port", 6379)
	r.put("server_time_usec", w.Now.UnixMicro())
	r.put("uptime_in_seconds", int(up.Seconds()))
	r.put("uptime_in_days", int(up.Hours()/24))
	r.put("hz", r.server.settings.get("hz"))
	r.put("configured_hz", r.server.settings.get("hz"))
	r.put("config_file", "/usr/local/etc/redis/redis.conf")
}

// runID is the ID of a process: 40 hexadecimal digits.
func runID(seed uint64, started time.Time) string {
	return fmt.Sprintf("%016x%016x%08x", seed*0x9E3779B97F4A7C15^uint64(started.UnixNano()), uint64(started.UnixNano())*0xBF58476D1CE4E5B9, uint32(started.Unix()))
}

func (r *report) aboutClients() {
	k := &r.server.clients
	r.put("connected_clients", len(k.connected)+len(k.service))
	r.put("maxclients", r.server.settings.get("maxclients"))
	r.none("cluster_connections", "client_recent_max_output_buffer", "blocked_clients", "tracking_clients", "clients_in_timeout_table")
}

func (r *report) aboutMemory() {
	u, w := r.server.usage(r.world), r.world
	human := func(name string, value float64) {
		r.put(name, value)
		r.put(name+"_human", humanSize(value))
	}
	human("used_memory", u.used)
	human("used_memory_rss", u.resident)
	human("used_memory_peak", u.peak)
	r.put("used_memory_peak_perc", fmt.Sprintf("%.2f%%", 100*u.used/u.peak))
	r.put("used_memory_overhead", u.overhead)
	r.put("used_memory_startup", u.startup)
	r.put("used_memory_dataset", max(0, u.used-u.overhead))
	r.put("used_memory_dataset_perc", fmt.Sprintf("%.2f%%", 100*max(0, u.used-u.overhead)/(u.used-u.startup)))
	r.put("allocator_allocated", u.used)
	r.put("allocator_active", 1.02*u.used)
	r.put("allocator_resident", u.resident)
	human("total_system_memory", float64(model.HostMemory()))
	human("maxmemory", w.Redis.MaxBytes)
	r.put("maxmemory_policy", w.Redis.Policy)
	r.put("allocator_frag_ratio", "1.02")
	r.put("mem_fragmentation_ratio", fmt.Sprintf("%.2f", u.resident/u.used))
	r.put("mem_fragmentation_bytes", u.resident-u.used)
	r.put("mem_clients_normal", u.clients)
	r.put("mem_allocator", "jemalloc-5.3.0")
	r.none("number_of_cached_scripts", "mem_not_counted_for_evict", "mem_replication_backlog", "mem_clients_slaves", "mem_aof_buffer", "active_defrag_running", "lazyfree_pending_objects", "lazyfreed_objects")
}

// humanSize writes a size as INFO does.
func humanSize(n float64) string {
	units := []string{"B", "K", "M", "G", "T"}
	if n < 1024 {
		return fmt.Sprintf("%.0fB", n)
	}
	i := 0
	for ; n >= 1024 && i < len(units)-1; i++ {
		n /= 1024
	}
	return fmt.Sprintf("%.2f%s", n, units[i])
}

func (r *report) aboutReplication() {
	r.put("role", "master")
	r.put("master_failover_state", "no-failover")
	r.put("master_replid", runID(^r.world.Seed, r.world.Redis.Started))
	r.put("master_replid2", strings.Repeat("0", 40))
	r.put("second_repl_offset", -1)
	r.put("repl_backlog_size", r.server.settings.get("repl-backlog-size"))
	r.none("connected_slaves", "master_repl_offset", "repl_backlog_active", "repl_backlog_first_byte_offset", "repl_backlog_histlen")
}

func (r *report) aboutCPU() {
	if c := r.world.Container("redis"); c != nil {
		r.put("used_cpu_sys", fmt.Sprintf("%.6f", 0.4*c.CPUTime.Seconds()))
		r.put("used_cpu_user", fmt.Sprintf("%.6f", 0.6*c.CPUTime.Seconds()))
	}
}

func (r *report) aboutCommands() {
	all := r.server.history.calls
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		spent := c.took.Microseconds()
		fmt.Fprintf(r, "cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=0,failed_calls=%d\r\n", name, c.count, spent, float64(spent)/float64(c.count), c.failed)
	}
}
