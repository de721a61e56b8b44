package docker

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"runbook/lab/clock"
	"runbook/lab/model"
)

// exec runs a program and returns what came on both streams, with the end code.
func (b *bench) exec(name string, argv ...string) string {
	b.t.Helper()
	body, _ := json.Marshal(map[string]any{"Cmd": argv, "AttachStdout": true, "AttachStderr": true, "Env": []string{"WHO=me"}})
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(b.must("POST /containers/"+name+"/exec", string(body), 201)), &made); err != nil {
		b.t.Fatal(err)
	}
	raw := b.must("POST /exec/"+made.ID+"/start", `{}`, 200)
	text := ""
	for len(raw) >= 8 {
		n := int(raw[6])<<8 | int(raw[7])
		text += fmt.Sprintf("%d:%s", raw[0], raw[8:8+n])
		raw = raw[8+n:]
	}
	var end struct {
		Running  bool
		ExitCode *int
	}
	b.read("GET /exec/"+made.ID+"/json", &end)
	if end.Running || end.ExitCode == nil {
		b.t.Fatalf("%v has not ended", argv)
	}
	return text + fmt.Sprint(*end.ExitCode)
}

func TestExec(t *testing.T) {
	b := stepping(t)
	var secret string
	b.container("mltb-app-1", func(w *model.World, _ *model.Container) { secret = w.Planted().Redis })
	for _, c := range []struct {
		name string
		argv []string
		want string
	}{
		{"mltb-app-1", []string{"true"}, "0"},
		{"mltb-app-1", []string{"echo", "a", "b"}, "1:a b\n0"},
		{"mltb-app-1", []string{"sh", "-c", `echo "$WHO and" 'b'; false || echo c >&2; true && exit 7`}, "1:me and b\n2:c\n7"},
		{"mltb-app-1", []string{"sh", "-c", "absent"}, "2:sh: absent: not found\n127"},
		{"mltb-app-1", []string{"sh", "-c", "ls | wc"}, "2:sh: syntax error: this shell knows words, quotes, variables, ; && || and >&2 only\n2"},
		{"mltb-app-1", []string{"absent"}, "1:OCI runtime exec failed: exec failed: unable to start container process: exec: \"absent\": executable file not found in $PATH: unknown\r\n126"},
		{"mltb-app-1", []string{"/absent"}, "1:OCI runtime exec failed: exec failed: unable to start container process: exec: \"/absent\": stat /absent: no such file or directory: unknown\r\n126"},
		{"mltb-app-1", []string{"printenv", "REDIS_PASSWORD"}, "1:" + secret + "\n0"},
		{"mltb-redis-1", []string{"redis-cli", "ping"}, "1:NOAUTH Authentication required.\n\n0"},
		{"mltb-redis-1", []string{"redis-cli", "-a", secret, "ping"}, "1:PONG\n0"},
		{"mltb-app-1", []string{"redis-cli", "ping"}, "2:Could not connect to Redis at 127.0.0.1:6379: Connection refused\n1"},
	} {
		if got := b.exec(c.name, c.argv...); got != c.want {
			t.Errorf("%v: %q", c.argv, got)
		}
	}
	before := b.clock.Now()
	b.exec("mltb-app-1", "sleep", "30")
	if took := b.clock.Now().Sub(before); took < 30*time.Second || took > 31*time.Second {
		t.Errorf("sleep 30 took %v", took)
	}
}

// TestAnIntruderIsSeenAndEnded holds that what runs in a container is on top and
// ends with it.
func TestAnIntruderIsSeenAndEnded(t *testing.T) {
	b := stepping(t)
	b.model.Change(func(w *model.World) {
		if err := w.Inject("intruder", nil); err != nil {
			t.Error(err)
		}
	})
	if top := b.must("GET /containers/mltb-app-1/top", "", 200); !strings.Contains(top, "kworker") {
		t.Errorf("top shows %s", top)
	}
	if diff := b.must("GET /containers/mltb-app-1/changes", "", 200); !strings.Contains(diff, "/tmp/.x/kworker") {
		t.Errorf("changes shows %s", diff)
	}
	if got := b.exec("mltb-app-1", "kill", "4711"); got != "0" {
		t.Errorf("kill: %s", got)
	}
	if top := b.must("GET /containers/mltb-app-1/top", "", 200); strings.Contains(top, "kworker") {
		t.Errorf("top shows %s", top)
	}
}

// TestMakingAnew is what Compose does: another container of the service takes
// the place of the first.
func TestMakingAnew(t *testing.T) {
	b := stepping(t)
	body := `{"Image":"mltb/app:1.4.1","Labels":{"com.docker.compose.project":"mltb","com.docker.compose.service":"app","com.docker.compose.container-number":"1"},
	"HostConfig":{"Memory":2147483648,"PortBindings":{"8060/tcp":[{"HostIp":"127.0.0.1","HostPort":"8060"}]},"RestartPolicy":{"Name":"unless-stopped"}}}`
	b.must("POST /containers/create?name=new_mltb-app-1", body, 201)
	b.must("POST /containers/create?name=new_mltb-app-1", body, 409)
	b.must("POST /containers/new_mltb-app-1/start", "", 500) // the port is taken
	b.must("POST /containers/mltb-app-1/stop?t=10", "", 204)
	b.must("DELETE /containers/mltb-app-1", "", 204)
	b.must("POST /containers/new_mltb-app-1/rename?name=mltb-app-1", "", 204)
	b.must("POST /containers/mltb-app-1/start", "", 204)
	b.clock.Advance(15 * time.Second)
	b.container("mltb-app-1", func(w *model.World, c *model.Container) {
		if !w.App.Up || c.Health.Status != "healthy" || c.Image.Tags[0] != "mltb/app:1.4.1" || c.MemoryLimit != 2<<30 || c.SwapLimit != 4<<30 || c.Command[0] != "/app" {
			t.Errorf("the app is up: %v; its container is %+v", w.App.Up, c)
		}
	})
}

