package redis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// contractFigures holds what a server tells about itself.
func contractFigures(t *testing.T, call action.Call) {
	c := client(t, call)
	for range 3 {
		c.Get(t.Context(), "figures:none")
	}
	got := actiontest.Run(t, HitRate, call, nil).Outputs
	if got["misses"].(int) < 0 || got["window_seconds"].(float64) < 0 {
		t.Errorf("hit rate %v", got)
	}
	if got := actiontest.Run(t, HitRate, call, map[string]any{"for": 300 * time.Millisecond}).Outputs; got["window_seconds"].(float64) < 0.3 || got["hits"].(int) < 0 {
		t.Errorf("hit rate in a window %v", got)
	}
	got = actiontest.Run(t, Memory, call, nil).Outputs
	if used, peak := got["used_bytes"].(int), got["peak_bytes"].(int); used < 1000 || peak < used || got["overhead_bytes"].(int) <= 0 || got["fragmentation_ratio"].(float64) <= 0 || got["policy"] == "" {
		t.Errorf("memory %v", got)
	}
	result := actiontest.Run(t, Latency, call, map[string]any{"samples": 5, "every": 2 * time.Millisecond})
	o := result.Outputs
	if least, p50, p99, most := o["min_ms"].(float64), o["p50_ms"].(float64), o["p99_ms"].(float64), o["max_ms"].(float64); least < 0 || p50 < least || p99 < p50 || most < p99 {
		t.Errorf("latency %v", o)
	}
	got = actiontest.Run(t, Replication, call, nil).Outputs
	if got["role"] != "master" || got["master_address"] != "" || got["link_up"] != nil || got["failover_progress"] != "no-failover" {
		t.Errorf("replication %v", got)
	}
	if got := actiontest.Run(t, Cluster, call, nil); got.Outputs["enabled"] != false || got.Summary != "in no cluster" {
		t.Errorf("cluster %v", got)
	}
}

