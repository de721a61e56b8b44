package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"runbook/engine/environment"
	"runbook/engine/yaml"
	"runbook/internal/realtest"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/lab/model"
)

func TestFaultsToBeginWith(t *testing.T) {
	for _, c := range []struct {
		text string
		want lab.Fault
		bad  string
	}{
		{text: "memory-leak", want: lab.Fault{Name: "memory-leak"}},
		{text: "memory-leak,returns", want: lab.Fault{Name: "memory-leak", Options: map[string]any{"returns": true}}},
		{text: "memory-leak,returns=false", want: lab.Fault{Name: "memory-leak", Options: map[string]any{"returns": false}}},
		{text: "target-gone,on=docker,for=30s", want: lab.Fault{Name: "target-gone", On: "docker", For: 30 * time.Second}},
		{text: "target-gone,for=soon", bad: "is no duration"},
		{text: "memory-leak,wrong", bad: "it has returns"},
		{text: "redis-down,wrong", bad: "it has none"},
		{text: "memory-lek", bad: `there is no fault "memory-lek"`},
	} {
		got, err := (&upCall{faults: []string{c.text}}).startFaults()
		switch {
		case c.bad != "":
			if err == nil || !strings.Contains(err.Error(), c.bad) {
				t.Errorf("%s: %v, want %q", c.text, err, c.bad)
			}
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case !reflect.DeepEqual(got[0].Fault, c.want):
			t.Errorf("%s is %+v, want %+v", c.text, got[0].Fault, c.want)
		}
	}
}

// TestFaultsGolden holds what `lab faults` prints on a terminal.
func TestFaultsGolden(t *testing.T) {
	page := rehearsalPage{80, true}
	golden(t, "lab-faults", page.faults(lab.Faults()))
	one, _ := model.Lookup("memory-leak")
	golden(t, "lab-fault", page.fault(one))
}

func started(t *testing.T) *lab.Lab {
	t.Helper()
	l, err := lab.Start(lab.Options{Seed: 1, Clock: clock.Flow(time.Now(), 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// TestRealTargetsReplaceThoseOfTheLab holds that with a real container the
// environment of the lab names it, and no container of anybody else.
func TestRealTargetsReplaceThoseOfTheLab(t *testing.T) {
	reg, err := registry()
	if err != nil {
		t.Fatal(err)
	}
	r := &realApp{host: "unix:///run/some.sock", api: 20001, metrics: 20002}
	text := r.configure(started(t).Configuration())
	env, list, err := environment.Parse(&yaml.Source{Name: "lab", Text: []byte(text)}, "lab", reg.Targets())
	if err != nil || list.Errors() > 0 {
		t.Fatalf("%v %v\n%s", err, list, text)
	}
	at := map[string]string{}
	for _, target := range env.Targets {
		at[target.Name] = target.Address
	}
	if at["docker"] != r.host || at["http"] != "http://127.0.0.1:20001" || at["metrics"] != "http://127.0.0.1:20002" {
		t.Errorf("the targets are %v", at)
	}
	if !strings.Contains(text, "project: "+r.project()) {
		t.Errorf("no project of its own in\n%s", text)
	}
}

func TestNoEngineIsSaid(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	_, err := startRealApp(t.Context())
	var p *problem
	if !errors.As(err, &p) || !strings.Contains(p.failure.What, "--docker needs a Docker engine") || len(p.failure.Do) == 0 {
		t.Errorf("without an engine: %v", err)
	}
}

// TestControlIsPrivate holds that only the user of a lab reaches its control,
// and that what it is asked for is done.
func TestControlIsPrivate(t *testing.T) {
	l := started(t)
	c, err := serveControl(l, nil)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(c.dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the control is %v, %v", info.Mode(), err)
	}
	s := &session{Control: c.socket()}
	var answer labAnswer
	if err := s.call(t.Context(), "inject", injection{lab.Fault{Name: "redis-down"}}, &answer); err != nil {
		t.Error(err)
	}
	var state model.State
	if err := s.call(t.Context(), "state", nil, &state); err != nil || state.Redis.Running {
		t.Errorf("after the fault: %v, %+v", err, state.Redis)
	}
	if err := s.call(t.Context(), "forward", injection{}, &answer); err == nil {
		t.Error("no time passes, and no error")
	}
	now, err := s.clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	if off := now.Now().Sub(l.Clock().Now()).Abs(); off > 2*time.Second {
		t.Errorf("the clock is %s off", off)
	}
	if err := c.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the control is left: %v", err)
	}
}

// TestRealAppReal runs the app in a container, leaks and removes it.
func TestRealAppReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	t.Setenv("DOCKER_HOST", realtest.Docker(t).Host)
	r, err := startRealApp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.leak(t.Context(), "heap", "8MiB"); err != nil {
		t.Error(err)
	}
	time.Sleep(3 * time.Second)
	if got := r.memory(t.Context()); got == "unknown" || strings.HasPrefix(got, "0") {
		t.Errorf("the memory of the container is %s", got)
	}
	if err := r.remove(); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if r.ask(ctx, "GET", "/health") == nil {
		t.Error("the app answers after its end")
	}
}
