package redis

import (
	"errors"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/realtest"
)

func TestContractReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	address := realtest.StartRedis(t).Address
	contract(t, func(t *testing.T) action.Call { return callTo(t, address) })
}

// contract holds a server of one test to what the actions rely on.
func contract(t *testing.T, callTo func(*testing.T) action.Call) {
	for _, part := range []struct {
		name string
		test func(*testing.T, action.Call)
	}{
		{"ping and info", contractInfo}, {"config", contractConfig}, {"refused config", contractRefusals}, {"slow log", contractSlowlog},
		{"clients", contractClients}, {"save", contractSave}, {"keys", contractKeys}, {"figures", contractFigures}, {"values", contractValues}, {"sweep", contractSweep}, {"command", contractCommand}, {"set", contractSet}, {"many", contractMany},
		{"kill clients", contractKillClients}, {"reset slow log", contractResetSlowlog}, {"flush", contractFlush},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, callTo(t)) })
	}
	t.Run("dry run", func(t *testing.T) {
		call := callTo(t)
		call.DryRun = true
		contractDryRun(t, call)
	})
}

func contractInfo(t *testing.T, call action.Call) {
	if got := actiontest.Run(t, Ping, call, nil).Outputs; got["version"] == "" {
		t.Errorf("ping %v", got)
	}
	got := actiontest.Run(t, Info, call, map[string]any{"section": "commandstats"}).Outputs
	if got["version"] == "" || got["used_memory_bytes"].(int) <= 0 || got["connected_clients"].(int) < 1 || got["role"] != "master" || got["maxmemory_policy"] == "" {
		t.Errorf("info %v", got)
	}
	if info := got["info"].(map[string]any); info["cmdstat_info"] == nil || info["redis_mode"] == nil || info["rdb_bgsave_in_progress"] != "0" {
		t.Errorf("info %v", info)
	}
}

func contractConfig(t *testing.T, call action.Call) {
	for _, c := range []struct{ parameter, value, after string }{
		{"maxmemory", "300mb", "314572800"}, {"maxmemory", "256MiB", "268435456"}, {"maxmemory-policy", "allkeys-lfu", "allkeys-lfu"},
		{"slowlog-log-slower-than", "5000", "5000"}, {"maxmemory", "1GB", "1073741824"}, {"maxmemory", "400m", "400000000"},
	} {
		with := map[string]any{"parameter": c.parameter, "value": c.value}
		before := actiontest.Run(t, ConfigGet, call, map[string]any{"pattern": c.parameter}).Outputs["values"].(map[string]any)[c.parameter]
		bound := actiontest.Bind(t, ConfigSet, call, with)
		preview, err := bound.Preview(t.Context(), call)
		if err != nil || len(preview.Changes) != 1 {
			t.Errorf("%v: preview %+v, %v", c, preview, err)
		}
		subjects, err := bound.Subjects(t.Context(), call)
		if err != nil || subjects[0].Version != before {
			t.Errorf("%v: subjects %+v, %v", c, subjects, err)
		}
		if applied, _, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedLost || err != nil { // it may still be under way
			t.Errorf("%v: before it settles as %s, %v", c, applied, err)
		}
		got := actiontest.Run(t, ConfigSet, call, with).Outputs
		if got["before"] != before || got["after"] != c.after || got["changed"] != true {
			t.Errorf("%v: %v", c, got)
		}
		if got := actiontest.Run(t, ConfigSet, call, with).Outputs; got["changed"] != false {
			t.Errorf("%v again: %v", c, got)
		}
		applied, result, err := bound.Settle(t.Context(), call, subjects)
		if applied != action.AppliedFully || err != nil || result.Outputs["before"] != before || result.Outputs["changed"] != true {
			t.Errorf("%v: it settles as %s %v, %v", c, applied, result, err)
		}
	}
	if got := actiontest.Run(t, ConfigGet, call, map[string]any{"pattern": "maxmemory*"}); len(got.Outputs["values"].(map[string]any)) < 3 {
		t.Errorf("%v", got)
	}
}

func contractRefusals(t *testing.T, call action.Call) {
	for _, c := range []struct{ parameter, value, what string }{
		{"maxmemory", "much", "argument must be a memory value"}, {"maxmemory-policy", "best", "must be one of the following"},
		{"no-such-thing", "1", "there is no parameter no-such-thing"}, {"databases", "4", "can't set immutable config"}, {"requirepass", "hunter22", "requirepass is a password, and its value is plain text"},
	} {
		with := map[string]any{"parameter": c.parameter, "value": c.value}
		_, err := actiontest.Bind(t, ConfigSet, call, with).Run(t.Context(), call)
		f := action.AsFailure(err)
		if err == nil || f.Applied != action.AppliedNot || !strings.Contains(f.What, c.what) || strings.Contains(f.What+f.Tried, "hunter22") {
			t.Errorf("%v: %+v", c, f)
		}
	}
}

// client is the family's client, for what has no action.
func client(t *testing.T, call action.Call) *goredis.Client {
	t.Helper()
	s, err := server.Of(call)
	if err != nil {
		t.Fatal(err)
	}
	return s.Client
}

