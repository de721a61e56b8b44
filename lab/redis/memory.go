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
		"MEMORY USAGE": {words: 3, run: memoryUsage},
		"MEMORY STATS": {words: 2, exactly: true, run: memoryStats},
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
