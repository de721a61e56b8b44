package docker

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/actions/docker/dockertest"
	"runbook/engine/action"
)

// there reports which containers the names of which hold a text there are.
func there(t *testing.T, e *dockertest.Engine, text string) []string {
	t.Helper()
	all, err := e.API.ContainerList(t.Context(), client.ContainerListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range all.Items {
		if name := summaryName(c); strings.Contains(name, text) {
			names = append(names, name+" "+string(c.State))
		}
	}
	slices.Sort(names)
	return names
}

func TestRunsAProgramOnce(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		prints, waits := []any{"sh", "-c", `echo "a b"; echo $GUEST >&2; exit 7`}, []any{"sleep", "100"}
		if e.Real {
			prints, waits = []any{"/guest", "print", "a b", "7"}, []any{"/guest", "sleep", "100s"}
		}
		name := dockertest.Name()
		with := map[string]any{"image": e.Image, "argv": prints, "env": map[string]any{"GUEST": "c"}, "name": name, "memory": "64MiB", "cpus": 0.5}
		p, lines := e.Preview(t, Run, with)
		if !strings.Contains(p.Summary, "run "+commandLine([]string{fmt.Sprint(prints[0])})) || !slices.Contains(lines, "memory limit: none → 64.0 MiB") && !slices.Contains(lines, "memory limit: none → 64 MiB") || !slices.Contains(lines, "cpus: none → 0.5") {
			t.Errorf("preview %q, %q", p.Summary, lines)
		}
		o := e.Run(t, Run, with).Outputs
		if got := fmt.Sprintf("%v %q %q %v", o["exit_code"], o["stdout"], o["stderr"], o["kept"]); got != `7 "a b\n" "c\n" false` {
			t.Errorf("got %s", got)
		}
		if left := there(t, e, name); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
		with["keep"] = true
		e.Run(t, Run, with)
		if left := there(t, e, name); fmt.Sprint(left) != "["+name+" exited]" {
			t.Errorf("kept: %v", left)
		}
		t.Cleanup(func() {
			_, _ = e.API.ContainerRemove(context.Background(), name, client.ContainerRemoveOptions{Force: true})
		})
		for want, change := range map[string]map[string]any{
			"no image nowhere":                    {"image": "nowhere", "name": name + "x"},
			"is already in use":                   {"name": name},
			"is not volume:/path":                 {"name": name + "x", "volumes": []any{"data"}},
			"did not end in 2.0s and was stopped": {"name": name + "x", "argv": waits, "for": 2 * time.Second, "keep": true},
		} {
			values := map[string]any{"image": e.Image, "argv": prints}
			for key, value := range change {
				values[key] = value
			}
			_, err := e.Try(t, Run, values)
			class := action.AppliedNot
			if strings.Contains(want, "was stopped") {
				class = action.AppliedPart
				if left := there(t, e, name+"x"); fmt.Sprint(left) != "["+name+"x exited]" {
					t.Errorf("stopped, and there is %v", left)
				}
				_, _ = e.API.ContainerRemove(t.Context(), name+"x", client.ContainerRemoveOptions{Force: true})
			}
			if err == nil || !strings.Contains(err.Error(), want) || action.ClassOf(err) != class {
				t.Errorf("want %q: %s, %+v", want, action.ClassOf(err), err)
			}
		}
		if e.Real {
			_, err := e.Try(t, Run, map[string]any{"image": e.Image, "argv": []any{"/absent"}, "name": name + "y"})
			if err == nil || action.ClassOf(err) != action.AppliedNot || len(there(t, e, name+"y")) > 0 {
				t.Errorf("a program that is not there: %+v, left %v", err, there(t, e, name+"y"))
			}
		}
	})
}

// configured is a container with what is easily lost when it is made anew.
func configured(t *testing.T, e *dockertest.Engine, volume string) string {
	return e.Make(t, func(o *client.ContainerCreateOptions) {
		o.Config.Env = []string{"OWN=1"}
		o.Config.Labels = map[string]string{"team": "ops"}
		o.HostConfig.Memory = 64 << 20
		o.HostConfig.RestartPolicy = container.RestartPolicy{Name: "unless-stopped"}
		if volume != "" {
			o.HostConfig.Binds = []string{volume + ":/data"}
		}
	})
}

