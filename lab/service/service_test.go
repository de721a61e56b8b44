package service_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/service"
)

// face is a part of the service behind a gate, and a client of it.
type face struct {
	t      *testing.T
	model  *model.Model
	clock  *clock.Clock
	log    *gate.Log
	url    string
	client *http.Client
}

// TestEachFaceIsAsked names a face of this folder that no test here starts.
func TestEachFaceIsAsked(t *testing.T) {
	tests, err := os.ReadFile("service_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func (Serve\w+)\(`).FindAllSubmatch(text, -1) {
			if !bytes.Contains(tests, append([]byte("service."), found[1]...)) {
				t.Errorf("%s: no test here asks what service.%s serves, as start(t, service.%[2]s) does", file, found[1])
			}
		}
	}
}

func start(t *testing.T, serve func(*model.Model, *gate.Gate, string) (net.Addr, error)) *face {
	t.Helper()
	ignored := goleak.IgnoreCurrent()
	c := clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0)
	f := &face{t: t, model: model.New(1, c.Now), clock: c, log: &gate.Log{}, client: &http.Client{Transport: &http.Transport{}}}
	g := gate.New("part", c, f.log)
	at, err := serve(f.model, g, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "http://" + at.String()
	c.Advance(2 * time.Minute)
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		g.Close()
		c.Close()
		goleak.VerifyNone(t, ignored)
	})
	return f
}

