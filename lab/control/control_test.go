package control

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/engine/page"
	"runbook/lab"
	"runbook/lab/model"
)

func TestParseFault(t *testing.T) {
	for _, c := range []struct {
		text string
		want lab.Fault
		bad  string
	}{
		{text: "memory-leak", want: lab.Fault{Name: "memory-leak"}},
		{text: "memory-leak,returns", want: lab.Fault{Name: "memory-leak", Options: map[string]bool{"returns": true}}},
		{text: "memory-leak,returns=false", want: lab.Fault{Name: "memory-leak", Options: map[string]bool{"returns": false}}},
		{text: "memory-leak,returns=late", bad: `is true or false, not "late"`},
		{text: "memory-leak,returns=", bad: `is true or false, not ""`},
		{text: "target-gone,on=docker,for=30s", want: lab.Fault{Name: "target-gone", On: "docker", For: 30 * time.Second}},
		{text: "target-gone,for=soon", bad: "is no duration"},
		{text: "target-gone,for=-1s", bad: "is no duration"},
		{text: "memory-leak,wrong", bad: "it has returns"},
		{text: "redis-down,wrong", bad: "it has none"},
		{text: "memory-lek", bad: `there is no fault "memory-lek"`},
	} {
		got, err := ParseFault(c.text)
		var e *Error
		switch {
		case c.bad != "":
			if !errors.As(err, &e) || e.Kind != Wrong || !strings.Contains(err.Error(), c.bad) || len(e.Failure.Do) == 0 {
				t.Errorf("%s: %v, want %q and what to do", c.text, err, c.bad)
			}
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case !reflect.DeepEqual(got, c.want):
			t.Errorf("%s is %+v, want %+v", c.text, got, c.want)
		}
	}
}

func kindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return -1
}

// TestALifeOfALab holds what other processes do with a lab: they find it, ask
// it, change it, and find none after its end.
func TestALifeOfALab(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir, ctx := filepath.Join(t.TempDir(), "lab"), t.Context()
	if _, err := Find(dir); kindOf(err) != None {
		t.Errorf("before its start: %v", err)
	}
	up, err := Start(ctx, Options{Dir: dir, Seed: 1, Speed: 1, Faults: []lab.Fault{{Name: "redis-down"}}})
	if err != nil {
		t.Fatal(err)
	}
	if told := up.Told(); len(told) != 1 || !strings.HasPrefix(told[0], "fault redis-down is injected; its symptoms are plain after") {
		t.Errorf("told %q", told)
	}
	if _, err := Start(ctx, Options{Dir: dir, Seed: 1, Speed: 1}); kindOf(err) != Busy {
		t.Errorf("a second one: %v", err)
	}
	s, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]os.FileMode{s.File: 0o600, sessionFile(dir): 0o600, filepath.Dir(s.Control): 0o700 | os.ModeDir, dir: 0o700 | os.ModeDir} {
		if info, err := os.Stat(file); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, want %v", file, err, want)
		}
	}
	orders(t, s)
	now, err := s.Clock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	if off := now.Now().Sub(up.lab.Clock().Now()).Abs(); off > 5*time.Second {
		t.Errorf("the clock is %s off", off)
	}
	if err := up.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Find(dir); kindOf(err) != None {
		t.Errorf("after its end: %v", err)
	}
	for _, file := range []string{s.File, sessionFile(dir), s.Control, filepath.Dir(s.Control)} {
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", file, err)
		}
	}
	if _, err := s.State(ctx); err == nil || !strings.Contains(err.Error(), "the lab does not answer") {
		t.Errorf("asked after its end: %v", err)
	}
}

