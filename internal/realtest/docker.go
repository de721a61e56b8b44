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
// socket.
func Docker(t testing.TB) *DockerEnv {
	t.Helper()
	host := cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost)
	env, err := connect(t, host, 3*time.Second)
	if err != nil {
		t.Fatalf("no Docker engine answers at %s; start one, or set DOCKER_HOST: %v", host, err)
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
