package redis

import (
	"fmt"
	"time"
)

func (r *report) aboutSaving() {
	s, w := &r.server.saving, r.world
	status, took, since := "ok", -1, -1
	if s.failed {
		status = "err"
	}
	if s.count > 0 || s.failed {
		took = int(s.took.Seconds())
	}
	if s.running {
		since = int(w.Now.Sub(s.began).Seconds())
	}
	r.put("rdb_changes_since_last_save", w.Traffic.Rate*w.Now.Sub(w.Redis.LastSave).Seconds())
	r.put("rdb_bgsave_in_progress", bit(s.running))
	r.put("rdb_last_save_time", w.Redis.LastSave.Unix())
	r.put("rdb_last_bgsave_status", status)
	r.put("rdb_last_bgsave_time_sec", took)
	r.put("rdb_current_bgsave_time_sec", since)
	r.put("rdb_saves", s.count)
	r.put("aof_enabled", bit(r.server.settings.get("appendonly") == "yes"))
	r.put("aof_last_write_status", "ok")
	r.none("loading", "async_loading", "current_cow_peak", "current_cow_size", "rdb_last_cow_size", "rdb_last_load_keys_expired", "aof_rewrite_scheduled", "aof_last_cow_size")
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *report) aboutStats() {
	h, w := &r.server.history, r.world
	commands := w.Redis.Commands + float64(h.total)
	r.put("total_connections_received", len(r.server.clients.service)+h.peers)
	r.put("total_commands_processed", commands)
	r.put("instantaneous_ops_per_sec", w.Traffic.Rate*4)
	r.put("total_net_input_bytes", commands*70)
	r.put("total_net_output_bytes", commands*900)
	r.put("instantaneous_input_kbps", fmt.Sprintf("%.2f", w.Traffic.Rate*4*70/1024))
	r.put("instantaneous_output_kbps", fmt.Sprintf("%.2f", w.Traffic.Rate*4*900/1024))
	r.put("evicted_keys", w.Redis.Evicted)
	r.put("keyspace_hits", w.Redis.Hits)
	r.put("keyspace_misses", w.Redis.Misses)
	r.put("latest_fork_usec", bit(r.server.saving.count > 0)*1200)
	r.put("total_forks", r.server.saving.count)
	r.none("rejected_connections", "sync_full", "sync_partial_ok", "sync_partial_err", "expired_keys", "evicted_clients", "pubsub_channels", "pubsub_patterns")
}

func (r *report) aboutKeys() {
	for _, db := range r.server.databases() {
		fmt.Fprintf(r, "db%d:keys=%d,expires=%d,avg_ttl=%d\r\n", db.number, db.keys, db.expires, db.ttl.Milliseconds())
	}
}

// keyCount is how many keys a database has.
type keyCount struct {
	number, keys, expires int
	ttl                   time.Duration // mean of those that expire
}

// databases are those that have keys.
func (s *Server) databases() []keyCount {
	var all []keyCount
	for n := range s.settings.number("databases") {
		db := s.data.DB(n)
		count := keyCount{number: n}
		for _, key := range db.Keys() {
			count.keys++
			if ttl := db.TTL(key); ttl > 0 {
				count.expires++
				count.ttl += ttl
			}
		}
		if count.expires > 0 {
			count.ttl /= time.Duration(count.expires)
		}
		if count.keys > 0 {
			all = append(all, count)
		}
	}
	return all
}