// orders gives orders to a lab in which Redis is down, and looks what came of
// them.
func orders(t *testing.T, s *Session) {
	t.Helper()
	ctx := t.Context()
	state := func() model.State {
		got, err := s.State(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if state().Redis.Running {
		t.Error("Redis runs")
	}
	for _, c := range []struct {
		name string
		told string
		bad  string
		do   func() (string, error)
	}{
		{name: "heal", told: "fault redis-down is healed", do: func() (string, error) { return s.Heal(ctx, lab.Fault{Name: "redis-down"}) }},
		{name: "heal again", told: "redis-down is not injected; injected: (none)", do: func() (string, error) { return s.Heal(ctx, lab.Fault{Name: "redis-down"}) }},
		{name: "inject for a time", told: "it heals by itself after 10m 00s", do: func() (string, error) {
			return s.Inject(ctx, lab.Fault{Name: "target-gone", On: "docker", For: 10 * time.Minute})
		}},
		{name: "heal without its target", told: "fault target-gone is healed", do: func() (string, error) { return s.Heal(ctx, lab.Fault{Name: "target-gone"}) }},
		{name: "forward", told: "20m 00s have passed in the lab: memory ", do: func() (string, error) { return s.Forward(ctx, 20*time.Minute) }},
		{name: "forward not", bad: "no duration that can pass at once", do: func() (string, error) { return s.Forward(ctx, 0) }},
		{name: "forward too far", bad: "no duration that can pass at once", do: func() (string, error) { return s.Forward(ctx, MostForward+1) }},
		{name: "no such fault", bad: "there is no fault", do: func() (string, error) { return s.Inject(ctx, lab.Fault{Name: "fire"}) }},
		{name: "heal no such fault", bad: "there is no fault", do: func() (string, error) { return s.Heal(ctx, lab.Fault{Name: "fire"}) }},
	} {
		told, err := c.do()
		if c.bad != "" {
			if kindOf(err) != Wrong || !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%s: %v, want %q", c.name, err, c.bad)
			}
		} else if err != nil || !strings.Contains(told, c.told) {
			t.Errorf("%s: %q, %v, want %q", c.name, told, err, c.told)
		}
	}
	if got := state(); !got.Redis.Running || len(got.Faults) != 0 || got.AgeSeconds < 1200 {
		t.Errorf("after all orders: Redis %v, faults %v, age %v", got.Redis.Running, got.Faults, got.AgeSeconds)
	}
}

// TestALabThatDied holds that the file of a process that was killed is no lab.
func TestALabThatDied(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{`{"pid":1,"control":"/nowhere/control.sock"}`, `{`} {
		if err := os.WriteFile(sessionFile(dir), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Find(dir); kindOf(err) != None {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestAStartThatFailsLeavesNothing holds that a fault that cannot be ends the lab.
func TestAStartThatFailsLeavesNothing(t *testing.T) {
	defer goleak.VerifyNone(t)
	dir := t.TempDir()
	_, err := Start(t.Context(), Options{Dir: dir, Seed: 1, Speed: 1, Faults: []lab.Fault{{Name: "target-gone"}}})
	if kindOf(err) != Wrong || !strings.Contains(err.Error(), "needs a target") {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPage(t *testing.T) {
	now := time.Date(2026, 11, 24, 16, 40, 0, 0, time.UTC)
	s := model.State{AgeSeconds: 90, Now: now, Faults: []string{"redis-down", "cpu-hot"}, Ended: []string{"memory-leak"}, Containers: []model.ContainerState{{Name: "mltb-app-1", State: "running", Health: "healthy"}}}
	s.Kills = []model.KillState{{At: now.Add(-75 * time.Second), Container: "mltb-app-1", MemoryBytes: 1 << 30}}
	s.App.Running, s.App.Restarts, s.Redis.Entries, s.Queue.Workers, s.Calls = true, 1, 1200, 2, 1
	text := Page(s, page.Look{Width: 92, Unicode: true}).String()
	for _, want := range []string{
		"lab          1m 30s old, faults redis-down, cpu-hot, alerts (none)\n",
		"ended        memory-leak: what was wrong is no longer there\n",
		"kernel       killed the process of mltb-app-1 at 16:38:45, 1m 15s ago: out of memory, at\n             1.00 GiB\n",
		"app          runs, does not answer, memory 0 bytes, no limit; CPU 0.0 %, 1 restart\n",
		"redis        is down, memory 0 bytes, 1,200 entries\n",
		"queue        0 wait, 0 in processing, 0 stuck, 2 workers\n",
		"container    mltb-app-1            running healthy\n",
		"asked        1 request of the targets, 0 of them changes\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
