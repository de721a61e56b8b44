package model

import (
	"math"
	"time"
)

// redisUsual is what Redis uses with the whole working set of the cache, bytes.
const redisUsual = 96 * MiB

// RedisReplica is the address of the replica of the server, of which there is only that.
const RedisReplica = "172.18.0.9:6379"

// Redis is the server of the shared cache and the queue.
type Redis struct {
	Up        bool
	Started   time.Time
	UsedBytes float64
	MaxBytes  float64 // maxmemory; 0: none
	Policy    string  // maxmemory-policy
	Entries   float64 // of the cache
	Hits      float64 // since the start
	Misses    float64
	Evicted   float64
	EvictRate float64 // in the last second
	Commands  float64
	LastSave  time.Time
	PeakBytes float64
	Clients   int
	LatencyMS float64 // of a command
	Follows   string  // the address of the master that it is a replica of; "" where it is one itself
}

func newRedis(now time.Time) Redis {
	r := Redis{Up: true, Policy: "allkeys-lru", MaxBytes: 256 * MiB, UsedBytes: redisUsual, LastSave: now.Add(-40 * time.Minute), LatencyMS: 0.4, Clients: 8}
	r.Started = now.Add(-36 * time.Hour)
	r.Hits, r.Misses, r.Evicted = 5_160_000, 840_000, 900
	r.Entries = 42_000
	return r
}

// start is a new process: it loads what was saved.
func (r *Redis) start(now time.Time) {
	*r = Redis{Started: now, Policy: r.Policy, MaxBytes: r.MaxBytes, UsedBytes: r.UsedBytes, Entries: r.Entries, LastSave: r.LastSave, LatencyMS: 0.4, Clients: 2}
}

// Flush drops the cache.
func (r *Redis) Flush() { r.UsedBytes, r.Entries = 3*MiB, 0 }

// look counts the look-ups of a second.
func (r *Redis) look(n, hits float64) {
	if r.Up {
		r.Hits += n * hits
		r.Misses += n * (1 - hits)
	}
}

// HitRate is the share of look-ups that the caches answer now, from 0 to 1.
func (w *World) HitRate() float64 {
	if !w.Redis.Up {
		return 0.12 // the app's own cache
	}
	return 0.12 + 0.74*math.Min(1, w.Redis.UsedBytes/redisUsual)
}

// stepRedis fills the cache and evicts what has no room.
func (w *World) stepRedis() {
	r := &w.Redis
	r.EvictRate = 0
	if !r.Up {
		return
	}
	r.Clients = 8
	r.Commands += w.Traffic.Rate * 4
	room := float64(redisUsual)
	if r.MaxBytes > 0 {
		room = math.Min(room, r.MaxBytes)
	}
	r.UsedBytes += math.Min(room-r.UsedBytes, 2*MiB)
	if r.MaxBytes > 0 && redisUsual > r.MaxBytes {
		r.EvictRate = w.around(40*(1-r.MaxBytes/redisUsual), 0.1)
		r.Evicted += r.EvictRate
	}
	r.Entries = 42_000 * r.UsedBytes / redisUsual
	r.PeakBytes = math.Max(r.PeakBytes, r.UsedBytes)
	if w.Now.Sub(r.LastSave) > time.Hour {
		r.LastSave = w.Now
	}
}
