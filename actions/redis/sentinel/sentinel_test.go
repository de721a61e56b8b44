package sentinel

import (
	"strings"
	"testing"
	"time"

	"runbook/actions/redis"
	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
	"runbook/internal/realtest"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	labredis "runbook/lab/redis"
)

func TestContractInTheLab(t *testing.T) {
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	g := gate.New("sentinel", c, &gate.Log{})
	s, err := labredis.ServeSentinel(model.New(1, c.Now), g, "127.0.0.1:0", "lab-password", "127.0.0.1:6379")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(); s.Close(); c.Close() })
	contract(t, "127.0.0.1:6379", 3, func(t *testing.T) action.Call {
		call := actiontest.Call(t, map[string]any{"address": s.Addr(), "password": schema.NewSecret("redis", "lab-password")})
		call.Clock = c
		return call
	})
}

func TestContractReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	one, two := realtest.StartRedis(t).Address, realtest.StartRedis(t, "--replica-priority", "1").Address
	follower := actiontest.Call(t, map[string]any{"address": two})
	actiontest.Run(t, redis.Replicate, follower, map[string]any{"master": one})
	until(t, func() bool { return actiontest.Run(t, redis.Replication, follower, nil).Outputs["link_up"] == true })
	at := realtest.StartSentinel(t, "cache", one).Address
	call := actiontest.Call(t, map[string]any{"address": at})
	s, err := server.Sentinel(call)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { // it asks servers every 10 s
		replicas, err := ask(t.Context(), s, "REPLICAS", "cache")
		return err == nil && len(replicas) == 1 && replicas[0]["master-link-status"] == "ok"
	})
	contract(t, one, 1, func(t *testing.T) action.Call { return actiontest.Call(t, map[string]any{"address": at}) })
	if is := actiontest.Run(t, redis.Replication, follower, nil).Outputs; is["role"] != "master" {
		t.Errorf("%v", is)
	}
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

// contract holds a Sentinel to what the actions rely on: it watches a master with a replica
// under the name cache.
func contract(t *testing.T, at string, sentinels int, callTo func(*testing.T) action.Call) {
	call := callTo(t)
	got := actiontest.Run(t, ListMasters, call, nil)
	m := got.Outputs["masters"].([]any)[0].(map[string]any)
	if got.Summary != "1 master" || m["name"] != "cache" || m["address"] != at || m["down"] != false || m["sentinels"] != sentinels || m["quorum"].(int) < 1 || m["failover_under_way"] != false {
		t.Errorf("%s %v", got.Summary, got.Outputs)
	}
	if got := actiontest.Run(t, CheckQuorum, call, map[string]any{"master": "cache"}); got.Outputs["ok"] != true || !strings.HasPrefix(got.Summary, "OK ") {
		t.Errorf("%v", got)
	}
	for _, a := range []*action.Action{CheckQuorum, Failover} {
		_, err := actiontest.Bind(t, a, call, map[string]any{"master": "nobody"}).Run(t.Context(), call)
		if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, "no master of that name") || !f.Final || f.Applied != action.AppliedNot {
			t.Errorf("%s: %+v", a.Name, err)
		}
	}
	dry := callTo(t)
	dry.DryRun = true
	bound := actiontest.Bind(t, Failover, call, map[string]any{"master": "cache"})
	preview, err := bound.Preview(t.Context(), dry)
	if err != nil || preview.Changes[0].Before != at || len(preview.Touches) != 2 || preview.Touches[1].Kind != "replica" {
		t.Errorf("%+v, %v", preview, err)
	}
	if _, err := bound.Run(t.Context(), dry); action.ClassOf(err) != action.AppliedNot || !strings.Contains(err.Error(), "dry run") {
		t.Errorf("%v", err)
	}
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil || subjects[0].Version != at {
		t.Errorf("%v %v", subjects, err)
	}
	result, err := bound.Run(t.Context(), call)
	if err != nil || result.Outputs["before"] != at || result.Outputs["after"] == at {
		t.Fatalf("%v %v", result, err)
	}
	if applied, settled, err := bound.Settle(t.Context(), call, subjects); applied != action.AppliedFully || err != nil || settled.Outputs["after"] != result.Outputs["after"] {
		t.Errorf("%s %v %v", applied, settled, err)
	}
	if look := bound.Look(call, subjects); !strings.HasSuffix(look, "SENTINEL MASTER cache") {
		t.Error(look)
	}
}

func TestUnreachable(t *testing.T) {
	actiontest.Unreachable(t, ListMasters, nil, func(address string, tls bool) map[string]any {
		return map[string]any{"address": address, "tls": tls}
	})
}

// What a Sentinel says of a master that is gone is told as such.
func TestAMasterThatIsGone(t *testing.T) {
	m := parseMaster(map[string]string{"name": "a", "ip": "::1", "port": "1", "flags": "s_down,o_down,master,failover_in_progress", "num-other-sentinels": "2", "quorum": "x"})
	if !m.Down || !m.FailoverUnderWay || m.Address != "[::1]:1" || *m.Sentinels != 3 || m.Quorum != nil {
		t.Errorf("%+v", m)
	}
}
