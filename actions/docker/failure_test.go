package docker

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

func hijackAndClose(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func TestConnectionFailures(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false)
	_ = listener.Close()
	for name, test := range map[string]struct{ host, what, do string }{
		"no socket":      {"unix:///nowhere/docker.sock", "no such socket", "systemctl start docker"},
		"nobody listens": {"unix://" + dead, "connection refused", "systemctl start docker"},
		"refused TCP":    {"tcp://127.0.0.1:1", "connection refused", "docker -H tcp://127.0.0.1:1 version"},
		"no host of ssh": {"ssh://host:99999", "it is no address of a host", "correct the target docker"},
		"no scheme":      {"localhost", "is no address of an engine", "correct the target docker"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, a := range []*action.Action{Inspect, Restart, List} {
				params := map[string]any{"container": "app"}
				if a == List {
					params = nil
				}
				_, err := run(t, a, callTo(t, map[string]any{"host": test.host}), params)
				f := action.AsFailure(err)
				if err == nil || !strings.Contains(f.What, test.what) || !strings.Contains(strings.Join(f.Do, "\n"), test.do) ||
					f.Tried == "" || !strings.Contains(f.Where, test.host) || f.Applied != action.AppliedNot {
					t.Errorf("%s: %+v", a.Name, f)
				}
			}
		})
	}
}

// A command that is printed reaches the engine as the target does.
func TestCommandsReachTheEngine(t *testing.T) {
	for want, config := range map[string]map[string]any{
		"docker ps":                       {"host": "unix:///var/run/docker.sock"},
		"docker -H unix:///run/a.sock ps": {"host": "unix:///run/a.sock"},
		"docker -H tcp://h:2376 --tlscacert '/etc/a b/ca.pem' --tlscert cert --tlskey key --tlsverify ps": {"host": "tcp://h:2376", "ca_file": "/etc/a b/ca.pem", "client_cert": "cert", "client_key": "key"},
		"docker -H tcp://h:2376 --tlscert cert --tlsverify ps":                                            {"host": "tcp://h:2376", "client_cert": "cert", "client_key": schema.NewSecret("key", "-----BEGIN")},
		"docker -H tcp://h:2376 --tls ps":                                                                 {"host": "tcp://h:2376", "insecure": true},
	} {
		if got := Looking(callTo(t, config), "ps"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

func TestPermissionDenied(t *testing.T) {
	f := &action.Failure{}
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, nil, 0o660); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o660); err != nil { // whatever the umask
		t.Fatal(err)
	}
	denied(f, path)
	if f.What != "permission denied" || !f.Final || !strings.HasPrefix(f.Tried, "to open the socket as ") || !strings.Contains(f.Do[0], "usermod") {
		t.Errorf("got %+v", f)
	}
	if len(f.Seen) != 1 || !strings.Contains(f.Seen[0], " 0660") {
		t.Errorf("seen %v", f.Seen)
	}
}

// TestErrorClasses checks what is said to be known of a restart after each fault.
func TestErrorClasses(t *testing.T) {
	refuse := func(status int) func(*fakeEngine, http.ResponseWriter) {
		return func(_ *fakeEngine, w http.ResponseWriter) {
			reply(w, status, map[string]string{"message": "port is already allocated"})
		}
	}
	for name, test := range map[string]struct {
		fault func(*fakeEngine, http.ResponseWriter)
		want  action.Applied
		what  string
	}{
		"conflict":    {refuse(409), action.AppliedNot, "Docker answered 409: port is already allocated"},
		"gone":        {refuse(404), action.AppliedNot, "Docker answered 404"},
		"500, same":   {refuse(500), action.AppliedNot, "was not restarted and is running as before"},
		"bad gateway": {refuse(502), action.AppliedLost, "Docker answered 502"},
		"unavailable": {refuse(503), action.AppliedLost, "Docker answered 503"},
		"reply lost":  {func(_ *fakeEngine, w http.ResponseWriter) { hijackAndClose(w) }, action.AppliedLost, "the server closed the connection without an answer"},
		"500, stopped": {func(f *fakeEngine, w http.ResponseWriter) {
			f.mu.Lock()
			f.containers[0].State.Running, f.containers[0].State.Status, f.containers[0].State.ExitCode = false, "exited", 137
			f.mu.Unlock()
			refuse(500)(f, w)
		}, action.AppliedPart, "the container was stopped and did not start again; Docker answered 500: port is already allocated"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, app())
			f.answer = func(w http.ResponseWriter, r *http.Request, _ string) bool {
				if r.Method != http.MethodPost {
					return false
				}
				test.fault(f, w)
				return true
			}
			_, err := run(t, Restart, f.call(t), map[string]any{"container": "app"})
			if got := action.ClassOf(err); got != test.want || !strings.Contains(action.AsFailure(err).What, test.what) {
				t.Errorf("got %s: %+v", got, action.AsFailure(err))
			}
			if sent := f.changes(); len(sent) != 1 {
				t.Errorf("a change was repeated: %v", sent)
			}
		})
	}
}

func TestHangingEngine(t *testing.T) {
	f := newFake(t, app())
	release := make(chan struct{})
	defer close(release)
	f.answer = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.Method == http.MethodPost {
			<-release
		}
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	call := f.call(t)
	_, err := bound(t, Restart, call, map[string]any{"container": "app"}).Run(ctx, call)
	failure := action.AsFailure(err)
	if action.ClassOf(err) != action.AppliedLost || !strings.Contains(failure.What, "no answer in") || !strings.Contains(failure.Tried, "request sent, no first byte") {
		t.Errorf("got %+v", failure)
	}
	if want := "container app (3f9c2b71a0de) on docker, unix://" + f.socket; failure.Where != want {
		t.Errorf("where %q, want %q", failure.Where, want)
	}
}

func TestUnreachable(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	authority, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority}), 0o600); err != nil {
		t.Fatal(err)
	}
	actiontest.Unreachable(t, Inspect, byApp, func(address string, tls bool) map[string]any {
		config := map[string]any{"host": "tcp://" + address}
		if tls {
			config["ca_file"] = file
		}
		return config
	})
}

func TestRequestsAreLoggedWithoutValues(t *testing.T) {
	f := newFake(t, app())
	if got := actiontest.Logged(t, Exec, f.call(t), map[string]any{"container": "app", "argv": []any{"true", "private"}}); !strings.Contains(got, `msg=docker request="POST /containers/`+app().ID+`/exec" status=`) {
		t.Error(got)
	}
	gone := callTo(t, map[string]any{"host": "tcp://127.0.0.1:1"})
	if got := actiontest.Logged(t, Inspect, gone, byApp); !strings.Contains(got, `status="connection refused"`) {
		t.Error(got)
	}
}
