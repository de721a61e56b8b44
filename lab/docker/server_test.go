package docker

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// bench is an engine under test and a client of it.
type bench struct {
	t       *testing.T
	model   *model.Model
	gate    *gate.Gate
	clock   *clock.Clock
	log     *gate.Log
	server  *Server
	network string
	client  *http.Client
}

func newBench(t *testing.T, c *clock.Clock) *bench {
	t.Helper()
	b := &bench{t: t, clock: c, log: &gate.Log{}, model: model.New(7, c.Now), network: "unix"}
	b.gate = gate.New("docker", c, b.log)
	dir, err := os.MkdirTemp("", "lab") // a path short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	address := filepath.Join(dir, "d.sock")
	if runtime.GOOS == "windows" {
		b.network, address = "tcp", "127.0.0.1:0"
	}
	if b.server, err = Serve(b.model, b.gate, b.network, address); err != nil {
		t.Fatal(err)
	}
	b.client = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, b.network, b.server.Addr())
	}}}
	t.Cleanup(func() {
		b.client.CloseIdleConnections()
		b.server.Close()
		c.Close()
		_ = os.RemoveAll(dir)
		goleak.VerifyNone(t)
	})
	return b
}

func stepping(t *testing.T) *bench { return newBench(t, clock.Step(epoch, 0)) }

// services is how many containers the project has.
func (b *bench) services() (n int) {
	b.model.Look(func(w *model.World) { n = len(w.Containers) })
	return n
}