func TestRecreateKeepsTheConfiguration(t *testing.T) {
	dockertest.Each(t, func(t *testing.T, e *dockertest.Engine) {
		volume, image := dockertest.Name(), "mltb/app:1.4.2"
		if e.Real {
			image = dockertest.Name() + ":2"
			e.Import(t, image, "ENV NEXT=2", `CMD ["/guest", "serve", "0"]`)
			t.Cleanup(func() {
				_, _ = e.API.VolumeRemove(context.Background(), volume, client.VolumeRemoveOptions{Force: true})
			})
		}
		name := configured(t, e, volume)
		before := e.Run(t, Inspect, map[string]any{"container": name}).Outputs
		with := map[string]any{"container": name, "image": image, "timeout": time.Second, "steady_for": time.Second, "keep_old": true}
		p, lines := e.Preview(t, Recreate, with)
		if !strings.HasPrefix(lines[0], "image: "+e.Image+" ") || !strings.Contains(lines[0], "→ "+image+" ") || !strings.Contains(p.Summary, "no trial, as it writes to "+volume) || len(p.Interrupts) != 1 {
			t.Errorf("preview %q, %q", p.Summary, lines)
		}
		if e.Real && !slices.Contains(lines, "variables: OWN PATH → NEXT OWN") && !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "variables: ") && strings.Contains(l, "NEXT") }) {
			t.Errorf("the new variable is not shown: %q", lines)
		}
		applied := e.Settle(t, Recreate, with, func() {
			o := e.Run(t, Recreate, with).Outputs
			if o["kept"] != name+"-before" || o["old_id"] != before["id"] || o["id"] == before["id"] || o["away_ms"].(float64) < 1000 {
				t.Errorf("got %v", o)
			}
			t.Cleanup(func() {
				for _, n := range []string{name, name + "-before"} {
					_, _ = e.API.ContainerRemove(context.Background(), n, client.ContainerRemoveOptions{Force: true})
				}
			})
		})
		if applied != action.AppliedFully {
			t.Errorf("settled as %s", applied)
		}
		after := e.Run(t, Inspect, map[string]any{"container": name}).Outputs
		for _, key := range []string{"mounts", "labels", "memory_limit_bytes", "memory_swap_bytes", "networks"} {
			if fmt.Sprint(after[key]) != fmt.Sprint(before[key]) {
				t.Errorf("%s was %v, is %v", key, before[key], after[key])
			}
		}
		if !strings.Contains(fmt.Sprint(after["env_names"]), "OWN") || after["image"] != image {
			t.Errorf("got %v", after)
		}
		if left := there(t, e, name); fmt.Sprint(left) != "["+name+" running "+name+"-before exited]" {
			t.Errorf("there are %v", left)
		}
		_, err := e.Try(t, Recreate, with)
		if err == nil || !strings.Contains(err.Error(), "-before already") || action.ClassOf(err) != action.AppliedNot {
			t.Errorf("over one that was kept: %v", err)
		}
	})
}

// served makes a container that answers HTTP, and says where.
func served(t *testing.T, e *dockertest.Engine, image string, change func(*client.ContainerCreateOptions)) (name, url string) {
	t.Helper()
	name = e.Make(t, func(o *client.ContainerCreateOptions) {
		o.Config.Image, o.Config.Cmd = image, nil
		if change != nil {
			change(o)
		}
	})
	return name, addressOf(t, e, name)
}

