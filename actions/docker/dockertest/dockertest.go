// Package dockertest gives the tests of the family docker engines: that of a lab, and
// where RUNBOOK_TEST_REAL is set a real one.
package dockertest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/lab/clock"
	"runbook/lab/docker"
	"runbook/lab/gate"
	"runbook/lab/model"
)

// Engine is an engine to test against.
type Engine struct {
	Call  action.Call
	API   *client.Client
	Image string   // one that is there, without a health check
	Argv  []string // what serves in a container of it until it is stopped
	Real  bool
	Model *model.Model // of the lab
	Gate  *gate.Gate   // of the lab
	Log   *gate.Log    // of the lab
}

// Each runs a test on the engine of a lab, and where RUNBOOK_TEST_REAL is set on a real one.
func Each(t *testing.T, test func(*testing.T, *Engine)) {
	t.Helper()
	t.Run("lab", func(t *testing.T) { test(t, Lab(t)) })
	if os.Getenv("RUNBOOK_TEST_REAL") != "" {
		t.Run("real", func(t *testing.T) { test(t, Real(t)) })
	}
}

// Lab is the engine of a lab on a clock that steps.
func Lab(t *testing.T) *Engine {
	t.Helper()
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	e := &Engine{Model: model.New(1, c.Now), Log: &gate.Log{}, Image: "redis:7.2", Argv: []string{"sh", "-c", "echo guest started; sleep 3600000"}}
	e.Gate = gate.New("docker", c, e.Log)
	dir, err := os.MkdirTemp("", "lab") // a path short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	where, address := "unix", filepath.Join(dir, "d.sock")
	if runtime.GOOS == "windows" {
		where, address = "tcp", "127.0.0.1:0"
	}
	s, err := docker.Serve(e.Model, e.Gate, where, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		c.Close()
		_ = os.RemoveAll(dir)
	})
	e.open(t, where+"://"+s.Addr(), c)
	return e
}

// Real is the engine of $DOCKER_HOST, with an image of the guest: the program in testdata.
func Real(t *testing.T) *Engine {
	t.Helper()
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = client.DefaultDockerHost
	}
	e := &Engine{Real: true, Image: Name() + ":1", Argv: []string{"/guest", "serve", "0"}}
	e.open(t, host, action.SystemClock())
	e.Import(t, e.Image)
	return e
}

func (e *Engine) open(t *testing.T, host string, c action.Clock) {
	t.Helper()
	var err error
	if e.API, err = client.New(client.WithHost(host)); err != nil {
		t.Fatal(err)
	}
	clients := action.NewClients()
	t.Cleanup(func() {
		_ = e.API.Close()
		_ = clients.Close()
	})
	e.Call = action.Call{
		Target:  action.Target{Name: "docker", Kind: "docker", Config: map[string]any{"host": host}, Address: host},
		Clients: clients, Log: slog.New(slog.DiscardHandler), Progress: func(action.Progress) {}, Clock: c, Step: "step",
	}
}

// Name is a name that nothing else has.
func Name() string { return fmt.Sprintf("runbook-test-%d-%d", os.Getpid(), time.Now().UnixNano()) }

// Make makes a container and starts it; change may change what it is made of.
func (e *Engine) Make(t *testing.T, change func(*client.ContainerCreateOptions)) string {
	t.Helper()
	options := client.ContainerCreateOptions{
		Name: Name(), Config: &container.Config{Image: e.Image, Cmd: e.Argv}, HostConfig: &container.HostConfig{}, NetworkingConfig: &network.NetworkingConfig{},
	}
	if change != nil {
		change(&options)
	}
	if _, err := e.API.ContainerCreate(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = e.API.ContainerRemove(context.Background(), options.Name, client.ContainerRemoveOptions{Force: true})
	})
	if _, err := e.API.ContainerStart(t.Context(), options.Name, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	return options.Name
}

// Try binds an action to these values and runs it.
func (e *Engine) Try(t *testing.T, a *action.Action, values map[string]any) (action.Result, error) {
	t.Helper()
	b, err := a.Decode(values, e.Call.Target)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	return b.Run(ctx, e.Call)
}

// Run is Try, and fails t where it fails.
func (e *Engine) Run(t *testing.T, a *action.Action, values map[string]any) action.Result {
	t.Helper()
	r, err := e.Try(t, a, values)
	if err != nil {
		t.Fatalf("%s: %+v", a.Name, action.AsFailure(err))
	}
	t.Logf("%s: %s", a.Name, r.Summary)
	return r
}

// Preview previews a change, of which it says one line by change, as "name: before → after".
func (e *Engine) Preview(t *testing.T, a *action.Action, values map[string]any) (action.Preview, []string) {
	t.Helper()
	b, err := a.Decode(values, e.Call.Target)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	call := e.Call
	call.DryRun, call.Clients = true, action.NewClients()
	defer func() { _ = call.Clients.Close() }()
	p, err := b.Preview(t.Context(), call)
	if err != nil {
		t.Fatalf("%s: %+v", a.Name, action.AsFailure(err))
	}
	var lines []string
	for _, c := range p.Changes {
		lines = append(lines, strings.TrimSpace(c.Name+": "+c.Before+" → "+c.After))
	}
	return p, lines
}

// Settle asks afterwards what became of a change; meanwhile makes it.
func (e *Engine) Settle(t *testing.T, a *action.Action, values map[string]any, meanwhile func()) action.Applied {
	t.Helper()
	b, err := a.Decode(values, e.Call.Target)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	subjects, err := b.Subjects(t.Context(), e.Call)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	meanwhile()
	applied, _, err := b.Settle(t.Context(), e.Call, subjects)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	return applied
}
