package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"runbook/internal/realtest"
)

// finished is the last line of `--output json`.
type finished struct {
	Type     string `json:"type"`
	State    string `json:"state"`
	ExitCode int    `json:"exit_code"`
	Changes  []struct {
		Step, Action, State string
	} `json:"changes"`
}

// program is the built binary with a state directory and a working directory
// of its own.
type program struct {
	t         *testing.T
	path, dir string
}

// build returns the program, which is that of the scripts, in a directory of its own.
func build(t *testing.T) *program {
	t.Helper()
	path, err := exec.LookPath("runbook")
	if err != nil {
		t.Fatal(err)
	}
	return &program{t: t, path: path, dir: t.TempDir()}
}

// command is one call of the program, not yet started.
func (p *program) command(words ...string) *exec.Cmd {
	cmd := exec.Command(p.path, words...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+filepath.Join(p.dir, "state"), "NO_COLOR=1")
	return cmd
}

// run calls the program and returns what it printed and its exit code.
func (p *program) run(words ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	cmd := p.command(words...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// environment writes a runbook.yaml with these targets.
func (p *program) environment(targets string) {
	p.t.Helper()
	text := "default: staging\nenvironments:\n  staging:\n    targets:\n" + targets
	if err := os.WriteFile(filepath.Join(p.dir, "runbook.yaml"), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func last(t *testing.T, stdout string) finished {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var f finished
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &f); err != nil || f.Type != "run_finished" {
		t.Fatalf("the last line is no run_finished (%v): %s", err, lines[len(lines)-1])
	}
	return f
}

// leaking starts the app under 1 GiB and lets it leak 4 MiB a second: it is full
// after four minutes, and not while a test waits for a busy machine.
func leaking(t *testing.T, where string) (*program, *realtest.DockerEnv, *realtest.App) {
	env := realtest.Docker(t)
	app := env.App(t, realtest.AppOptions{MemoryMiB: 1024})
	p := build(t)
	p.environment(fmt.Sprintf("      docker: {host: %q}\n      http: {base_url: %q}\n", env.Host, app.BaseURL))
	if where != "" {
		app.Leak(t, where, "4MiB")
	}
	return p, env, app
}

func memoryLeak(p *program, app *realtest.App, more ...string) (finished, string) {
	p.t.Helper()
	words := append([]string{"run", "memory-leak", "-i", "container=" + app.Name, "-i", "window=10s", "--output", "json"}, more...)
	out, errs, _ := p.run(words...)
	if errs != "" {
		p.t.Logf("stderr: %s", errs)
	}
	return last(p.t, out), out
}

func TestMemoryLeakReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	for _, c := range []struct {
		where   string
		changes []string
	}{
		{"cache", []string{"http.request"}},
		{"heap", []string{"http.request", "docker.restart"}},
		{"", nil},
	} {
		t.Run("leak in "+c.where, func(t *testing.T) {
			p, _, app := leaking(t, c.where)
			f, out := memoryLeak(p, app)
			if f.ExitCode != 0 || f.State != "done" {
				t.Fatalf("ended %s, exit %d\n%s", f.State, f.ExitCode, out)
			}
			var actions []string
			for _, x := range f.Changes {
				actions = append(actions, x.Action)
			}
			if fmt.Sprint(actions) != fmt.Sprint(c.changes) {
				t.Errorf("changes %v, want %v", actions, c.changes)
			}
			if clears := app.Requests(t)["POST /api/cache/clear"]; c.where == "" && clears != 0 {
				t.Errorf("a healthy app got %d requests to clear its cache", clears)
			}
		})
	}
}

func TestDryRunReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	p, env, app := leaking(t, "heap")
	before, since := app.Requests(t), time.Now()
	out, _, code := p.run("run", "memory-leak", "-i", "container="+app.Name, "-i", "window=5s", "--dry-run", "--output", "plain")
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	for name, n := range app.Requests(t) {
		if n -= before[name]; n > 0 && !strings.HasPrefix(name, "GET ") && !strings.HasPrefix(name, "HEAD ") {
			t.Errorf("the dry run sent %s %d times", name, n)
		}
	}
	if changes := dockerEvents(t, env.Client, app, since); len(changes) > 0 {
		t.Errorf("Docker saw %v", changes)
	}
	for _, want := range []string{"recover[0]/2 previewed", "unknown observed.healthy, after recover[0]/2", "unknown outputs.status == 200, after recover"} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run does not say %q\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "recover[0]/") && strings.Contains(line, " held ") {
			t.Errorf("shown as held, but not evaluated: %s", line)
		}
	}
}

// dockerEvents are the events of the app's container since then.
func dockerEvents(t *testing.T, c *client.Client, app *realtest.App, since time.Time) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	filters := client.Filters{}.Add("container", app.ID)
	res := c.Events(ctx, client.EventsListOptions{
		Since: fmt.Sprint(since.Unix()), Until: fmt.Sprint(time.Now().Unix() + 1), Filters: filters,
	})
	var out []string
	for {
		select {
		case m := <-res.Messages:
			if m.TimeNano >= since.UnixNano() {
				out = append(out, string(m.Action))
			}
		case <-res.Err:
			return out
		case <-ctx.Done():
			return out
		}
	}
}
