package container

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

const (
	memoryLimit = 256 << 20 // bytes
	leakRate    = "2MiB"    // each second
)

// App is the app of the lab in a real container.
type App struct {
	client       *client.Client
	host         string // of the engine
	id           string
	name         string
	api, metrics int // ports on loopback
}

// Start makes the container of the app, on the engine that DOCKER_HOST names,
// and waits until it answers. It is to be removed.
func Start(ctx context.Context) (*App, error) {
	a := &App{host: cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost), name: project() + "-app-1"}
	var err error
	if a.client, err = client.New(client.WithHost(a.host), client.WithTLSClientConfigFromEnv()); err != nil {
		return nil, noEngine(a.host, err)
	}
	if err := a.make(ctx); err != nil {
		return nil, errors.Join(err, a.Remove())
	}
	return a, nil
}

func noEngine(host string, err error) error {
	return &action.Failure{
		What: "--docker needs a Docker engine: " + err.Error(), Where: host,
		Do: []string{"start it, or name another with DOCKER_HOST", "or do without a real container: runbook lab up"}, Err: err,
	}
}

// project is the Compose project of the container: one of this process, so that
// no playbook finds a container of anybody else.
func project() string { return fmt.Sprintf("runbook-lab-%d", os.Getpid()) }

func (a *App) make(ctx context.Context) error {
	if _, err := a.client.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return noEngine(a.host, err)
	}
	image, err := Image(ctx, a.client)
	if err != nil {
		return err
	}
	if a.api, err = FreePort(); err != nil {
		return err
	}
	if a.metrics, err = FreePort(); err != nil {
		return err
	}
	created, err := a.client.ContainerCreate(ctx, a.settings(image))
	if err != nil {
		return fmt.Errorf("create the container %s: %w", a.name, err)
	}
	a.id = created.ID
	if _, err := a.client.ContainerStart(ctx, a.id, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start the container %s: %w", a.name, err)
	}
	return a.answers(ctx)
}

// settings are what the container is made with.
func (a *App) settings(image string) client.ContainerCreateOptions {
	on := func(port int) []network.PortBinding {
		return []network.PortBinding{{HostIP: netip.AddrFrom4([4]byte{127, 0, 0, 1}), HostPort: strconv.Itoa(port)}}
	}
	return client.ContainerCreateOptions{
		Name: a.name,
		Config: &container.Config{
			Image: image,
			Labels: map[string]string{
				ownLabel: strconv.Itoa(os.Getpid()), "com.docker.compose.project": project(),
				"com.docker.compose.service": "app", "com.docker.compose.container-number": "1",
			},
			Healthcheck: &container.HealthConfig{
				Test: []string{"CMD", "/app", "-check", "http://127.0.0.1:8060/health"}, Interval: time.Second, Timeout: 3 * time.Second, Retries: 2,
			},
		},
		HostConfig: &container.HostConfig{
			Resources:    container.Resources{Memory: memoryLimit},
			PortBindings: network.PortMap{network.MustParsePort("8060/tcp"): on(a.api), network.MustParsePort("9090/tcp"): on(a.metrics)},
		},
	}
}

func (a *App) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		err := a.ask(ctx, http.MethodGet, "/health")
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the container %s does not answer: %w", a.name, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (a *App) ask(ctx context.Context, method, path string) error {
	request, err := http.NewRequestWithContext(ctx, method, fmt.Sprintf("http://127.0.0.1:%d%s", a.api, path), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<12))
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("the app answers %s: %s", response.Status, text)
	}
	return err
}

// leakOf is where the app leaks by a fault; "" for a fault that it does not make
// itself.
func leakOf(fault string) string {
	switch fault {
	case "memory-leak":
		return "heap"
	case "cache-leak":
		return "cache"
	}
	return ""
}

// Inject makes a fault in the container and tells it; done is false for a fault
// that the app does not make itself.
func (a *App) Inject(ctx context.Context, fault string) (told string, done bool, err error) {
	where := leakOf(fault)
	if where == "" {
		return "", false, nil
	}
	return fmt.Sprintf("fault %s is injected into container %s: it leaks %s each second", fault, a.name, leakRate), true, a.leak(ctx, where, leakRate)
}

// Heal ends a fault of the container, as [App.Inject] makes it.
func (a *App) Heal(ctx context.Context, fault string) (told string, done bool, err error) {
	where := leakOf(fault)
	if where == "" {
		return "", false, nil
	}
	return "the leak has ended; what was leaked stays until the container is restarted", true, a.leak(ctx, where, "0")
}

func (a *App) leak(ctx context.Context, where, rate string) error {
	return a.ask(ctx, http.MethodPost, "/lab/leak?"+url.Values{"where": {where}, "rate": {rate}}.Encode())
}

// Remove removes the container of this lab and nothing else.
func (a *App) Remove() error {
	defer a.client.Close()
	if a.id == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := a.client.ContainerRemove(ctx, a.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove the container %s: %w", a.name, err)
	}
	return nil
}

// Name is the name of the container.
func (a *App) Name() string { return a.name }

// Memory is the memory of the container now, for people.
func (a *App) Memory(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	got, err := a.client.ContainerStats(ctx, a.id, client.ContainerStatsOptions{})
	if err != nil {
		return "unknown"
	}
	defer got.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(got.Body).Decode(&s); err != nil || s.MemoryStats.Limit == 0 {
		return "unknown"
	}
	return schema.HumanPercent(100 * float64(s.MemoryStats.Usage) / float64(s.MemoryStats.Limit))
}

// Project is the Compose project of the container.
func (a *App) Project() string { return project() }

// Addresses are those of the lab's targets that are real, by their names.
func (a *App) Addresses() map[string]string {
	return map[string]string{"docker": a.host, "http": fmt.Sprintf("127.0.0.1:%d", a.api), "metrics": fmt.Sprintf("127.0.0.1:%d", a.metrics)}
}

// FreePort is a port on loopback at which nothing listens, below those that
// systems give to outgoing connections: it outlasts a restart of the container.
func FreePort() (int, error) {
	const lowest, count = 20_000, 12_000
	for range 100 {
		port := lowest + rand.IntN(count)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("100 ports from %d to %d are all taken", lowest, lowest+count)
}
