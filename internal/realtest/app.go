package realtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// AppOptions say how a container of lab/app is made.
type AppOptions struct {
	MemoryMiB   int64 // limit of its memory; 0: none
	HealthCheck bool  // the engine asks /health each second
}

// App is a running container of lab/app. Its addresses outlast a restart.
type App struct {
	Name       string
	ID         string
	BaseURL    string // of the API, without a slash at the end
	MetricsURL string
}

// App starts a container of lab/app, waits until it answers, and removes it
// when the test ends.
func (e *DockerEnv) App(t testing.TB, options AppOptions) *App {
	t.Helper()
	api, metrics := FreePort(t), FreePort(t)
	config := &container.Config{Image: e.Image(t)}
	host := &container.HostConfig{
		Resources: container.Resources{Memory: options.MemoryMiB << 20},
		PortBindings: network.PortMap{
			network.MustParsePort("8060/tcp"): onLoopback(api),
			network.MustParsePort("9090/tcp"): onLoopback(metrics),
		},
	}
	if options.HealthCheck {
		config.Healthcheck = &container.HealthConfig{
			Test:     []string{"CMD", "/app", "-check", "http://127.0.0.1:8060/health"},
			Interval: time.Second, Timeout: 3 * time.Second, Retries: 2,
		}
	}
	app := &App{
		Name:       UniqueName(t),
		BaseURL:    fmt.Sprintf("http://127.0.0.1:%d", api),
		MetricsURL: fmt.Sprintf("http://127.0.0.1:%d/metrics", metrics),
	}
	e.start(t, app, config, host)
	if err := poll(t.Context(), 15*time.Second, app.answers); err != nil {
		t.Fatalf("the container %s does not answer: %v", app.Name, err)
	}
	return app
}

func (e *DockerEnv) start(t testing.TB, app *App, config *container.Config, host *container.HostConfig) {
	t.Helper()
	created, err := e.Client.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name: app.Name, Config: config, HostConfig: host,
	})
	if err != nil {
		t.Fatalf("create the container %s: %v", app.Name, err)
	}
	app.ID = created.ID
	t.Cleanup(func() { e.remove(t, app) })
	if _, err := e.Client.ContainerStart(t.Context(), app.ID, client.ContainerStartOptions{}); err != nil {
		t.Fatalf("start the container %s: %v", app.Name, err)
	}
}

// remove removes the container, if the test has not done so.
func (e *DockerEnv) remove(t testing.TB, app *App) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	listed, err := e.Client.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("id", app.ID),
	})
	if err == nil && len(listed.Items) == 0 {
		return
	}
	options := client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}
	if _, err := e.Client.ContainerRemove(ctx, app.ID, options); err != nil {
		t.Errorf("remove the container %s: %v", app.Name, err)
	}
}

func onLoopback(port int) []network.PortBinding {
	return []network.PortBinding{{
		HostIP: netip.AddrFrom4([4]byte{127, 0, 0, 1}), HostPort: strconv.Itoa(port),
	}}
}

func (a *App) answers(ctx context.Context) error {
	return a.ask(ctx, http.MethodGet, "/lab/requests", nil)
}

// Leak lets the service leak at rate, like 4MiB, each second: where is cache or
// heap. The rate 0 ends the growth.
func (a *App) Leak(t testing.TB, where, rate string) {
	t.Helper()
	a.post(t, "/lab/leak", url.Values{"where": {where}, "rate": {rate}})
}

// Requests returns how often each method and path, like "GET /health", was
// asked since the container started, the switches included.
func (a *App) Requests(t testing.TB) map[string]int64 {
	t.Helper()
	counts := map[string]int64{}
	if err := a.ask(t.Context(), http.MethodGet, "/lab/requests", &counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

func (a *App) post(t testing.TB, path string, query url.Values) {
	t.Helper()
	if err := a.ask(t.Context(), http.MethodPost, path+"?"+query.Encode(), nil); err != nil {
		t.Fatal(err)
	}
}

func (a *App) ask(ctx context.Context, method, path string, result any) error {
	return ask(ctx, method, a.BaseURL+path, result)
}

// ask sends a request and decodes the JSON of its answer into result, if that
// is not nil.
func ask(ctx context.Context, method, address string, result any) error {
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: answered %s: %s", method, address, response.Status, text)
	}
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(text, result)
}
