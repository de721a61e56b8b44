package realtest

import (
	"cmp"
	"context"
	"os"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// DockerEnv is a Docker engine that answers.
type DockerEnv struct {
	Host   string // as in $DOCKER_HOST: unix:///path or tcp://host:port
	Client *client.Client
}

// Docker returns the engine that $DOCKER_HOST names, or the one at the standard
// socket. Where neither answers and $DOCKER_HOST is not set, it starts one, as
// root on Linux, which lasts as long as the test. Packages that must start one
// wait for each other, so call Docker once in a test.
func Docker(t testing.TB) *DockerEnv {
	t.Helper()
	named := os.Getenv("DOCKER_HOST")
	host := cmp.Or(named, client.DefaultDockerHost)
	env, err := connect(t, host, 3*time.Second)
	if err == nil {
		return env
	}
	if named != "" {
		t.Fatalf("no Docker engine answers at DOCKER_HOST=%s: %v", named, err)
	}
	t.Logf("no Docker engine answers at %s, starting one: %v", host, err)
	host = startDockerd(t)
	if env, err = connect(t, host, time.Minute); err != nil {
		t.Fatalf("the Docker engine that was started at %s does not answer: %v", host, err)
	}
	return env
}

// connect waits until the engine at host answers.
func connect(t testing.TB, host string, timeout time.Duration) (*DockerEnv, error) {
	t.Helper()
	cli, err := client.New(client.WithHost(host), client.WithTLSClientConfigFromEnv())
	if err != nil {
		return nil, err
	}
	err = poll(t.Context(), timeout, func(ctx context.Context) error {
		_, err := cli.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
		return err
	})
	if err != nil {
		cli.Close()
		return nil, err
	}
	t.Cleanup(func() { cli.Close() })
	return &DockerEnv{Host: host, Client: cli}, nil
}