func addressOf(t *testing.T, e *dockertest.Engine, name string) string {
	t.Helper()
	r, err := e.API.ContainerInspect(t.Context(), name, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range r.Container.NetworkSettings.Networks {
		return "http://" + at.IPAddress.String() + ":8080/"
	}
	return ""
}

// load asks some addresses steadily, each a hundred times a second, until it is stopped.
type load struct {
	asked, failed atomic.Int64
	mu            sync.Mutex
	down          map[string]bool
	mostDown      int
	stop          func()
}

func newLoad(t *testing.T, urls ...string) *load {
	l := &load{down: map[string]bool{}}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	l.stop = func() { cancel(); group.Wait() }
	t.Cleanup(l.stop)
	for _, url := range urls {
		group.Go(func() {
			c := &http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
			for ctx.Err() == nil {
				r, err := c.Get(url)
				if err == nil {
					_ = r.Body.Close()
				}
				bad := err != nil || r.StatusCode != http.StatusOK
				l.asked.Add(1)
				if bad {
					l.failed.Add(1)
				}
				l.mu.Lock()
				l.down[url] = bad
				n := 0
				for _, is := range l.down {
					if is {
						n++
					}
				}
				l.mostDown = max(l.mostDown, n)
				l.mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	return l
}

// healthCheck is that of an image that answers at 8080, or at another port, where it fails.
func healthCheck(port string) []string {
	return []string{`CMD ["/guest", "http", "8080"]`, `HEALTHCHECK --interval=500ms --timeout=1s --retries=2 CMD ["/guest", "check", "` + port + `"]`}
}

// A rolling restart of four containers under load through all of them never takes down more
// than one. Where the second does not become healthy it stops, and says what is left.
func TestRollingRestartUnderLoadReal(t *testing.T) {
	if realOnly() {
		return
	}
	e := dockertest.Real(t)
	image, group := dockertest.Name()+":h", dockertest.Name()
	e.Import(t, image, healthCheck("8080")...)
	var names, urls []string
	for i := range 4 {
		name, url := served(t, e, image, func(o *client.ContainerCreateOptions) {
			o.Name = fmt.Sprintf("%s-%d", group, i+1)
			o.Config.Labels = map[string]string{ServiceLabel: group}
		})
		names, urls = append(names, name), append(urls, url)
		e.Run(t, WaitHealthy, map[string]any{"container": name})
	}
	l := newLoad(t, urls...)
	time.Sleep(500 * time.Millisecond)
	o := e.Run(t, RollingRestart, map[string]any{"containers": []any{group}, "healthy_within": 30 * time.Second}).Outputs
	l.stop()
	var order []string
	for _, r := range o["restarted"].([]any) {
		order = append(order, r.(map[string]any)["name"].(string))
	}
	t.Logf("%d requests, %d failed, at most %d of 4 down at once", l.asked.Load(), l.failed.Load(), l.mostDown)
	if l.mostDown != 1 || !slices.Equal(order, names) {
		t.Errorf("at most %d were down; restarted %v", l.mostDown, order)
	}
	// The second one cannot become healthy any more: its check has no program.
	if _, err := e.API.ContainerRemove(t.Context(), names[1], client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	ill := dockertest.Name() + ":i"
	e.Import(t, ill, `CMD ["/guest", "http", "8080"]`, `HEALTHCHECK --interval=1s --start-period=1s --retries=2 CMD ["/guest", "once"]`)
	served(t, e, ill, func(o *client.ContainerCreateOptions) {
		o.Name, o.Config.Labels = names[1], map[string]string{ServiceLabel: group}
	})
	e.Run(t, WaitHealthy, map[string]any{"container": names[1], "for": 20 * time.Second})
	started := map[string]time.Time{}
	for _, name := range names {
		started[name] = e.Run(t, Inspect, map[string]any{"container": name}).Outputs["started_at"].(time.Time)
	}
	_, err := e.Try(t, RollingRestart, map[string]any{"containers": []any{group}, "healthy_within": 20 * time.Second})
	f := action.AsFailure(err)
	t.Log(err)
	if err == nil || f.Applied != action.AppliedPart || !strings.Contains(f.What, names[1]+" was restarted, and did not come back: its health check fails; restarted: "+names[0]+"; left as they were: "+names[2]+", "+names[3]) {
		t.Errorf("got %s, %v", f.Applied, err)
	}
	for i, name := range names {
		now := e.Run(t, Inspect, map[string]any{"container": name}).Outputs["started_at"].(time.Time)
		if again := now.After(started[name]); again != (i < 2) {
			t.Errorf("%s was restarted: %v", name, again)
		}
	}
}

// A container that is made anew of an image that fails its health check is never away: with
// a port of the host, too.
func TestRecreateToAnIllImageUnderLoadReal(t *testing.T) {
	if realOnly() {
		return
	}
	e := dockertest.Real(t)
	good, ill := dockertest.Name()+":good", dockertest.Name()+":ill"
	e.Import(t, good, healthCheck("8080")...)
	e.Import(t, ill, healthCheck("8081")...)
	for _, c := range []struct {
		name  string
		tries bool
		class action.Applied
		says  string
	}{
		{"with a trial", true, action.AppliedNot, "serves as before, and was never stopped"},
		{"without", false, action.AppliedPart, "the old one was started again and runs"},
	} {
		name, url := served(t, e, good, nil)
		e.Run(t, WaitHealthy, map[string]any{"container": name})
		l := newLoad(t, url)
		time.Sleep(time.Second)
		_, err := e.Try(t, Recreate, map[string]any{"container": name, "image": ill, "try_first": c.tries, "healthy_within": 20 * time.Second})
		time.Sleep(time.Second)
		l.stop()
		percent := 100 * float64(l.failed.Load()) / float64(l.asked.Load())
		t.Logf("%s: %d requests, %.2f %% failed; %v", c.name, l.asked.Load(), percent, err)
		if err == nil || action.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "its health check fails") {
			t.Errorf("%s: %s, %v", c.name, action.ClassOf(err), err)
		}
		if c.tries && percent >= 1 {
			t.Errorf("%s: %.2f %% failed", c.name, percent)
		}
		if o := e.Run(t, WaitHealthy, map[string]any{"container": name}).Outputs; o["healthy"] != true {
			t.Errorf("%s: %v", c.name, o)
		}
		if left := there(t, e, name); fmt.Sprint(left) != "["+name+" running]" {
			t.Errorf("%s: there are %v", c.name, left)
		}
	}
	name, _ := served(t, e, good, nil)
	e.Run(t, WaitHealthy, map[string]any{"container": name})
	e.Run(t, Recreate, map[string]any{"container": name, "image": good})
	if left := there(t, e, name); fmt.Sprint(left) != "["+name+" running]" {
		t.Errorf("after one that is good, there are %v", left)
	}
}

// Which of several is restarted first, and what is refused.
func TestRollingRestartLab(t *testing.T) {
	e := dockertest.Lab(t)
	var names []string
	group := dockertest.Name()
	for _, i := range []int{10, 9, 2} {
		names = append(names, e.Make(t, func(o *client.ContainerCreateOptions) {
			o.Name = fmt.Sprintf("%s-%d", group, i)
			o.Config.Labels = map[string]string{"group": group}
		}))
	}
	with := map[string]any{"labels": map[string]any{"group": group}, "max_down": 2, "timeout": time.Second, "steady_for": 2 * time.Second}
	_, lines := e.Preview(t, RollingRestart, with)
	want := []string{"1. " + group + "-2", "1. " + group + "-9", "2. " + group + "-10"}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]+": running") {
			t.Errorf("preview %q", lines)
		}
	}
	if applied := e.Settle(t, RollingRestart, with, func() { e.Run(t, RollingRestart, with) }); applied != action.AppliedFully {
		t.Errorf("settled as %s", applied)
	}
	if applied := e.Settle(t, RollingRestart, with, func() {}); applied != action.AppliedLost {
		t.Errorf("nothing happened: settled as %s", applied)
	}
	// One that is down comes first; while it is down, no other may go.
	e.Run(t, Pause, map[string]any{"container": names[0]})
	with["max_down"] = 1
	_, lines = e.Preview(t, RollingRestart, with)
	if !strings.HasPrefix(lines[0], "1. "+names[0]+": paused") {
		t.Errorf("preview %q", lines)
	}
	with["labels"] = map[string]any{"group": "none"}
	if _, err := e.Try(t, RollingRestart, with); err == nil || action.ClassOf(err) != action.AppliedNot {
		t.Errorf("of none: %v", err)
	}
}
