package docker

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/engine/action"
)

// fakeEngine answers the part of the Engine API that the tests need, over a
// Unix socket, and counts what is asked.
type fakeEngine struct {
	socket string

	mu         sync.Mutex
	containers []container.InspectResponse
	requests   []string // "POST /containers/x/restart"
	stats      []container.StatsResponse
	// answer takes over a request: it returns false to leave it to the fake.
	answer func(w http.ResponseWriter, r *http.Request, path string) bool
}

func newFake(t *testing.T, containers ...container.InspectResponse) *fakeEngine {
	t.Helper()
	dir, err := os.MkdirTemp("", "fake")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeEngine{socket: filepath.Join(dir, "docker.sock"), containers: containers}
	listener, err := net.Listen("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); _ = os.RemoveAll(dir) })
	return f
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := unversioned(r.URL.Path)
	f.mu.Lock()
	if path != "/_ping" {
		f.requests = append(f.requests, r.Method+" "+path)
	}
	answer := f.answer
	f.mu.Unlock()
	w.Header().Set("Api-Version", "1.41")
	if path == "/_ping" || answer != nil && answer(w, r, path) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.serve(w, r, path)
}

func (f *fakeEngine) serve(w http.ResponseWriter, r *http.Request, path string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if path == "/containers/json" {
		reply(w, 200, f.list(r))
		return
	}
	c := f.byReference(parts[1])
	switch {
	case c == nil:
		reply(w, 404, map[string]string{"message": "No such container: " + parts[1]})
	case r.Method == http.MethodGet && parts[2] == "json":
		reply(w, 200, c)
	case r.Method == http.MethodGet && parts[2] == "stats":
		next := f.stats[0]
		if len(f.stats) > 1 {
			f.stats = f.stats[1:]
		}
		reply(w, 200, next)
	case r.Method == http.MethodPost:
		f.change(w, r, c, parts[2])
	default:
		reply(w, 500, map[string]string{"message": "the fake does not know " + path})
	}
}

func (f *fakeEngine) change(w http.ResponseWriter, r *http.Request, c *container.InspectResponse, verb string) {
	switch verb {
	case "restart", "start":
		c.State.Status, c.State.Running = container.StateRunning, true
		c.State.StartedAt = parseTime(c.State.StartedAt).Add(time.Hour).Format(time.RFC3339Nano)
	case "stop":
		c.State.Status, c.State.Running = container.StateExited, false
	case "pause", "unpause":
		c.State.Paused = verb == "pause"
		c.State.Status = map[bool]container.ContainerState{true: container.StatePaused, false: container.StateRunning}[c.State.Paused]
	case "update":
		var u container.UpdateConfig
		if err := json.NewDecoder(r.Body).Decode(&u); err != nil {
			reply(w, 400, map[string]string{"message": err.Error()})
			return
		}
		c.HostConfig.Memory, c.HostConfig.MemorySwap = u.Memory, u.MemorySwap
		c.HostConfig.NanoCPUs, c.HostConfig.CPUQuota = u.NanoCPUs, u.CPUQuota
		reply(w, 200, container.UpdateResponse{})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *fakeEngine) byReference(name string) *container.InspectResponse {
	for i, c := range f.containers {
		if c.Name == "/"+name || c.ID == name {
			return &f.containers[i]
		}
	}
	for i, c := range f.containers {
		if strings.HasPrefix(c.ID, name) {
			return &f.containers[i]
		}
	}
	return nil
}

func (f *fakeEngine) list(r *http.Request) []container.Summary {
	var filters map[string]map[string]bool
	_ = json.Unmarshal([]byte(r.URL.Query().Get("filters")), &filters)
	all := []container.Summary{}
	for _, c := range f.containers {
		matches := true
		for want := range maps.Keys(filters["label"]) {
			key, value, _ := strings.Cut(want, "=")
			matches = matches && c.Config.Labels[key] == value
		}
		if matches && (c.State.Running || r.URL.Query().Get("all") == "1") {
			all = append(all, container.Summary{ID: c.ID, Names: []string{c.Name}, State: c.State.Status, Labels: c.Config.Labels})
		}
	}
	return all
}

// changes returns the requests that were not GET or HEAD.
func (f *fakeEngine) changes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.requests), func(r string) bool {
		return strings.HasPrefix(r, "GET ") || strings.HasPrefix(r, "HEAD ")
	})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

const startedText = "2026-11-20T08:11:02.000000001Z"

func fakeContainer(name, id string, labels map[string]string) container.InspectResponse {
	return container.InspectResponse{
		ID: id + strings.Repeat("0", 64-len(id)), Name: "/" + name,
		State:      &container.State{Status: container.StateRunning, Running: true, StartedAt: startedText, Pid: 7},
		Config:     &container.Config{Image: "mltb/app:1.42", Labels: labels},
		HostConfig: &container.HostConfig{Resources: container.Resources{Memory: 1 << 30, MemorySwap: 2 << 30}},
	}
}

func app() container.InspectResponse { return fakeContainer("app", "3f9c2b71a0de", nil) }

func service(name, id, of string) container.InspectResponse {
	return fakeContainer(name, id, map[string]string{ServiceLabel: of, ProjectLabel: "mltb"})
}

// jumpingClock does not wait: sleeping moves it forward.
type jumpingClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *jumpingClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *jumpingClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

func (c *jumpingClock) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

func callTo(t *testing.T, config map[string]any) action.Call {
	t.Helper()
	shown, notes := Target.Address(config)
	clients := action.NewClients()
	t.Cleanup(func() { _ = clients.Close() })
	return action.Call{
		Target:  action.Target{Name: "docker", Kind: "docker", Config: config, Address: shown, Notes: notes},
		Clients: clients, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Progress: func(action.Progress) {},
		Clock: &jumpingClock{now: time.Date(2026, 11, 24, 2, 12, 7, 0, time.UTC)}, Step: "recover/2",
	}
}

func (f *fakeEngine) call(t *testing.T) action.Call {
	return callTo(t, map[string]any{"host": "unix://" + f.socket})
}

func bound(t *testing.T, a *action.Action, call action.Call, params map[string]any) action.Bound {
	t.Helper()
	b, err := a.Decode(params, call.Target)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	return b
}

func run(t *testing.T, a *action.Action, call action.Call, params map[string]any) (action.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return bound(t, a, call, params).Run(ctx, call)
}

func mustRun(t *testing.T, a *action.Action, call action.Call, params map[string]any) action.Result {
	t.Helper()
	r, err := run(t, a, call, params)
	if err != nil {
		t.Fatalf("%s: %v", a.Name, err)
	}
	return r
}
