package redis

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// changed previews, makes and settles a change, and returns the preview, the result and what
// it settles as before and after.
func changed(t *testing.T, a *action.Action, call action.Call, with map[string]any) (preview action.Preview, got action.Result, before, after action.Applied) {
	t.Helper()
	bound := actiontest.Bind(t, a, call, with)
	preview, err := bound.Preview(t.Context(), call)
	if err != nil {
		t.Fatalf("%s: preview: %v", a.Name, err)
	}
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil || len(subjects) != 1 || subjects[0].ID == "" {
		t.Fatalf("%s: subjects %+v, %v", a.Name, subjects, err)
	}
	if bound.Settle != nil {
		if before, _, err = bound.Settle(t.Context(), call, subjects); err != nil {
			t.Errorf("%s: settle: %v", a.Name, err)
		}
	}
	if got, err = bound.Run(t.Context(), call); err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	if bound.Settle != nil {
		if after, _, err = bound.Settle(t.Context(), call, subjects); err != nil {
			t.Errorf("%s: settle: %v", a.Name, err)
		}
	}
	if look := bound.Look(call, subjects); !strings.HasPrefix(look, "redis-cli -h 127.0.0.1 -p ") {
		t.Errorf("%s: look %q", a.Name, look)
	}
	return preview, got, before, after
}

func contractSet(t *testing.T, call action.Call) {
	c, ctx := client(t, call), t.Context()
	c.Del(ctx, "set:a")
	ttl := time.Hour
	for _, k := range []struct {
		with    map[string]any
		before  string // as the preview has it; "" where nothing is done
		summary string
		after   action.Applied
	}{
		{map[string]any{"value": "one"}, "nothing", "set:a made", action.AppliedFully},
		{map[string]any{"value": "one"}, "", "set:a: nothing changed", action.AppliedLost},
		{map[string]any{"value": "two", "ttl": ttl}, "a text of 3 bytes, kept for ever", "set:a set anew", action.AppliedFully},
		{map[string]any{"value": "two"}, "a text of 3 bytes, kept for 1h", "set:a set anew", action.AppliedLost}, // the value is as it was
		{map[string]any{"value": "three", "if": "missing"}, "", "set:a: nothing changed", action.AppliedLost},
		{map[string]any{"value": "three", "if": "exists"}, "a text of 3 bytes, kept for ever", "set:a set anew", action.AppliedFully},
		{map[string]any{"value": schema.NewSecret("token", "Hunter2-hunter2")}, "a text of 5 bytes, kept for ever", "set:a set anew", action.AppliedFully},
	} {
		k.with["key"] = "set:a"
		preview, got, before, after := changed(t, Set, call, k.with)
		if got.Summary != k.summary || before != action.AppliedLost || after != k.after || strings.Contains(fmt.Sprint(preview, got), "Hunter2") {
			t.Errorf("%v: %s, settles as %s and then %s", k.with, got.Summary, before, after)
		}
		if done := len(preview.Changes) == 1; done != (k.before != "") || done && !strings.HasPrefix(preview.Changes[0].Before, k.before) {
			t.Errorf("%v: preview %+v, want %q", k.with, preview, k.before)
		}
	}
	if got := c.Get(ctx, "set:a").Val(); got != "Hunter2-hunter2" || c.TTL(ctx, "set:a").Val() != -1 {
		t.Errorf("it has %q", got)
	}
	c.RPush(ctx, "set:list", "a", "b")
	if preview, _, _, after := changed(t, Set, call, map[string]any{"key": "set:list", "value": "x"}); preview.Changes[0].Before != "a list of 2 elements, kept for ever" || after != action.AppliedFully {
		t.Errorf("%+v %s", preview, after)
	}
}

