package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// guest is a running container on an engine, a real one or that of the lab.
type guest struct {
	name   string
	image  string
	call   action.Call
	prints []any // the program that prints "a b", and $GUEST as an error, and ends with 7
}

func (g *guest) run(t *testing.T, a *action.Action, params map[string]any) action.Result {
	t.Helper()
	with := map[string]any{"container": g.name}
	for k, v := range params {
		with[k] = v
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := bound(t, a, g.call, with).Run(ctx, g.call)
	if err != nil {
		t.Fatalf("%s: %+v", a.Name, action.AsFailure(err))
	}
	t.Logf("%s: %s", a.Name, r.Summary)
	return r
}

// contractLifecycle takes one container through all changes of an engine.
func contractLifecycle(t *testing.T, g *guest) {
	o := g.run(t, Inspect, nil).Outputs
	if fmt.Sprint(o["running"], o["healthy"], o["memory_limit_bytes"]) != "true true 134217728" || o["image"] != g.image {
		t.Errorf("inspect: %v", o)
	}
	started := o["started_at"].(time.Time)
	if r := mustRun(t, List, g.call, map[string]any{"name": "service-" + g.name}); r.Outputs["count"] != int64(1) && r.Outputs["count"] != 1 {
		t.Errorf("list: %v", r.Outputs)
	}
	b := bound(t, Restart, g.call, map[string]any{"container": g.name})
	before, err := b.Subjects(context.Background(), g.call)
	if err != nil {
		t.Fatal(err)
	}
	if again := g.run(t, Restart, nil).Outputs["started_at"].(time.Time); !again.After(started) {
		t.Errorf("started at %s, and before at %s", again, started)
	}
	if applied, _, err := b.Settle(context.Background(), g.call, before); applied != action.AppliedFully || err != nil {
		t.Errorf("settled as %s, %v", applied, err)
	}
	g.run(t, Pause, nil)
	if o := g.run(t, Inspect, nil).Outputs; o["paused"] != true || o["healthy"] != false || o["running"] != true {
		t.Errorf("paused: %v", o)
	}
	g.run(t, Unpause, nil)
	g.run(t, Stop, map[string]any{"timeout": 2 * time.Second})
	if o := g.run(t, Inspect, nil).Outputs; o["running"] != false || o["finished_at"] == nil {
		t.Errorf("stopped: %v", o)
	}
	if _, err := run(t, Stats, g.call, map[string]any{"container": g.name}); err == nil || !strings.Contains(err.Error(), "is not running") {
		t.Errorf("stats of a stopped container: %v", err)
	}
	if _, err := run(t, Pause, g.call, map[string]any{"container": g.name}); action.ClassOf(err) != action.AppliedNot {
		t.Errorf("pause of a stopped container: %s, %v", action.ClassOf(err), err)
	}
	g.run(t, Start, nil)
	if o := g.run(t, WaitHealthy, nil).Outputs; o["healthy"] != true {
		t.Errorf("wait: %v", o)
	}
}

func contractLimits(t *testing.T, g *guest) {
	// Above the present limit of memory and swap, which Docker refuses alone.
	r := g.run(t, UpdateLimits, map[string]any{"memory": schema.Size(256 << 20), "cpus": 0.5})
	if r.Summary != "container "+g.name+": memory limit 128 MiB → 256 MiB, cpus none → 0.5" {
		t.Errorf("summary %q", r.Summary)
	}
	if o := g.run(t, Stats, nil).Outputs; fmt.Sprint(o["memory_limit_bytes"]) != "268435456" {
		t.Errorf("the kernel has %v", o["memory_limit_bytes"])
	}
	if r := g.run(t, UpdateLimits, map[string]any{"memory": schema.Size(256 << 20), "cpus": 0.5}); r.Outputs["changed"] != false {
		t.Errorf("again: %v", r.Outputs)
	}
}

// contractExecAndLogs needs a guest that has said "guest started, MemoryError: none".
func contractExecAndLogs(t *testing.T, g *guest) {
	o := g.run(t, Exec, map[string]any{"argv": g.prints, "env": map[string]any{"GUEST": "c"}}).Outputs
	if got := fmt.Sprintf("%v %q %q", o["exit_code"], o["stdout"], o["stderr"]); got != `7 "a b\n" "c\n"` {
		t.Errorf("exec: %s", got)
	}
	// Docker 20.10 starts nothing and says so on the stream.
	if o := g.run(t, Exec, map[string]any{"argv": []any{"/absent"}}).Outputs; fmt.Sprint(o["exit_code"]) == "0" {
		t.Errorf("a program that is absent: %v", o)
	}
	o = g.run(t, Logs, map[string]any{"count": []any{"MemoryError", "absent"}}).Outputs
	if got := fmt.Sprint(o["lines"], o["counts"]); got != "[guest started, MemoryError: none] map[MemoryError:1 absent:0]" {
		t.Errorf("logs: %s", got)
	}
	if o := g.run(t, Logs, map[string]any{"since": time.Nanosecond}).Outputs; fmt.Sprint(o["total_lines"]) != "0" {
		t.Errorf("logs since now: %v", o)
	}
}

// contractLeak measures a leak of rate bytes a second, and none in a container
// that does not leak.
func contractLeak(t *testing.T, leaks, holds *guest, long time.Duration, rate float64) {
	window := map[string]any{"for": long, "every": 500 * time.Millisecond}
	o := leaks.run(t, SampleStats, window).Outputs
	slope, low := o["slope_bytes_per_second"].(float64), o["slope_low_bytes_per_second"].(float64)
	if slope < rate*3/4 || slope > rate*5/4 || low < rate/2 || low > slope {
		t.Errorf("slope %v, at least %v", slope, low)
	}
	o = holds.run(t, SampleStats, window).Outputs
	if low := o["slope_low_bytes_per_second"].(float64); low > 100<<10 {
		t.Errorf("no leak, and the slope is at least %v", low)
	}
}

// contractDryRun holds with the engine's own event stream that nothing changes.
func contractDryRun(t *testing.T, g *guest) {
	g.call.DryRun = true
	e, err := Open(g.call)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := e.API.Events(ctx, client.EventsListOptions{Filters: client.Filters{}.Add("container", g.name)})
	time.Sleep(200 * time.Millisecond) // until the engine has the subscription
	for _, a := range []*action.Action{Restart, Stop, Pause} {
		if _, err := run(t, a, g.call, map[string]any{"container": g.name}); action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	g.run(t, Stats, nil)
	select {
	case event := <-events.Messages:
		t.Errorf("the engine reports %s", event.Action)
	case err := <-events.Err:
		t.Error(err)
	case <-time.After(300 * time.Millisecond):
	}
}

// contractListedExec runs in a dry run what the target lists, and nothing else: the
// engine hears of no other exec.
func contractListedExec(t *testing.T, g *guest) {
	g.call.DryRun = true
	program := fmt.Sprint(g.prints[0])
	g.call.Target.Programs = []action.ProgramRule{{Argv: []string{program}}}
	o := g.run(t, Exec, map[string]any{"argv": g.prints, "env": map[string]any{"GUEST": "c"}}).Outputs
	if got := fmt.Sprintf("%v %q %q", o["exit_code"], o["stdout"], o["stderr"]); got != `7 "a b\n" "c\n"` {
		t.Errorf("a listed program: %s", got)
	}
	e, err := Open(g.call)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := e.API.Events(ctx, client.EventsListOptions{Filters: client.Filters{}.Add("container", g.name)})
	time.Sleep(200 * time.Millisecond) // until the engine has the subscription
	for name, with := range map[string]map[string]any{
		"another program": {"argv": []any{"true"}},
		"a loader":        {"argv": g.prints, "env": map[string]any{"LD_PRELOAD": "/x.so"}},
	} {
		with["container"] = g.name
		if _, err := run(t, Exec, g.call, with); !errors.Is(err, action.ErrDryRun) || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.API.ExecCreate(ctx, g.name, client.ExecCreateOptions{Cmd: []string{program}}); !errors.Is(err, action.ErrDryRun) {
		t.Errorf("past the action: %v", err)
	}
	select {
	case event := <-events.Messages:
		t.Errorf("the engine reports %s", event.Action)
	case err := <-events.Err:
		t.Error(err)
	case <-time.After(300 * time.Millisecond):
	}
}
