package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// execEngine makes a fake answer one exec: output is its multiplexed stream,
// after which it counts as running for two more looks.
func execEngine(t *testing.T, output func(io.Writer)) (*fakeEngine, *container.ExecCreateRequest) {
	f := newFake(t, app())
	asked := &container.ExecCreateRequest{}
	looks := 0
	f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
		switch {
		case strings.HasSuffix(path, "/exec"):
			_ = json.NewDecoder(r.Body).Decode(asked)
			reply(w, 201, container.ExecCreateResponse{ID: "e1"})
		case path == "/exec/e1/start":
			_, _ = io.Copy(io.Discard, r.Body) // unread, it would reset the connection
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return true
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
			output(conn)
		case path == "/exec/e1/json":
			looks++
			code := 3
			reply(w, 200, container.ExecInspectResponse{ID: "e1", Running: looks < 3, ExitCode: map[bool]*int{true: &code}[looks >= 3]})
		default:
			return false
		}
		return true
	}
	return f, asked
}

func TestExec(t *testing.T) {
	f, asked := execEngine(t, func(w io.Writer) {
		_, _ = w.Write(frame(1, "out"))
		_, _ = w.Write(frame(2, "err"))
		for range 3 {
			_, _ = w.Write(frame(1, strings.Repeat("y", maxExecBytes/2)))
		}
	})
	call := f.call(t)
	params := map[string]any{"container": "app", "argv": []any{"sh", "-c", "echo a b"}, "user": "nobody", "workdir": "/tmp",
		"env": map[string]any{"PASSWORD": schema.NewSecret("password", "hunter22"), "A": "1"}}
	b := bound(t, Exec, call, params)
	p, err := b.Preview(context.Background(), call)
	if want := `container app (3f9c2b71a0de, mltb/app:1.42): run sh -c "echo a b" as nobody with A, PASSWORD`; err != nil || p.Summary != want {
		t.Errorf("preview %q, %v", p.Summary, err)
	}
	o := mustRun(t, Exec, call, params).Outputs
	if got := fmt.Sprintf("%v %v %v", o["exit_code"], o["stderr"], o["truncated"]); got != "3 err true" {
		t.Errorf("got %s", got)
	}
	if out := o["stdout"].(string); !strings.HasPrefix(out, "outyyy") || !strings.HasSuffix(out, "y… (cut, 1,572,867 bytes in all)") || len(out) > maxExecBytes+100 {
		t.Errorf("stdout of %d bytes ends with %q", len(out), out[len(out)-50:])
	}
	if got := fmt.Sprintf("%v %v %v %v %v", asked.Cmd, asked.Env, asked.User, asked.WorkingDir, asked.Tty); got != "[sh -c echo a b] [A=1 PASSWORD=hunter22] nobody /tmp false" {
		t.Errorf("asked %s", got)
	}
}

func TestExecLost(t *testing.T) {
	f, _ := execEngine(t, func(w io.Writer) { _, _ = w.Write(frame(1, "half")[:10]) })
	_, err := run(t, Exec, f.call(t), map[string]any{"container": "app", "argv": []any{"x"}})
	if action.ClassOf(err) != action.AppliedLost || !strings.Contains(err.Error(), "its end was not seen") {
		t.Errorf("cut: %s, %v", action.ClassOf(err), err)
	}
	release := make(chan struct{})
	defer close(release)
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"its time ends": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		},
		"cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		f, _ = execEngine(t, func(io.Writer) { <-release })
		ctx, cancel := end(t.Context())
		call := f.call(t)
		_, err = bound(t, Exec, call, map[string]any{"container": "app", "argv": []any{"x"}}).Run(ctx, call)
		cancel()
		if failure := action.AsFailure(err); action.ClassOf(err) != action.AppliedLost || !strings.Contains(failure.What, "it may still run in the container") || !strings.Contains(fmt.Sprint(failure.Do), "top app") {
			t.Errorf("%s: %s, %+v", name, action.ClassOf(err), failure)
		}
	}
	f = newFake(t, app())
	f.containers[0].State.Running = false
	if _, err := run(t, Exec, f.call(t), map[string]any{"container": "app", "argv": []any{"x"}}); action.ClassOf(err) != action.AppliedNot || len(f.changes()) > 0 {
		t.Errorf("stopped: %v, sent %v", err, f.changes())
	}
}
