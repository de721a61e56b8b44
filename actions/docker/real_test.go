package docker

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
)

// wallClock is the real one.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (wallClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

func realCall(t *testing.T) action.Call {
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = client.DefaultDockerHost
	}
	call := callTo(t, map[string]any{"host": host})
	call.Clock = wallClock{}
	return call
}

// realGuest is a container of a real engine that grows by rate bytes a second.
func realGuest(t *testing.T, rate int) *guest {
	t.Helper()
	call := realCall(t)
	e, err := Open(call)
	if err != nil {
		t.Fatal(err)
	}
	name := guestName()
	(&dockertest.Engine{API: e.API}).Import(t, name+":test")
	g := &guest{name: name, image: name + ":test", call: call, prints: []any{"/guest", "print", "a b", "7"}}
	g.start(t, "/guest", "serve", fmt.Sprint(rate))
	return g
}

func guestName() string {
	return fmt.Sprintf("runbook-docker-%d-%d", os.Getpid(), time.Now().UnixNano())
}

// start makes the container of the guest and starts it.
func (g *guest) start(t *testing.T, argv ...string) {
	t.Helper()
	e, err := Open(g.call)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	_, err = e.API.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name:       g.name,
		Config:     &container.Config{Image: g.image, Cmd: argv, Labels: map[string]string{ServiceLabel: "service-" + g.name}},
		HostConfig: &container.HostConfig{Resources: container.Resources{Memory: 128 << 20, MemorySwap: 128 << 20}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = e.API.ContainerRemove(ctx, g.name, client.ContainerRemoveOptions{Force: true}) })
	if _, err := e.API.ContainerStart(ctx, g.name, client.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
}

func TestLifecycleReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	contractLifecycle(t, realGuest(t, 0))
}

func TestLimitsReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	contractLimits(t, realGuest(t, 0))
}

func TestExecAndLogsReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	contractExecAndLogs(t, realGuest(t, 0))
}

func TestLeakReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	contractLeak(t, realGuest(t, 4<<20), realGuest(t, 0), 5*time.Second, 4<<20)
}

func TestDryRunReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	contractDryRun(t, realGuest(t, 0))
}

func TestListedExecReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	contractListedExec(t, realGuest(t, 0))
}

// realOnly reports whether there is no real engine to test against.
func realOnly() bool { return os.Getenv("RUNBOOK_TEST_REAL") == "" }