// contractValues reads a key of each type.
func contractValues(t *testing.T, call action.Call) {
	c, ctx := client(t, call), t.Context()
	_, err := c.Pipelined(ctx, func(p goredis.Pipeliner) error {
		p.Set(ctx, "values:string", "a\xffb", time.Hour)
		p.RPush(ctx, "values:list", "c", "a", "b")
		p.SAdd(ctx, "values:set", "b", "a", "c")
		p.HSet(ctx, "values:hash", "one", "1", "two", "2")
		p.ZAdd(ctx, "values:zset", goredis.Z{Score: 2.5, Member: "b"}, goredis.Z{Score: 1, Member: "a"})
		p.XAdd(ctx, &goredis.XAddArgs{Stream: "values:stream", ID: "5-1", Values: []string{"k", "v"}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string]struct {
		value  any
		length int
	}{
		"string": {"a\uFFFDb", 3}, "list": {[]any{"c", "a", "b"}, 3}, "set": {[]any{"a", "b", "c"}, 3}, "hash": {map[string]any{"one": "1", "two": "2"}, 2},
		"zset":   {[]any{map[string]any{"member": "a", "score": 1.0}, map[string]any{"member": "b", "score": 2.5}}, 2},
		"stream": {[]any{map[string]any{"id": "5-1", "values": map[string]any{"k": "v"}}}, 1},
	} {
		got := actiontest.Run(t, Get, call, map[string]any{"key": "values:" + kind}).Outputs
		ttl, expires := got["ttl_seconds"].(float64)
		if got["exists"] != true || got["type"] != kind || !schema.Same(got["value"], want.value) || got["length"] != want.length || got["complete"] != true || expires != (kind == "string") || expires && (ttl > 3600 || ttl < 3500) {
			t.Errorf("%s: %v", kind, got)
		}
		if kind == "string" {
			continue
		}
		got = actiontest.Run(t, Get, call, map[string]any{"key": "values:" + kind, "max": 1}).Outputs
		if got["length"] != want.length || got["complete"] != (want.length == 1) {
			t.Errorf("%s, one element: %v", kind, got)
		}
	}
	if got := actiontest.Run(t, Get, call, map[string]any{"key": "values:none"}); got.Outputs["exists"] != false || got.Outputs["value"] != nil {
		t.Errorf("none: %v", got)
	}
}

// contractSweep lists, measures and counts keys in batches.
func contractSweep(t *testing.T, call action.Call) {
	actiontest.Run(t, ConfigSet, call, map[string]any{"parameter": "maxmemory-policy", "value": "allkeys-lru"})
	c, ctx := client(t, call), t.Context()
	_, err := c.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i := range 600 {
			p.Set(ctx, fmt.Sprintf("sweep:%04d", i), "x", 0)
		}
		p.Set(ctx, "sweep:big", strings.Repeat("x", 50_000), time.Hour)
		p.RPush(ctx, "sweep:list", "a")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		with     map[string]any
		count    int
		complete bool
	}{
		{map[string]any{"pattern": "sweep:*", "limit": 5000}, 602, true},
		{map[string]any{"pattern": "sweep:*", "limit": 602}, 602, true},
		{map[string]any{"pattern": "sweep:*", "limit": 601}, 601, false},
		{map[string]any{"pattern": "sweep:*", "limit": 7}, 7, false},
		{map[string]any{"pattern": "sweep:*", "type": "list"}, 1, true},
		{map[string]any{"pattern": "sweep:*", "idle_longer_than": time.Hour}, 0, true},
	} {
		got := actiontest.Run(t, Scan, call, k.with).Outputs
		if got["count"] != k.count || len(got["keys"].([]any)) != k.count || got["complete"] != k.complete {
			t.Errorf("%v: %v, %v keys", k.with, got["complete"], got["count"])
		}
	}
	got := actiontest.Run(t, BigKeys, call, map[string]any{"pattern": "sweep:*", "top": 3}).Outputs
	first := got["keys"].([]any)[0].(map[string]any)
	if got["count"] != 602 || len(got["keys"].([]any)) != 3 || first["key"] != "sweep:big" || first["size_bytes"].(int) < 50_000 || first["type"] != "string" || first["ttl_seconds"].(float64) < 3500 || got["complete"] != true {
		t.Errorf("%v", got)
	}
	if got := actiontest.Run(t, BigKeys, call, map[string]any{"pattern": "sweep:*", "max": 9}).Outputs; got["count"] != 9 || got["complete"] != false {
		t.Errorf("%v", got)
	}
	c.Del(ctx, "sweep:big")
	for i := 0; i < 600; i += 100 {
		var keys []string
		for j := range 100 {
			keys = append(keys, fmt.Sprintf("sweep:%04d", i+j))
		}
		c.Del(ctx, keys...)
	}
}

// contractCommand sends what reads, and nothing else.
func contractCommand(t *testing.T, call action.Call) {
	c, ctx := client(t, call), t.Context()
	c.ZAdd(ctx, "command:board", goredis.Z{Score: 1, Member: "a b"})
	for _, k := range []struct{ command, reply any }{
		{"ZCARD command:board", 1},
		{[]any{"zscore", "command:board", "a b"}, "1"},
		{`ZSCORE command:board "a b"`, "1"},
		{`GET "command:none"`, nil},
		{[]any{"ZRANGE", "command:board", 0, -1}, []any{"a b"}},
	} {
		if got := actiontest.Run(t, Command, call, map[string]any{"command": k.command}).Outputs["reply"]; !schema.Same(got, k.reply) {
			t.Errorf("%v: %#v", k.command, got)
		}
	}
	for _, k := range []struct {
		command any
		what    string
		do      string
	}{
		{"SET command:x 1", "SET is refused", "redis.set"}, {"del command:board", "DEL is refused", "redis.delete_keys"}, {"FLUSHALL", "FLUSHALL is refused", "redis.flush"},
		{"CONFIG GET requirepass", "CONFIG is refused", "redis.config_get"}, {"config SET maxmemory 1", "CONFIG is refused", "redis.config_set"}, {"SELECT 1", "about the connection", "redis-cli"},
		{"EVAL 'return 1' 0", "not known as one that only reads", "redis-cli"}, {"XREAD BLOCK 0 STREAMS s 0", "it would wait", "without BLOCK"}, {`GET "x`, "has no end", ""}, {"", "it is empty", ""},
		{[]any{map[string]any{}}, "its word 1", ""}, {7, "neither a text", ""}, {"ACL LIST", "passwords", "redis-cli"}, {"sort list STORE other", "not known", "redis-cli"},
	} {
		_, err := actiontest.Bind(t, Command, call, map[string]any{"command": k.command}).Run(ctx, call)
		f := action.AsFailure(err)
		if err == nil || !strings.Contains(f.What, k.what) || !f.Final || !strings.Contains(strings.Join(f.Do, ""), k.do) {
			t.Errorf("%v: %+v", k.command, f)
		}
	}
	_, err := actiontest.Bind(t, Command, call, map[string]any{"command": "LLEN command:board"}).Run(ctx, call)
	if f := action.AsFailure(err); err == nil || !strings.HasPrefix(f.What, "WRONGTYPE") || f.Applied != action.AppliedNot {
		t.Errorf("%+v", f)
	}
	if n := c.Exists(ctx, "command:x").Val(); n != 0 {
		t.Error("what was refused was sent")
	}
}

// Lines that servers tell of replicas and nodes are read as they stand, and what is not there
// is not told.
func TestReplicasAndNodesAreRead(t *testing.T) {
	o := parseReplication(map[string]string{"role": "master", "master_repl_offset": "100", "slave0": "ip=10.0.0.2,port=6379,state=online,offset=90,lag=1", "slave1": "ip=::1,port=6380,state=wait_bgsave,offset=0,lag=0"})
	if o.OnlineReplicas != 1 || *o.MaxBehindBytes != 10 || o.Replicas[1].Address != "[::1]:6380" || *o.Replicas[0].LagSeconds != 1 || o.Summary() != "master with 1 replica, at most 10 bytes behind" {
		t.Errorf("%+v: %s", o, o.Summary())
	}
	o = parseReplication(map[string]string{"role": "slave", "master_host": "10.0.0.1", "master_port": "6379", "master_link_status": "down", "master_last_io_seconds_ago": "-1", "master_sync_in_progress": "0"})
	if *o.LinkUp || *o.Syncing || o.LastIOSeconds != nil || o.ReadOnly != nil || o.Summary() != "replica of 10.0.0.1:6379, not connected" {
		t.Errorf("%+v: %s", o, o.Summary())
	}
	for line, want := range map[string]clusterNode{
		"07c3 127.0.0.1:30004@31004,host slave e7d1 0 1426238317239 4 connected":                                      {ID: "07c3", Address: "127.0.0.1:30004", Role: "slave", Master: "e7d1", LinkUp: true},
		"67ed 127.0.0.1:30002@31002 myself,master - 0 1426238316232 2 connected 5461-10922 3 [93->-e7d1] [77-<-67ed]": {ID: "67ed", Address: "127.0.0.1:30002", Role: "master", Myself: true, LinkUp: true, Slots: 5463},
		"292f 127.0.0.1:30003@31003 master,fail? - 0 1426238318243 3 disconnected":                                    {ID: "292f", Address: "127.0.0.1:30003", Role: "master", Failed: true},
	} {
		if got, ok := parseNode(line); !ok || got != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}
