package docker

import (
	"context"
	"testing"
	"time"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
	"runbook/lab/gate"
	"runbook/lab/model"
)

// labEngine is the engine of a lab on a clock that steps.
type labEngine struct {
	model *model.Model
	gate  *gate.Gate
	log   *gate.Log
	call  action.Call
}

func newLabEngine(t *testing.T) *labEngine {
	t.Helper()
	e := dockertest.Lab(t)
	return &labEngine{model: e.Model, gate: e.Gate, log: e.Log, call: e.Call}
}

// guest is a container of the lab beside its service.
func (l *labEngine) guest(t *testing.T) *guest {
	t.Helper()
	g := &guest{
		name: guestName(), image: "redis:7.2", call: l.call,
		prints: []any{"sh", "-c", `echo "a b"; echo $GUEST >&2; exit 7`},
	}
	g.start(t, "sh", "-c", "echo guest started, MemoryError: none; sleep 3600000")
	return g
}

func TestLifecycleLab(t *testing.T) { contractLifecycle(t, newLabEngine(t).guest(t)) }

func TestLimitsLab(t *testing.T) { contractLimits(t, newLabEngine(t).guest(t)) }

func TestExecAndLogsLab(t *testing.T) { contractExecAndLogs(t, newLabEngine(t).guest(t)) }

func TestListedExecLab(t *testing.T) { contractListedExec(t, newLabEngine(t).guest(t)) }

func TestDryRunLab(t *testing.T) { contractDryRun(t, newLabEngine(t).guest(t)) }

func TestLeakLab(t *testing.T) {
	l := newLabEngine(t)
	var err error
	l.model.Change(func(w *model.World) {
		err = w.Inject("memory-leak", nil)
		w.App.LeakRate = 0.5 * model.MiB
	})
	if err != nil {
		t.Fatal(err)
	}
	app := &guest{name: "mltb-app-1", image: "mltb/app:1.4.2", call: l.call}
	contractLeak(t, app, l.guest(t), time.Minute, 0.5*model.MiB)
}

// TestReplyLostLab holds that a restart whose reply is lost has happened, that
// the action does not say otherwise, and that settling finds out.
func TestReplyLostLab(t *testing.T) {
	l := newLabEngine(t)
	l.gate.LoseReplies(1)
	params := map[string]any{"container": "app"}
	b := bound(t, Restart, l.call, params)
	before, err := b.Subjects(context.Background(), l.call)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, Restart, l.call, params); action.ClassOf(err) != action.AppliedLost {
		t.Errorf("%s: %v", action.ClassOf(err), err)
	}
	if applied, o, err := b.Settle(context.Background(), l.call, before); applied != action.AppliedFully || err != nil {
		t.Errorf("settled as %s with %v, %v", applied, o, err)
	}
	if _, changes := l.log.Calls(); len(changes) != 1 || changes[0].Name != "POST /containers/mltb-app-1/restart" {
		t.Errorf("changes: %v", changes)
	}
}

// TestHangLab holds that an engine that hangs ends a request by its limit in the
// lab's time, and that nothing is done.
func TestHangLab(t *testing.T) {
	l := newLabEngine(t)
	b := bound(t, Restart, l.call, map[string]any{"container": "mltb-app-1"})
	l.gate.SetHanging(true)
	ctx, cancel := l.call.Clock.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	began := l.call.Clock.Now()
	if _, err := b.Run(ctx, l.call); err == nil {
		t.Error("an engine that hangs answers")
	}
	if took := l.call.Clock.Now().Sub(began); took != 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if _, changes := l.log.Calls(); len(changes) != 0 {
		t.Errorf("changes: %v", changes)
	}
}
