package realtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

func TestUniqueName(t *testing.T) {
	pattern := regexp.MustCompile(`^runbook-testuniquename-[a-z0-9]{8}$`)
	one, other := UniqueName(t), UniqueName(t)
	if one == other || !pattern.MatchString(one) {
		t.Errorf("names are %q and %q", one, other)
	}
}

func TestFreePort(t *testing.T) {
	port := FreePort(t)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestPingRedis(t *testing.T) {
	for reply, ok := range map[string]bool{"+PONG\r\n": true, "-NOAUTH Authentication required.\r\n": false, "": false} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			defer connection.Close()
			if _, err := connection.Read(make([]byte, 16)); err == nil {
				fmt.Fprint(connection, reply)
			}
		}()
		if err := pingRedis(t.Context(), listener.Addr().String()); (err == nil) != ok {
			t.Errorf("reply %q: %v", reply, err)
		}
		listener.Close()
	}
}

// memory returns what the engine measures as memory of the container.
func memory(t *testing.T, env *DockerEnv, app *App) uint64 {
	t.Helper()
	result, err := env.Client.ContainerStats(t.Context(), app.ID, client.ContainerStatsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(result.Body).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	return stats.MemoryStats.Usage
}

// waitForMemory waits until the memory of the container is as held says.
func waitForMemory(t *testing.T, env *DockerEnv, app *App, held func(uint64) bool) {
	t.Helper()
	err := poll(t.Context(), 20*time.Second, func(context.Context) error {
		if used := memory(t, env, app); !held(used) {
			return fmt.Errorf("%s uses %d bytes", app.Name, used)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func above(bytes uint64) func(uint64) bool { return func(used uint64) bool { return used > bytes } }
func below(bytes uint64) func(uint64) bool { return func(used uint64) bool { return used < bytes } }

func TestAppReal(t *testing.T) {
	if !Enabled() {
		return
	}
	env := Docker(t)
	app := env.App(t, AppOptions{MemoryMiB: 128, HealthCheck: true})
	const idle, leaked = 15 << 20, 30 << 20
	if used := memory(t, env, app); used >= idle {
		t.Errorf("%d bytes before any leak", used)
	}

	app.Leak(t, "cache", "16MiB")
	waitForMemory(t, env, app, above(leaked))
	app.post(t, "/api/cache/clear", nil)
	waitForMemory(t, env, app, below(idle))

	app.Leak(t, "heap", "16MiB")
	waitForMemory(t, env, app, above(leaked))
	app.post(t, "/api/cache/clear", nil)
	if used := memory(t, env, app); used < leaked {
		t.Errorf("%d bytes: clearing the cache ended a leak outside it", used)
	}
	if count := app.Requests(t)["POST /api/cache/clear"]; count != 2 {
		t.Errorf("%d requests to clear the cache", count)
	}

	started := time.Now()
	if _, err := env.Client.ContainerRestart(t.Context(), app.ID, client.ContainerRestartOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Logf("restarted in %v", time.Since(started))
	if err := poll(t.Context(), 10*time.Second, app.answers); err != nil {
		t.Fatalf("after the restart: %v", err)
	}
	waitForMemory(t, env, app, below(idle))
	waitForHealth(t, env, app)
}

func waitForHealth(t *testing.T, env *DockerEnv, app *App) {
	t.Helper()
	err := poll(t.Context(), 15*time.Second, func(ctx context.Context) error {
		result, err := env.Client.ContainerInspect(ctx, app.ID, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if health := result.Container.State.Health; health == nil || health.Status != container.Healthy {
			return fmt.Errorf("the health of %s is %+v", app.Name, health)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedisReal(t *testing.T) {
	if !Enabled() {
		return
	}
	if err := pingRedis(t.Context(), Redis(t)); err != nil {
		t.Error(err)
	}
	server := StartRedis(t)
	server.Stop()
	if err := pingRedis(t.Context(), server.Address); err == nil {
		t.Error("a Redis server that was stopped answers")
	}
}