// ask sends a request, "POST /containers/x/stop", and returns its answer; 0 for none.
func (b *bench) ask(request, body string) (int, string) {
	b.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	r, err := http.NewRequest(method, "http://engine"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	response, err := b.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

// read decodes the answer of a request that must succeed.
func (b *bench) read(request string, to any) {
	b.t.Helper()
	status, text := b.ask(request, "")
	if status != http.StatusOK {
		b.t.Fatalf("%s: %d %s", request, status, text)
	}
	if err := json.Unmarshal([]byte(text), to); err != nil {
		b.t.Fatalf("%s: %v in %s", request, err, text)
	}
}

func (b *bench) must(request, body string, want int) string {
	b.t.Helper()
	status, text := b.ask(request, body)
	if status != want {
		b.t.Fatalf("%s: %d %s, want %d", request, status, text, want)
	}
	return text
}

// container looks at a container.
func (b *bench) container(name string, do func(*model.World, *model.Container)) {
	b.t.Helper()
	b.model.Look(func(w *model.World) {
		c, err := find(w, name)
		if err != nil {
			b.t.Fatal(err)
		}
		do(w, c)
	})
}

// TestAnswersAsTheEngine holds status and message to those of Docker 20.10.24.
func TestAnswersAsTheEngine(t *testing.T) {
	b := stepping(t)
	var id string
	b.container("mltb-app-1", func(_ *model.World, c *model.Container) { id = c.ID })
	in := func(query string) string { return url.QueryEscape(query) }
	for _, c := range []struct {
		request, body string
		status        int
		message       string
	}{
		{"GET /_ping", "", 200, ""},
		{"HEAD /_ping", "", 200, ""},
		{"GET /v1.24/version", "", 200, ""},
		{"GET /v1.99/info", "", 400, "client version 1.99 is too new. Maximum supported API version is 1.41"},
		{"GET /v1.10/info", "", 400, "client version 1.10 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"},
		{"GET /nosuch", "", 404, "page not found"},
		{"GET /containers/app/json", "", 404, "No such container: app"},
		{"POST /containers/mltb-app-1/start", "", 304, ""},
		{"POST /containers/zz/start", "", 404, "No such container: zz"},
		{"POST /containers/mltb-app-1/unpause", "", 500, "Container " + id + " is not paused"},
		{"POST /containers/mltb-app-1/kill?signal=FOO", "", 400, "Invalid signal: FOO"},
		{"POST /containers/mltb-app-1/stop?t=x", "", 500, `strconv.Atoi: parsing "x": invalid syntax`},
		{"GET /containers/json?filters=" + in(`{"foo":{"a":true}}`), "", 400, "Invalid filter 'foo'"},
		{"GET /containers/json?filters=" + in(`{"status":["a"]}`), "", 400, "Invalid filter 'status=a'"},
		{"DELETE /containers/mltb-app-1", "", 409, "You cannot remove a running container " + id + ". Stop the container before attempting removal or force remove"},
		{"GET /containers/mltb-app-1/logs", "", 400, "Bad parameters: you must choose at least one stream"},
		{"GET /exec/abc/json", "", 404, "No such exec instance: abc"},
		{"POST /containers/mltb-app-1/exec", `{"Cmd":[]}`, 400, "No exec command specified"},
		{"POST /containers/mltb-app-1/pause", "", 204, ""},
		{"POST /containers/mltb-app-1/pause", "", 409, "Container " + id + " is already paused"},
		{"POST /containers/mltb-app-1/exec", `{"Cmd":["true"]}`, 409, "Container mltb-app-1 is paused, unpause the container before exec"},
		{"POST /containers/mltb-app-1/start", "", 409, "cannot start a paused container, try unpause instead"},
		{"POST /containers/mltb-app-1/unpause", "", 204, ""},
		{"POST /containers/mltb-app-1/update", `{"Memory":1024}`, 400, "Minimum memory limit allowed is 6MB"},
		{"POST /containers/mltb-app-1/update", `{"Memory":2147483648}`, 409, "Cannot update container " + id + ": Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"},
		{"POST /containers/mltb-app-1/update", `{"CpuQuota":50000}`, 409, "Cannot update container " + id + ": Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set"},
		{"POST /containers/mltb-app-1/update", `{"NanoCpus":1,"CpuQuota":50000}`, 400, "Conflicting options: Nano CPUs and CPU Quota cannot both be set"},
		{"POST /containers/mltb-app-1/update", `{"RestartPolicy":{"Name":"foo"}}`, 400, "invalid restart policy 'foo'"},
		{"POST /containers/mltb-app-1/update", `{"Memory":2147483648,"MemorySwap":2147483648}`, 200, ""},
		{"POST /containers/mltb-app-1/stop", "", 204, ""},
		{"POST /containers/mltb-app-1/stop", "", 304, ""},
		{"POST /containers/mltb-app-1/kill", "", 409, "Cannot kill container: mltb-app-1: Container " + id + " is not running"},
		{"POST /containers/mltb-app-1/pause", "", 409, "Container " + id + " is not running"},
		{"GET /containers/mltb-app-1/top", "", 409, "Container " + id + " is not running"},
		{"GET /containers/mltb-app-1/stats?stream=0", "", 200, ""},
		{"POST /containers/mltb-app-1/rename", "", 400, "Neither old nor new names may be empty"},
		{"POST /containers/mltb-app-1/rename?name=mltb-app-1", "", 400, "Renaming a container with the same name as its current name"},
		{"POST /containers/create?name=x", `{"Image":"nosuch:1"}`, 404, "No such image: nosuch:1"},
		{"POST /containers/create?name=y", `{"Image":"redis:7.2"}`, 400, "Invalid container name (y), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"},
		{"GET /images/none/json", "", 404, "no such image: none: No such image: none:latest"},
		{"GET /images/prom/prometheus:v2.53.0/json", "", 200, ""},
		{"GET /networks/none2", "", 404, "network none2 not found"},
		{"GET /volumes/none2", "", 404, "get none2: no such volume"},
		{"GET /system/df", "", 200, ""},
		{"GET /info", "", 200, ""},
	} {
		status, text := b.ask(c.request, c.body)
		var answer struct{ Message string }
		_ = json.Unmarshal([]byte(text), &answer)
		if status != c.status || answer.Message != c.message {
			t.Errorf("%s %s: %d %s", c.request, c.body, status, text)
		}
	}
}

func TestListFilters(t *testing.T) {
	b := stepping(t)
	b.must("POST /containers/mltb-worker-2/stop", "", 204)
	b.must("POST /containers/mltb-redis-1/pause", "", 204)
	all := b.services()
	for query, want := range map[string]int{
		"":                                      all - 1,
		"?all=1":                                all,
		"?limit=3":                              3,
		`?filters={"name":["mltb-worker"]}`:     1,
		`?all=1&filters={"name":["worker"]}`:    2,
		`?filters={"status":["exited"]}`:        1,
		`?filters={"status":["paused"]}`:        1,
		`?filters={"health":["healthy"]}`:       all - 1,
		`?filters={"ancestor":["mltb/worker"]}`: 1,
		`?all=1&filters={"label":["com.docker.compose.service=worker"]}`:     2,
		`?all=1&filters={"label":{"com.docker.compose.project=other":true}}`: 0,
		`?filters={"volume":["mltb_mongo"]}`:                                 1,
		`?filters={"network":["mltb_default"]}`:                              all - 1,
	} {
		var rows []map[string]any
		path, filter, _ := strings.Cut(query, "filters=")
		if filter != "" {
			path += "filters=" + url.QueryEscape(filter)
		}
		if b.read("GET /v1.41/containers/json"+path, &rows); len(rows) != want {
			t.Errorf("%s: %d containers, want %d", query, len(rows), want)
		}
	}
}

// TestRestartTakesItsTime holds that a container is away while it restarts, for
// as long as it takes to stop, and that its memory is new.
func TestRestartTakesItsTime(t *testing.T) {
	b := stepping(t)
	b.model.Change(func(w *model.World) { w.App.Leaked = 200 * model.MiB })
	before := b.clock.Now()
	b.must("POST /containers/mltb-app-1/restart?t=5", "", 204)
	took := b.clock.Now().Sub(before)
	b.container("mltb-app-1", func(w *model.World, c *model.Container) {
		if took != 950*time.Millisecond || !c.Started.Equal(w.Now) || c.Health.Status != "starting" || c.Memory > 300*model.MiB {
			t.Errorf("took %v, started %v ago, %s, %v MiB", took, w.Now.Sub(c.Started), c.Health.Status, c.Memory/model.MiB)
		}
	})
	b.clock.Advance(10 * time.Second)
	b.container("mltb-app-1", func(_ *model.World, c *model.Container) {
		if c.Health.Status != "healthy" {
			t.Errorf("after ten seconds it is %s", c.Health.Status)
		}
	})
	b.model.Change(func(w *model.World) { w.App.Hung = true })
	before = b.clock.Now()
	b.must("POST /containers/mltb-app-1/stop?t=5", "", 204)
	b.container("mltb-app-1", func(_ *model.World, c *model.Container) {
		if took := b.clock.Now().Sub(before); took != 5*time.Second || c.ExitCode != 137 {
			t.Errorf("what hangs ended after %v with %d", took, c.ExitCode)
		}
	})
}

func TestReplyLost(t *testing.T) {
	b := stepping(t)
	b.gate.LoseReplies(1)
	if status, text := b.ask("POST /containers/mltb-app-1/restart", ""); status != 0 {
		t.Errorf("the client sees %d %s", status, text)
	}
	b.container("mltb-app-1", func(w *model.World, c *model.Container) {
		if w.Now.Sub(c.Started) > time.Second || !c.Running() {
			t.Errorf("it was not restarted: %s since %v", c.State, c.Started)
		}
	})
	b.must("POST /containers/mltb-app-1/pause", "", 204)
	_, changes := b.log.Calls()
	if len(changes) != 2 || changes[0].Name != "POST /containers/mltb-app-1/restart" || changes[1].Name != "POST /containers/mltb-app-1/pause" {
		t.Errorf("changes: %v", changes)
	}
}

// TestGoesOnWithoutItsClient holds that a stop ends also when its client goes.
func TestGoesOnWithoutItsClient(t *testing.T) {
	b := stepping(t)
	b.model.Change(func(w *model.World) { w.App.Hung = true })
	ctx, cancel := b.clock.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://engine/containers/mltb-app-1/stop?t=10", nil)
	if response, err := b.client.Do(r); err == nil {
		_ = response.Body.Close()
		t.Fatal("it answered in two seconds")
	}
	if err := b.clock.Sleep(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	b.container("mltb-app-1", func(_ *model.World, c *model.Container) {
		if c.Running() {
			t.Error("it still runs")
		}
	})
}

func TestStats(t *testing.T) {
	b := stepping(t)
	b.clock.Advance(time.Minute)
	type processor struct {
		Use map[string]any `json:"cpu_usage"`
	}
	type figures struct {
		CPU    processor `json:"cpu_stats"`
		Before processor `json:"precpu_stats"`
		Memory struct {
			Usage, Limit uint64
			Stats        map[string]uint64
		} `json:"memory_stats"`
	}
	var first, next figures
	b.read("GET /containers/mltb-app-1/stats?stream=0&one-shot=1", &first)
	last := first.CPU.Use["total_usage"].(float64)
	for range 10 {
		if err := b.clock.Sleep(t.Context(), 300*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		b.read("GET /containers/mltb-app-1/stats?stream=0&one-shot=1", &next)
		used := next.CPU.Use["total_usage"].(float64)
		if used <= last || used-last > 1e9 {
			t.Errorf("the processor time goes from %v to %v", last, used)
		}
		last = used
	}
	if used := next.Memory.Usage - next.Memory.Stats["inactive_file"]; used < 300<<20 || next.Memory.Limit != 1<<30 {
		t.Errorf("memory %+v", next.Memory)
	}
	before := b.clock.Now()
	b.read("GET /containers/mltb-app-1/stats?stream=0", &next)
	if took := b.clock.Now().Sub(before); took != time.Second || next.Before.Use["total_usage"].(float64) >= next.CPU.Use["total_usage"].(float64) {
		t.Errorf("two samples after %v: %v", took, next)
	}
}

// A container may end and be removed in one moment: what it said till then still
// reaches who is attached.
func TestLastWordsOfAContainer(t *testing.T) {
	s := newBench(t, clock.Flow(time.Now(), 20)).server
	var c *model.Container
	said := 0
	s.model.Look(func(w *model.World) {
		var err error
		if c, err = find(w, "mltb-app-1"); err != nil {
			t.Fatal(err)
		}
		said = c.Said
	})
	s.model.Change(func(w *model.World) {
		c.Say(w.Now, false, "last words")
		s.forget(w, c)
	})
	fresh := s.since(c, &said, func() { t.Error("it is there still") })
	if len(fresh) == 0 || fresh[0].Text != "last words" {
		t.Errorf("%+v", fresh)
	}
}
