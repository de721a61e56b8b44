package actiontest

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
)

// Unreachable fails t where an action does not say in a few words why its server
// was not reached. config is the configuration of a target at address, over TLS
// where tls is set.
func Unreachable(t *testing.T, a *action.Action, with map[string]any, config func(address string, tls bool) map[string]any) {
	t.Helper()
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for _, c := range []struct {
		name, address string
		tls           bool
		what          string
		applied       action.Applied
	}{
		{"refused", "127.0.0.1:1", false, "connection refused", action.AppliedNot},
		{"unknown name", "no-such-name.invalid:1", false, "the name no-such-name.invalid is not known", action.AppliedNot},
		{"untrusted", untrusted.Listener.Addr().String(), true, "the certificate was not accepted: ", action.AppliedNot},
		{"no TLS", plain.Listener.Addr().String(), true, "the server does not speak TLS", action.AppliedNot},
		{"hangs", Listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), false, "no answer in ", ""},
		{"closes", Listen(t, heard), false, "without an answer", ""},
		{"resets", Listen(t, func(c net.Conn) { heard(c); _ = c.(*net.TCPConn).SetLinger(0) }), false, "without an answer", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // all of it is waiting
			patience := 10 * time.Second
			if c.name == "hangs" {
				patience = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			call := Call(t, config(c.address, c.tls))
			_, err := Bind(t, a, call, with).Run(ctx, call)
			var f *action.Failure
			if !errors.As(err, &f) {
				t.Fatalf("%v is no failure", err)
			}
			if !strings.Contains(f.What, c.what) || c.applied != "" && f.Applied != c.applied {
				t.Errorf("%s (%s), want %s", f.What, f.Applied, c.what)
			}
			told := strings.Join(append([]string{f.Where, f.What, f.Tried}, f.Seen...), "\n")
			if len(told) > 300 || strings.Contains(told, "%2F") || strings.Contains(told, "dial tcp") || f.Where == "" || f.Tried == "" || len(f.Do) == 0 {
				t.Errorf("%d bytes, do %q:\n%s", len(told), f.Do, told)
			}
		})
	}
}

// heard waits until something was said.
func heard(c net.Conn) { _, _ = c.Read(make([]byte, 64<<10)) }

// Listen takes connections until t ends, serves each, and closes it.
func Listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}