// contractMany lets keys expire, deletes them, and stops at a limit.
func contractMany(t *testing.T, call action.Call) {
	c, ctx := client(t, call), t.Context()
	_, err := c.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i := range 120 {
			p.Set(ctx, fmt.Sprintf("many:%03d", i), "x", 0)
		}
		p.Set(ctx, "many:kept", "x", time.Hour)
		p.RPush(ctx, "many:list", "x")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	none := map[string]any{"pattern": "nowhere:*", "limit": 10, "ttl": time.Minute}
	if preview, got, _, _ := changed(t, ExpireKeys, call, none); len(preview.Touches) > 0 || got.Outputs["changed"] != 0 {
		t.Errorf("%+v %v", preview, got)
	}
	preview, got, _, _ := changed(t, ExpireKeys, call, map[string]any{"pattern": "many:*", "ttl": 10 * time.Minute, "limit": 50})
	if preview.Touches[0].Count != 50 || !strings.Contains(preview.Summary, "the first 50 keys of more") || got.Outputs["changed"] != 50 || got.Outputs["complete"] != false {
		t.Errorf("%+v %v", preview, got)
	}
	if preview, got, _, _ = changed(t, ExpireKeys, call, map[string]any{"pattern": "many:*", "ttl": 10 * time.Minute, "limit": 5000}); preview.Touches[0].Count != 71 || got.Outputs["changed"] != 71 || got.Outputs["complete"] != true {
		t.Errorf("%+v %v", preview, got)
	}
	if left := c.TTL(ctx, "many:kept").Val(); left < 50*time.Minute {
		t.Errorf("a key that expires was changed: %v", left)
	}
	if _, got, _, _ = changed(t, ExpireKeys, call, map[string]any{"pattern": "many:kept", "ttl": time.Minute, "only_forever": false, "limit": 1}); got.Outputs["changed"] != 1 || c.TTL(ctx, "many:kept").Val() > time.Minute {
		t.Errorf("%v", got)
	}
	preview, got, before, after := changed(t, DeleteKeys, call, map[string]any{"pattern": "many:*", "type": "string", "limit": 100})
	if preview.Touches[0].Count != 100 || preview.Touches[0].Note == "" || got.Outputs["deleted"] != 100 || got.Outputs["complete"] != false || before != action.AppliedLost || after != action.AppliedLost {
		t.Errorf("%+v %v, %s %s", preview, got, before, after)
	}
	if _, got, _, after = changed(t, DeleteKeys, call, map[string]any{"pattern": "many:*", "limit": 22}); got.Outputs["deleted"] != 22 || got.Outputs["complete"] != true || after != action.AppliedFully {
		t.Errorf("%v, %s", got, after)
	}
	if _, got, _, _ = changed(t, DeleteKeys, call, map[string]any{"pattern": "many:*", "limit": 1}); got.Outputs["deleted"] != 0 {
		t.Errorf("%v", got)
	}
}

func contractKillClients(t *testing.T, call action.Call) {
	others := goredis.NewClient(&goredis.Options{Addr: client(t, call).Options().Addr, Password: client(t, call).Options().Password, Protocol: 2, ClientName: "contract-other", DisableIdentity: true, MaxRetries: -1})
	defer others.Close()
	if err := others.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		with map[string]any
		what string
	}{
		{map[string]any{"limit": 1}, "say which connections"},
		{map[string]any{"user": "default", "limit": 1}, ""}, // in the lab there are more
	} {
		_, err := actiontest.Bind(t, KillClients, call, k.with).Run(t.Context(), call)
		if k.what == "" && err == nil {
			continue
		}
		if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, cmp.Or(k.what, "and at most 1 may be ended")) || f.Applied != action.AppliedNot {
			t.Errorf("%v: %+v", k.with, err)
		}
	}
	_ = others.Ping(t.Context()).Err() // it may have been ended
	if err := others.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	preview, got, before, after := changed(t, KillClients, call, map[string]any{"name": "contract-other", "limit": 5})
	if len(preview.Touches) != 1 || !strings.Contains(preview.Touches[0].Note, "contract-other") || len(preview.Interrupts) != 1 || got.Outputs["killed"] != 1 || before != action.AppliedLost || after != action.AppliedFully {
		t.Errorf("%+v %v, %s %s", preview, got, before, after)
	}
	bound := actiontest.Bind(t, KillClients, call, map[string]any{"name": "contract-other", "limit": 5})
	if got, err := bound.Run(t.Context(), call); err != nil || got.Outputs["killed"] != 0 {
		t.Errorf("%v %v", got, err)
	}
}

func contractResetSlowlog(t *testing.T, call action.Call) {
	for _, value := range []string{"0", "10000"} {
		actiontest.Run(t, ConfigSet, call, map[string]any{"parameter": "slowlog-log-slower-than", "value": value})
		client(t, call).Echo(t.Context(), "x")
	}
	preview, got, before, after := changed(t, ResetSlowlog, call, nil)
	if preview.Touches[0].Count == 0 || got.Outputs["dropped"].(int) == 0 || before != action.AppliedLost || after != action.AppliedFully {
		t.Errorf("%+v %v, %s %s", preview, got, before, after)
	}
}

func contractFlush(t *testing.T, call action.Call) {
	c, ctx := client(t, call), t.Context()
	for _, what := range []string{"database", "server"} {
		c.Set(ctx, "flush:a", "x", 0)
		preview, got, before, _ := changed(t, Flush, call, map[string]any{"what": what})
		if preview.Touches[0].Count == 0 || got.Outputs["keys_before"] != preview.Touches[0].Count || before != action.AppliedLost || c.Exists(ctx, "flush:a").Val() != 0 {
			t.Errorf("%s: %+v %v, %s", what, preview, got, before)
		}
	}
}