func TestNetworks(t *testing.T) {
	b := stepping(t)
	b.must("POST /networks/mltb_default/disconnect", `{"Container":"mltb-redis-1"}`, 200)
	b.container("mltb-redis-1", func(w *model.World, _ *model.Container) {
		if w.Redis.Up {
			t.Error("redis answers without a network")
		}
	})
	b.must("POST /networks/mltb_default/disconnect", `{"Container":"mltb-redis-1"}`, 403)
	b.must("POST /networks/mltb_default/connect", `{"Container":"mltb-redis-1","EndpointConfig":{"Aliases":["redis"]}}`, 200)
	b.container("mltb-redis-1", func(w *model.World, _ *model.Container) {
		if !w.Redis.Up {
			t.Error("redis does not answer")
		}
	})
	var n struct{ Containers map[string]any }
	if b.read("GET /networks/mltb_default", &n); len(n.Containers) != b.services() {
		t.Errorf("%d containers on the network, want %d", len(n.Containers), b.services())
	}
}

func TestPruning(t *testing.T) {
	b := stepping(t)
	b.model.Change(func(w *model.World) {
		if err := w.Inject("disk-full", nil); err != nil {
			t.Error(err)
		}
	})
	used := func() (of float64) {
		b.model.Look(func(w *model.World) { of = w.Disk.UsedBytes })
		return of
	}
	before := used()
	var o struct {
		ImagesDeleted  []map[string]string
		SpaceReclaimed float64
	}
	if err := json.Unmarshal([]byte(b.must("POST /images/prune", "", 200)), &o); err != nil {
		t.Fatal(err)
	}
	if len(o.ImagesDeleted) != 6 || o.SpaceReclaimed != 30*model.GiB || before-used() < 29*model.GiB {
		t.Errorf("%d images, %v bytes; the disk has %v less", len(o.ImagesDeleted), o.SpaceReclaimed, before-used())
	}
	if got := b.must("POST /build/prune", "", 200); !strings.Contains(got, fmt.Sprint(4*model.GiB)) {
		t.Errorf("the build cache: %s", got)
	}
	b.must("DELETE /images/mltb/app:1.4.2", "", 409)
	b.must("DELETE /images/mltb/app:1.4.1", "", 200)
	b.must("GET /images/mltb/app:1.4.1/json", "", 404)
}

func TestEventsAndLogs(t *testing.T) {
	b := stepping(t)
	b.must("POST /containers/mltb-redis-1/restart", "", 204)
	if err := b.clock.Sleep(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	query := fmt.Sprintf("?since=%d&until=%d&filters=%s", epoch.Unix(), b.clock.Now().Unix(), url.QueryEscape(`{"container":{"mltb-redis-1":true}}`))
	text := b.must("GET /events"+query, "", 200)
	var actions []string
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		var e struct{ Action string }
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		actions = append(actions, e.Action)
	}
	if got := strings.Join(actions, ", "); got != "kill, die, stop, start, restart, health_status: healthy" {
		t.Errorf("events: %s", got)
	}
	if got := b.must("GET /containers/mltb-redis-1/logs?stdout=1&tail=1", "", 200); !strings.HasSuffix(got, "* Ready to accept connections\n") || got[0] != 1 {
		t.Errorf("log: %q", got)
	}
	since := fmt.Sprintf("%d.%09d", b.clock.Now().Unix(), 0)
	if got := b.must("GET /containers/mltb-redis-1/logs?stdout=1&stderr=1&since="+since, "", 200); got != "" {
		t.Errorf("log since now: %q", got)
	}
}

// TestFollowing holds that a stream brings what happens while it is open, and
// that the end of the container ends it.
func TestFollowing(t *testing.T) {
	b := newBench(t, clock.Flow(epoch, 1))
	response, err := b.client.Get("http://engine/containers/mltb-aria2-1/logs?stdout=1&stderr=1&follow=1&tail=0")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b.model.Change(func(w *model.World) { w.Container("aria2").Say(w.Now, true, "hello") })
	head := make([]byte, 14)
	if _, err := response.Body.Read(head); err != nil || string(head[8:]) != "hello\n" || head[0] != 2 {
		t.Errorf("the stream brings %q, %v", head, err)
	}
	waits, err := b.client.Post("http://engine/containers/mltb-aria2-1/wait?condition=next-exit", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Body.Close()
	b.must("POST /containers/mltb-aria2-1/kill", "", http.StatusNoContent)
	if got, err := io.ReadAll(waits.Body); err != nil || !strings.Contains(string(got), `"StatusCode":137`) {
		t.Errorf("wait answers %s, %v", got, err)
	}
	for {
		if _, err := response.Body.Read(head); err != nil {
			break
		}
	}
}