func contractSlowlog(t *testing.T, call action.Call) {
	for _, value := range []string{"0", "10000"} {
		actiontest.Run(t, ConfigSet, call, map[string]any{"parameter": "slowlog-log-slower-than", "value": value})
		client(t, call).Echo(t.Context(), strings.Repeat("long ", 100))
	}
	got := actiontest.Run(t, Slowlog, call, map[string]any{"max": 3}).Outputs
	entries := got["entries"].([]any)
	if got["count"].(int) < 1 || len(entries) == 0 || len(entries) > 3 {
		t.Fatalf("%v", got)
	}
	for _, e := range entries {
		e := e.(map[string]any)
		if text := e["command"].(string); text == "" || len(text) > 210 || e["client"] == "" || e["at"].(time.Time).IsZero() {
			t.Errorf("%v", e)
		}
	}
	if err := client(t, call).Do(t.Context(), "SLOWLOG", "RESET").Err(); err != nil {
		t.Error(err)
	}
	if got := actiontest.Run(t, Slowlog, call, nil).Outputs; got["count"] != 0 {
		t.Errorf("emptied: %v", got)
	}
}

func contractClients(t *testing.T, call action.Call) {
	got := actiontest.Run(t, Clients, call, nil).Outputs
	list := got["clients"].([]any)
	if got["count"].(int) < 1 || len(list) != got["count"] {
		t.Fatalf("%v", got)
	}
	last := list[len(list)-1].(map[string]any)
	if last["address"] == "" || last["command"] != "client|list" || last["user"] != "default" || last["id"].(int) < 1 {
		t.Errorf("%v", last)
	}
	if got := actiontest.Run(t, Clients, call, map[string]any{"max": 1}).Outputs; len(got["clients"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
}

func contractSave(t *testing.T, call action.Call) {
	bound := actiontest.Bind(t, Save, call, nil)
	if preview, err := bound.Preview(t.Context(), call); err != nil || !strings.Contains(preview.Summary, "BGSAVE of ") {
		t.Errorf("preview %+v, %v", preview, err)
	}
	if subjects, err := bound.Subjects(t.Context(), call); err != nil || len(subjects[0].ID) != 40 {
		t.Errorf("subjects %+v, %v", subjects, err)
	}
	began := call.Clock.Now()
	for range 2 {
		got := actiontest.Run(t, Save, call, nil).Outputs
		at := got["saved_at"].(time.Time)
		if at.Before(began.Truncate(time.Second)) || at.After(call.Clock.Now()) || got["duration_ms"].(float64) <= 0 {
			t.Errorf("began at %v: %v", began, got)
		}
	}
}

func contractKeys(t *testing.T, call action.Call) {
	c := client(t, call)
	if err := c.RPush(t.Context(), "contract:queue", "a", "b", "c").Err(); err != nil {
		t.Fatal(err)
	}
	for i := range 25 {
		if err := c.Set(t.Context(), "contract:key:"+string(rune('a'+i)), "1", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if got := actiontest.Run(t, QueueLength, call, map[string]any{"key": "contract:queue"}).Outputs; got["length"] != 3 {
		t.Errorf("%v", got)
	}
	if got := actiontest.Run(t, QueueLength, call, map[string]any{"key": "contract:none"}).Outputs; got["length"] != 0 {
		t.Errorf("%v", got)
	}
	_, err := actiontest.Bind(t, QueueLength, call, map[string]any{"key": "contract:key:a"}).Run(t.Context(), call)
	if f := action.AsFailure(err); err == nil || !f.Final || f.What != "contract:key:a is no list (WRONGTYPE)" {
		t.Errorf("no list: %v", err)
	}
	for _, k := range []struct {
		pattern  string
		max      int
		count    int
		complete bool
	}{{"contract:key:*", 100, 25, true}, {"contract:key:[ab]", 100, 2, true}, {"contract:*", 20, 20, false}, {"contract:none:*", 1, 0, true}} {
		got := actiontest.Run(t, KeysCount, call, map[string]any{"pattern": k.pattern, "max": k.max}).Outputs
		if got["count"] != k.count || got["complete"] != k.complete {
			t.Errorf("%+v: %v", k, got)
		}
	}
}

// contractDryRun: reads and previews are sent, changes are not.
func contractDryRun(t *testing.T, call action.Call) {
	for a, with := range map[*action.Action]map[string]any{ConfigGet: nil, Slowlog: nil, Clients: nil, KeysCount: {"pattern": "*"}, QueueLength: {"key": "none"}} {
		actiontest.Run(t, a, call, with)
	}
	for a, with := range map[*action.Action]map[string]any{
		ConfigSet: {"parameter": "maxmemory", "value": "1gb"}, Save: nil, Set: {"key": "dry", "value": "x"}, ResetSlowlog: nil,
		Flush: {"what": "server"}, Replicate: {"master": "127.0.0.1:1"},
	} {
		bound := actiontest.Bind(t, a, call, with)
		if _, err := bound.Preview(t.Context(), call); err != nil {
			t.Errorf("%s: preview %v", a.Name, err)
		}
		if _, err := bound.Subjects(t.Context(), call); err != nil {
			t.Errorf("%s: subjects %v", a.Name, err)
		}
		if _, err := bound.Run(t.Context(), call); !errors.Is(err, action.ErrDryRun) || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}
