package docker

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/internal/realtest"
)

// sshCall is a call to the engine whose socket is reached over a server.
func sshCall(t *testing.T, s *realtest.SSH, socket string) action.Call {
	return callTo(t, map[string]any{"host": s.URL + socket, "key": s.KeyFile, "known_hosts": s.KnownHosts})
}

// The socket of another host is reached without a program of Docker there, on one
// connection for all requests. One that was cut is made anew.
func TestOverSSH(t *testing.T) {
	s := realtest.StartSSH(t)
	f := newFake(t, app())
	call := sshCall(t, s, f.socket)
	if got := mustRun(t, Inspect, call, map[string]any{"container": "app"}); got.Outputs["running"] != true {
		t.Errorf("%v", got.Outputs)
	}
	mustRun(t, Restart, call, map[string]any{"container": "app"})
	if n := s.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
	s.Cut()
	mustRun(t, List, call, nil)
	call.DryRun = true
	before := len(f.changes())
	if _, err := run(t, Stop, call, map[string]any{"container": "app"}); err == nil || len(f.changes()) != before {
		t.Errorf("in a dry run: %v, %q", err, f.changes())
	}
}

// What is cut in the middle of a change is lost; what never came there is not.
func TestOverSSHFails(t *testing.T) {
	s := realtest.StartSSH(t)
	f := newFake(t, app())
	f.answer = func(_ http.ResponseWriter, r *http.Request, path string) bool {
		if r.Method == http.MethodPost {
			s.Cut()
		}
		return false
	}
	_, err := run(t, Restart, sshCall(t, s, f.socket), map[string]any{"container": "app"})
	if action.ClassOf(err) != action.AppliedLost || len(f.changes()) != 1 {
		t.Errorf("cut: %v %q", err, f.changes())
	}
	_, err = run(t, Restart, sshCall(t, s, "/no/such.sock"), map[string]any{"container": "app"})
	told := action.AsFailure(err)
	if told.Applied != action.AppliedNot || !strings.Contains(told.What, "no connection to /no/such.sock there") || !strings.Contains(strings.Join(told.Do, "\n"), "ls -l /no/such.sock") {
		t.Errorf("%+v", told)
	}
}

// A real engine over a real server does what it does at its socket.
func TestOverSSHReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	s := realtest.StartSSH(t)
	g := realGuest(t, 0)
	g.call = sshCall(t, s, strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://"))
	g.call.Clock = wallClock{}
	contractExecAndLogs(t, g)
	contractLifecycle(t, g)
}