// ask returns the status and the body of an answer.
func (f *face) ask(method, path, body string) (int, string) {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := f.client.Do(request)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func (f *face) json(method, path, body string) map[string]any {
	f.t.Helper()
	status, text := f.ask(method, path, body)
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil || status != 200 {
		f.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return fields
}

// inject makes a fault and lets its symptoms come.
func (f *face) inject(fault string, flags ...string) {
	f.t.Helper()
	options := model.Options{}
	for _, flag := range flags {
		options[flag] = true
	}
	var err error
	f.model.Change(func(w *model.World) { err = w.Inject(fault, options) })
	if err != nil {
		f.t.Fatal(err)
	}
	f.clock.Advance(time.Minute)
}

func TestAppTells(t *testing.T) {
	f := start(t, service.ServeApp)
	before := f.clock.Now()
	for path, fields := range map[string][]string{
		"/health": {"status"}, "/api/health": {"status", "dependencies"}, "/api/status": {"version", "uptime_seconds", "started_at"}, "/api/tasks": {"total_tasks", "tasks"},
		"/api/performance/queries": {"queries", "slow_queries", "n_plus_one"}, "/api/performance/pools": {"active", "max", "wait_time_ms"},
		"/api/performance/cache": {"hit_rate", "evictions", "size_bytes"},
	} {
		body := f.json("GET", path, "")
		for _, name := range fields {
			if body[name] == nil {
				t.Errorf("%s has no %s: %v", path, name, body)
			}
		}
	}
	if took := f.clock.Now().Sub(before); took < 7*20*time.Millisecond || took > 2*time.Second {
		t.Errorf("7 requests took %v", took)
	}
	if _, mutations := f.log.Calls(); len(mutations) != 0 {
		t.Errorf("reads that change something: %v", mutations)
	}
}

func TestClearingTheCacheFreesIt(t *testing.T) {
	f := start(t, service.ServeApp)
	f.inject("cache-leak")
	size := f.json("GET", "/api/performance/cache", "")["size_bytes"].(float64)
	freed := f.json("POST", "/api/cache/clear", "")["freed_bytes"].(float64)
	after := f.json("GET", "/api/performance/cache", "")["size_bytes"].(float64)
	if freed < size || after > size/10 {
		t.Errorf("of %v bytes %v were freed, %v are left", size, freed, after)
	}
}

func TestHealthSaysWhatIsDown(t *testing.T) {
	f := start(t, service.ServeApp)
	f.inject("redis-down")
	if status, body := f.ask("GET", "/api/health", ""); status != 200 || !strings.Contains(body, `"redis":"down"`) {
		t.Errorf("without Redis: %d %s", status, body)
	}
	f.inject("mongo-down")
	if status, body := f.ask("GET", "/health", ""); status != 503 || !strings.Contains(body, `"mongo":"down"`) {
		t.Errorf("without MongoDB: %d %s", status, body)
	}
}

func TestABadBuildFailsSomeChecks(t *testing.T) {
	f := start(t, service.ServeApp)
	f.inject("bad-deploy")
	failed := 0
	for range 40 {
		if status, _ := f.ask("GET", "/health", ""); status != 200 {
			failed++
		}
	}
	if failed < 4 || failed > 30 {
		t.Errorf("%d of 40 checks failed", failed)
	}
}

func TestTasksAreReset(t *testing.T) {
	f := start(t, service.ServeApp)
	gid := f.task("aria2")
	if got := f.json("POST", "/api/reset-task/"+gid, ""); got["status"] != "queued" {
		t.Errorf("reset: %v", got)
	}
	if status, _ := f.ask("POST", "/api/reset-task/none", ""); status != 404 {
		t.Errorf("no such task: %d", status)
	}
}

// task is the gid of a task that a client works on.
func (f *face) task(client string) (gid string) {
	f.t.Helper()
	f.model.Look(func(w *model.World) {
		for _, t := range w.Tasks() {
			if t.Client == client && t.Moving {
				gid = t.GID
			}
		}
	})
	if gid == "" {
		f.t.Fatalf("%s has no task", client)
	}
	return gid
}

func TestMetrics(t *testing.T) {
	f := start(t, service.ServeMetrics)
	_, page := f.ask("GET", "/metrics", "")
	for _, line := range []string{"# TYPE mltb_query_duration_seconds histogram\n", `mltb_query_duration_seconds_bucket{le="+Inf"} `, "mltb_connection_pool_max 20\n", `mltb_tasks{status="queued"} `} {
		if !strings.Contains(page, line) {
			t.Errorf("no %q in\n%s", line, page)
		}
	}
	if strings.Contains(page, "container_") || strings.Count(page, "# TYPE mltb_tasks ") != 1 {
		t.Errorf("page\n%s", page)
	}
}

func TestNode(t *testing.T) {
	_, page := start(t, service.ServeNode).ask("GET", "/metrics", "")
	for _, line := range []string{`node_filesystem_size_bytes{mountpoint="/",fstype="ext4"} `, `container_memory_usage_bytes{name="mltb-app-1",`} {
		if !strings.Contains(page, line) {
			t.Errorf("no %q in\n%s", line, page)
		}
	}
}

func TestGrafana(t *testing.T) {
	if got := start(t, service.ServeGrafana).json("GET", "/api/health", ""); got["database"] != "ok" {
		t.Errorf("%v", got)
	}
}

func rpc(method string, params ...any) string {
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": "q", "method": method, "params": params})
	return string(body)
}

func TestAria2(t *testing.T) {
	f := start(t, service.ServeAria2)
	if got := f.json("GET", "/jsonrpc?method=aria2.getVersion&id=1", ""); got["id"] != "1" || got["result"].(map[string]any)["version"] != "1.37.0" {
		t.Errorf("version %v", got)
	}
	gid := f.task("aria2")
	if got := f.json("POST", "/jsonrpc", rpc("aria2.tellStatus", "token:x", gid)); got["result"].(map[string]any)["status"] != "active" {
		t.Errorf("status %v", got)
	}
	if got := f.json("POST", "/jsonrpc", rpc("aria2.pause", gid)); got["result"] != gid {
		t.Errorf("pause %v", got)
	}
	if got := f.json("POST", "/jsonrpc", rpc("aria2.tellStatus", gid)); got["result"].(map[string]any)["status"] != "paused" {
		t.Errorf("paused %v", got)
	}
	f.json("POST", "/jsonrpc", rpc("aria2.unpause", gid))
	f.json("POST", "/jsonrpc", rpc("aria2.remove", gid))
	if status, body := f.ask("POST", "/jsonrpc", rpc("aria2.tellStatus", gid)); status != 400 || !strings.Contains(body, "is not found") {
		t.Errorf("removed: %d %s", status, body)
	}
	if status, _ := f.ask("POST", "/jsonrpc", "{"); status != 500 {
		t.Errorf("no JSON: %d", status)
	}
	if status, body := f.ask("POST", "/jsonrpc", rpc("aria2.none")); status != 400 || !strings.Contains(body, "No such method: aria2.none") {
		t.Errorf("no such method: %d %s", status, body)
	}
	_, mutations := f.log.Calls()
	var names []string
	for _, m := range mutations {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "aria2.pause aria2.unpause aria2.remove" {
		t.Errorf("changes %s", got)
	}
}

// A client that hangs answers its API and moves nothing.
func TestAHungClientAnswers(t *testing.T) {
	f := start(t, service.ServeAria2)
	f.inject("stuck-downloads", "hung")
	if got := f.json("POST", "/jsonrpc", rpc("aria2.getGlobalStat"))["result"].(map[string]any); got["downloadSpeed"] != "0" {
		t.Errorf("%v", got)
	}
}

func TestQBittorrent(t *testing.T) {
	f := start(t, service.ServeQBittorrent)
	if status, body := f.ask("GET", "/api/v2/app/webapiVersion", ""); status != 200 || body != "2.9.3" {
		t.Errorf("version %d %s", status, body)
	}
	hash := f.task("qbittorrent") + strings.Repeat("0", 24)
	for _, change := range []struct{ path, state string }{{"pause", "pausedDL"}, {"resume", "downloading"}} {
		f.ask("POST", "/api/v2/torrents/"+change.path, "hashes="+hash)
		if _, body := f.ask("GET", "/api/v2/torrents/info", ""); !strings.Contains(body, change.state) {
			t.Errorf("after %s: %s", change.path, body)
		}
	}
	if status, _ := f.ask("POST", "/api/v2/torrents/pause", "hashes=none"); status != 200 {
		t.Errorf("a torrent that is not there: %d", status)
	}
	if _, mutations := f.log.Calls(); len(mutations) != 3 {
		t.Errorf("changes %v", mutations)
	}
}
