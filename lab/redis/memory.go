package redis

import (
	"fmt"
	"strings"

	"runbook/lab/model"
)

// usage is what the process uses, in bytes.
type usage struct {
	used, peak, resident float64
	startup, overhead    float64
	clients              float64
	keys                 int
}

// startupBytes is what a Redis without keys uses, and keyBytes what it needs for
// a key beside its value.
const (
	startupBytes = 876_224
	keyBytes     = 72
)

func (s *Server) usage(w *model.World) usage {
	u := usage{used: w.Redis.UsedBytes, peak: max(w.Redis.PeakBytes, w.Redis.UsedBytes), startup: startupBytes}
	u.resident = 1.06*u.used + 6*model.MiB
	if c := w.Container("redis"); c != nil && c.Memory > u.used {
		u.resident = c.Memory
	}
	for _, db := range s.databases() {
		u.keys += db.keys
	}
	u.clients = 22_000 * float64(len(s.clients.service)+len(s.clients.connected))
	u.overhead = u.startup + u.clients + keyBytes*w.Redis.Entries
	return u
}

func memoryCommands() map[string]command {
	return map[string]command{
		"MEMORY USAGE":  {words: 3, run: memoryUsage},
		"MEMORY STATS":  {words: 2, exactly: true, run: memoryStats},
		"MEMORY DOCTOR": {words: 2, exactly: true, run: memoryDoctor},
		"MEMORY PURGE":  {words: 2, exactly: true, run: func(r *request) { r.peer.WriteOK() }},
	}
}

// memoryUsage leaves the measuring to who has the value.
func memoryUsage(r *request) {
	if len(r.args) != 1 && !(len(r.args) == 3 && strings.EqualFold(r.args[1], "SAMPLES")) {
		r.fail("ERR syntax error")
		return
	}
	r.server.data.Server().Dispatch(r.peer, []string{"MEMORY", "USAGE", r.args[0]})
}

func memoryStats(r *request) {
	var u usage
	r.server.model.Look(func(w *model.World) { u = r.server.usage(w) })
	perKey := 0.0
	if u.keys > 0 {
		perKey = (u.used - u.startup) / float64(u.keys)
	}
	whole := []struct {
		name  string
		value float64
	}{
		{"peak.allocated", u.peak}, {"total.allocated", u.used}, {"startup.allocated", u.startup}, {"replication.backlog", 0}, {"clients.slaves", 0},
		{"clients.normal", u.clients}, {"cluster.links", 0}, {"aof.buffer", 0}, {"lua.caches", 0}, {"functions.caches", 184}, {"overhead.total", u.overhead}, {"keys.count", float64(u.keys)},
		{"keys.bytes-per-key", perKey}, {"dataset.bytes", u.used - u.overhead},
	}
	shares := []struct {
		name  string
		value float64
	}{
		{"dataset.percentage", 100 * (u.used - u.overhead) / (u.used - u.startup)}, {"peak.percentage", 100 * u.used / u.peak}, {"fragmentation", u.resident / u.used},
	}
	r.peer.WriteMapLen(len(whole) + len(shares) + 1)
	for _, f := range whole {
		r.peer.WriteBulk(f.name)
		r.peer.WriteInt(int(f.value))
	}
	for _, f := range shares {
		r.peer.WriteBulk(f.name)
		if r.peer.Resp3 {
			r.peer.WriteFloat(f.value)
		} else {
			r.peer.WriteBulk(fmt.Sprintf("%.15f", f.value))
		}
	}
	r.peer.WriteBulk("fragmentation.bytes")
	r.peer.WriteInt(int(u.resident - u.used))
}

// memoryDoctor says what the real one does about the same figures.
func memoryDoctor(r *request) {
	var u usage
	r.server.model.Look(func(w *model.World) { u = r.server.usage(w) })
	if u.used < 5*model.MiB {
		r.text("Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n")
		return
	}
	var found string
	if u.peak/u.used > 1.5 {
		found += " * Peak memory: In the past this instance used more than 150% the memory that is currently using. The allocator is normally not able to release memory after a peak, so you can expect to see a big fragmentation ratio, however this is actually harmless and is only due to the memory peak, and if the Redis instance Resident Set Size (RSS) is currently bigger than expected, the memory will be used as soon as you fill the Redis instance with more data. If the memory peak was only occasional and you want to try to reclaim memory, please try the MEMORY PURGE command, otherwise the only other option is to shutdown and restart the instance.\n\n"
	}
	if u.resident/u.used > 1.4 && u.resident-u.used > 10*model.MiB {
		found += " * High total RSS: This instance has a memory fragmentation and RSS overhead greater than 1.4 (this means that the Resident Set Size of the Redis process is much larger than the sum of the logical allocations Redis performed). This problem is usually due either to a large peak memory (check if there is a peak memory entry above in the report) or may result from a workload that causes the allocator to fragment memory a lot. If the problem is a large peak memory, then there is no issue. Otherwise, make sure you are using the Jemalloc allocator and not the default libc malloc. Note: The currently used allocator is \"jemalloc-5.3.0\".\n\n"
	}
	if found == "" {
		r.text("Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n")
		return
	}
	r.text("Sam, I detected a few issues in this Redis instance memory implants:\n\n" + found + "I'm here to keep you safe, Sam. I want to help you.\n")
}
