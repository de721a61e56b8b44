package redis

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/realtest"
)

// A replica follows, is told of, becomes the master without losing a write, and is a server
// of its own again.
func TestReplicationReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	one, two := realtest.StartRedis(t).Address, realtest.StartRedis(t).Address
	master, follower := callTo(t, one), callTo(t, two)
	client(t, master).Set(t.Context(), "kept", "x", 0)
	client(t, follower).Set(t.Context(), "given up", "x", 0)
	_, err := actiontest.Bind(t, Failover, master, nil).Run(t.Context(), master)
	if f := action.AsFailure(err); err == nil || f.What != "the master has no replica that is online" || f.Applied != action.AppliedNot {
		t.Errorf("%+v", err)
	}
	preview, got, before, after := changed(t, Replicate, follower, map[string]any{"master": one})
	if !strings.Contains(preview.Summary, "its 1 key are given up") && !strings.Contains(preview.Summary, "its 1 key is given up") || got.Outputs["before"] != "none" || before != action.AppliedLost || after != action.AppliedFully {
		t.Errorf("%+v %v %s %s", preview, got, before, after)
	}
	until(t, func() bool { return actiontest.Run(t, Replication, follower, nil).Outputs["link_up"] == true })
	until(t, func() bool { return actiontest.Run(t, Replication, master, nil).Outputs["online_replicas"] == 1 })
	if is := actiontest.Run(t, Replication, follower, nil).Outputs; is["role"] != "slave" || is["master_address"] != one || is["read_only"] != true || is["last_io_seconds"] == nil {
		t.Errorf("%v", is)
	}
	if is := actiontest.Run(t, Replication, master, nil); is.Outputs["max_behind_bytes"] == nil || !strings.HasPrefix(is.Summary, "master with 1 replica, at most ") {
		t.Errorf("%v", is)
	}
	_, err = actiontest.Bind(t, Set, follower, map[string]any{"key": "kept", "value": "y"}).Run(t.Context(), follower)
	if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, "READONLY") || f.Applied != action.AppliedNot {
		t.Errorf("%+v", err)
	}
	_, err = actiontest.Bind(t, Failover, master, map[string]any{"to": "127.0.0.1:1"}).Run(t.Context(), master)
	if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, "no replica 127.0.0.1:1 is online") {
		t.Errorf("%+v", err)
	}
	preview, got, before, after = changed(t, Failover, master, nil)
	if got.Outputs["after"] != two || got.Outputs["took_ms"].(float64) <= 0 || len(preview.Interrupts) != 1 || preview.Touches[1].Name != two || before != action.AppliedLost || after != action.AppliedFully {
		t.Errorf("%+v %v %s %s", preview, got, before, after)
	}
	if client(t, follower).Get(t.Context(), "kept").Val() != "x" {
		t.Error("a write is lost")
	}
	if _, got, _, after := changed(t, Replicate, master, map[string]any{"master": "none"}); got.Outputs["after"] != "none" || after != action.AppliedFully {
		t.Errorf("%v %s", got, after)
	}
	if got := actiontest.Run(t, Replicate, master, map[string]any{"master": "none"}).Outputs; got["changed"] != false {
		t.Errorf("%v", got)
	}
}

func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

func TestConfigRewriteReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	plain := callTo(t, realtest.StartRedis(t).Address)
	_, err := actiontest.Bind(t, ConfigRewrite, plain, nil).Run(t.Context(), plain)
	if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, "without a configuration file") || f.Applied != action.AppliedNot {
		t.Errorf("%+v", err)
	}
	file := filepath.Join(t.TempDir(), "redis.conf")
	if err := os.WriteFile(file, []byte("maxmemory 100mb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	call := callTo(t, realtest.StartRedis(t, file).Address)
	actiontest.Run(t, ConfigSet, call, map[string]any{"parameter": "maxmemory", "value": "200mb"})
	preview, got, _, _ := changed(t, ConfigRewrite, call, nil)
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), "maxmemory 200mb") || got.Outputs["file"] != file || preview.Touches[0].Name != file {
		t.Errorf("%v %+v, %v: %s", got, preview, err, text)
	}
}

func TestClusterReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	call := callTo(t, realtest.StartRedis(t, "--cluster-enabled", "yes").Address)
	if got := actiontest.Run(t, Cluster, call, nil).Outputs; got["enabled"] != true || got["state"] != "fail" || got["slots_assigned"] != 0 || len(got["nodes"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	if err := client(t, call).ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return actiontest.Run(t, Cluster, call, nil).Outputs["state"] == "ok" })
	got := actiontest.Run(t, Cluster, call, nil)
	node := got.Outputs["nodes"].([]any)[0].(map[string]any)
	if got.Summary != "ok, 1 node, 16384 of 16384 slots served" || node["slots"] != 16384 || node["myself"] != true || node["failed"] != false {
		t.Errorf("%s %v", got.Summary, got.Outputs)
	}
	if got := actiontest.Run(t, Scan, call, map[string]any{"pattern": "*"}).Outputs; got["complete"] != false {
		t.Errorf("one node is not all: %v", got)
	}
}

// TestDeletingLeavesTheServerToOthers deletes 100,000 keys while another client asks all the
// time, and holds that 99 of 100 of its answers come within 10 ms, and that it stops at its
// limit. A machine on which they do not come so soon while nothing is deleted is too busy to
// tell, and is measured again.
func TestDeletingLeavesTheServerToOthersReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	const keys, limit = 100_000, 99_990
	call := callTo(t, realtest.StartRedis(t).Address)
	c := client(t, call)
	for try := 1; ; try++ {
		fill(t, c, keys)
		quiet := beside(t, call, func() { time.Sleep(time.Second) })
		var got map[string]any
		busy := beside(t, call, func() {
			got = actiontest.Run(t, DeleteKeys, call, map[string]any{"pattern": "page:*", "limit": limit}).Outputs
		})
		left := int(c.DBSize(t.Context()).Val())
		if got["deleted"] != limit || got["complete"] != false || left != keys-limit {
			t.Errorf("deleted %v, complete %v, %d are left", got["deleted"], got["complete"], left)
		}
		t.Logf("p99 of others: %v while nothing is deleted, %v meanwhile", quiet, busy)
		if busy < 10*time.Millisecond {
			return
		}
		if try == 5 || quiet < 2*time.Millisecond && try == 3 {
			t.Errorf("p99 of others is %v while keys are deleted, and %v else", busy, quiet)
			return
		}
	}
}

func fill(t *testing.T, c *goredis.Client, keys int) {
	t.Helper()
	for i := 0; i < keys; i += 1000 {
		_, err := c.Pipelined(t.Context(), func(p goredis.Pipeliner) error {
			for j := range 1000 {
				p.Set(t.Context(), fmt.Sprintf("page:%d", i+j), strings.Repeat("x", 200), 0)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// beside is the p99 of the answers that another client gets while do works.
func beside(t *testing.T, call action.Call, do func()) time.Duration {
	t.Helper()
	other := goredis.NewClient(&goredis.Options{Addr: client(t, call).Options().Addr, Protocol: 2, DisableIdentity: true, MaxRetries: -1})
	defer other.Close()
	ctx, stop := context.WithCancel(t.Context())
	var took []time.Duration
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			began := time.Now()
			_ = other.Get(t.Context(), "page:1").Err()
			took = append(took, time.Since(began))
			time.Sleep(500 * time.Microsecond)
		}
	}()
	do()
	stop()
	<-done
	slices.Sort(took)
	return took[(len(took)*99+99)/100-1]
}
