package redis

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/redis"
)

// simulated is a Redis of the lab.
type simulated struct {
	model *model.Model
	clock *clock.Clock
	gate  *gate.Gate
	at    string
}

func simulate(t *testing.T) *simulated {
	t.Helper()
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	l := &simulated{model: model.New(1, c.Now), clock: c}
	l.gate = gate.New("redis", c, &gate.Log{})
	server, err := redis.Serve(l.model, l.gate, "127.0.0.1:0", "lab-password")
	if err != nil {
		t.Fatal(err)
	}
	l.at = server.Addr()
	t.Cleanup(func() {
		l.gate.Close()
		server.Close()
		c.Close()
	})
	return l
}

func (l *simulated) call(t *testing.T) action.Call {
	call := callTo(t, l.at, "password", schema.NewSecret("redis", "lab-password"))
	call.Clock = l.clock
	return call
}

func TestContractInTheLab(t *testing.T) { contract(t, simulate(t).call) }

func TestPasswordsOfTheLabAreHidden(t *testing.T) {
	got := actiontest.Run(t, ConfigGet, simulate(t).call(t), nil)
	if values := got.Outputs["values"].(map[string]any); values["requirepass"] != "(hidden)" || values["masterauth"] != "" {
		t.Errorf("%v", values)
	}
}

// The reply to CONFIG SET is lost, and reading finds that it was applied.
func TestALostConfigSetIsSettled(t *testing.T) {
	l := simulate(t)
	call := l.call(t)
	bound := actiontest.Bind(t, ConfigSet, call, map[string]any{"parameter": "maxmemory", "value": "512mb"})
	subjects, err := bound.Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	l.gate.LoseReplies(1)
	if _, err := bound.Run(t.Context(), call); action.ClassOf(err) != action.AppliedLost {
		t.Errorf("run: %v", err)
	}
	applied, result, err := bound.Settle(t.Context(), call, subjects)
	if applied != action.AppliedFully || err != nil || result.Summary != "maxmemory 256 MiB → 512 MiB" {
		t.Errorf("settled as %s %+v, %v", applied, result, err)
	}
}

func TestAGoneServerTookNoChange(t *testing.T) {
	l := simulate(t)
	l.gate.SetGone(true)
	call := l.call(t)
	for a, with := range map[*action.Action]map[string]any{ConfigSet: {"parameter": "maxmemory", "value": "1gb"}, Save: nil} {
		if _, err := actiontest.Bind(t, a, call, with).Run(t.Context(), call); action.ClassOf(err) != action.AppliedNot || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
}

func TestASnapshotWithoutRoomFails(t *testing.T) {
	l := simulate(t)
	l.model.Change(func(w *model.World) { w.Disk.UsedBytes = w.Disk.TotalBytes })
	call := l.call(t)
	_, err := actiontest.Bind(t, Save, call, nil).Run(t.Context(), call)
	if f := action.AsFailure(err); err == nil || f.What != "the server could not write the snapshot" || f.Applied != action.AppliedNot {
		t.Errorf("%+v", err)
	}
}

// A limit below what is used is announced, and takes keys.
func TestALimitBelowTheUseIsAnnounced(t *testing.T) {
	call := simulate(t).call(t)
	preview, err := actiontest.Bind(t, ConfigSet, call, map[string]any{"parameter": "maxmemory", "value": "32mb"}).Preview(t.Context(), call)
	if err != nil || preview.Summary != "maxmemory 256 MiB → 32.0 MiB; it uses 96.0 MiB, so keys are evicted or writes refused" {
		t.Errorf("%q, %v", preview.Summary, err)
	}
}

func TestTheQueueOfTheLab(t *testing.T) {
	l := simulate(t)
	l.model.Change(func(w *model.World) {
		if err := w.Inject("worker-down", nil); err != nil {
			t.Error(err)
		}
	})
	l.clock.Advance(10 * time.Minute)
	got := actiontest.Run(t, QueueLength, l.call(t), map[string]any{"key": "queue:downloads"})
	if n := got.Outputs["length"].(int); n < 20 {
		t.Errorf("after 10 minutes without workers %s", got.Summary)
	}
}
