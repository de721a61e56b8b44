package action

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestUnreachable(t *testing.T) {
	at := Reach{Where: "redis at h:1", Request: "PING", Server: "Redis", Address: "h:1", Setting: "address of the target redis in runbook.yaml", Took: 5 * time.Second}
	sent, broken := at, at
	sent.Sent = true
	byProxy := at
	byProxy.Dialed = "p:3128"
	broken.Answer = "status 200 and 4 bytes"
	dial := func(errno syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)}
	}
	listens := []string{"check that Redis runs and listens at h:1", "or correct " + at.Setting}
	correct := []string{"correct " + at.Setting}
	look := []string{"look at the log of Redis"}
	for _, c := range []struct {
		at      Reach
		err     error
		what    string
		applied Applied
		do      []string
	}{
		{at, dial(syscall.ECONNREFUSED), "connection refused", AppliedNot, listens},
		{at, errors.New("No connection could be made because the target machine actively refused it."), "connection refused", AppliedNot, listens},
		{byProxy, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: dial(syscall.ECONNREFUSED)}, "the proxy was not reached: connection refused", AppliedNot, []string{"check that the proxy runs and listens at p:3128", "or correct the proxy of the target in runbook.yaml, or HTTP_PROXY and HTTPS_PROXY"}},
		{at, dial(syscall.EHOSTUNREACH), "there is no route to the host", AppliedNot, listens},
		{at, dial(syscall.ENETUNREACH), "there is no route to the host", AppliedNot, listens},
		{at, &net.DNSError{Name: "h", Err: "no such host", IsNotFound: true}, "the name h is not known", AppliedNot, correct},
		{at, &net.DNSError{Name: "h", Err: "server misbehaving"}, "the name h was not resolved: server misbehaving", AppliedNot, correct},
		{at, fmt.Errorf("lookup h: no such host"), "the name of the host is not known", AppliedNot, correct},
		{at, dial(syscall.ETIMEDOUT), "no answer in 5.0s", AppliedNot, listens},
		{at, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "the server does not speak TLS", AppliedNot, correct},
		{sent, context.DeadlineExceeded, "no answer in 5.0s", AppliedLost, append(slices.Clone(look), "or raise the step's timeout")},
		{sent, errors.New("read tcp: i/o timeout"), "no answer in 5.0s", AppliedLost, append(slices.Clone(look), "or raise the step's timeout")},
		{sent, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, "the server reset the connection without an answer", AppliedLost, look},
		{sent, &net.OpError{Op: "write", Err: syscall.EPIPE}, "the server closed the connection while the request was sent", AppliedLost, look},
		{sent, &url.Error{Op: "Post", URL: "http://ann:hunter22@h", Err: io.EOF}, "the server closed the connection without an answer", AppliedLost, look},
		{broken, io.ErrUnexpectedEOF, "the answer broke off: the server closed the connection", AppliedLost, listens},
		{at, errors.New(`Post "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/json?all=1": strange`), "Post the socket /var/run/docker.sock: strange", AppliedNot, nil},
		{at, RefusedInDryRun("redis DEL"), "redis DEL is not on the list of reads: refused in a dry run", AppliedNot, nil},
		{sent, errors.New(strings.Repeat("é", 200)), strings.Repeat("é", 100) + "…", AppliedLost, nil},
	} {
		f := Unreachable(t.Context(), c.err, c.at)
		if f.What != c.what || f.Applied != c.applied || !slices.Equal(f.Do, c.do) || f.Where != at.Where || strings.Contains(fmt.Sprint(f.What, f.Err), "hunter22") {
			t.Errorf("%v: %s (%s), do %q", c.err, f.What, f.Applied, f.Do)
		}
	}
}

func TestReachSaysHowFarItCame(t *testing.T) {
	took := Reach{Took: 2 * time.Second}
	for want, change := range map[string]func(*Reach){
		"once; no connection after 2.0s, nothing sent":                        func(*Reach) {},
		"PING, once; no connection to 10.0.0.1:6379 after 2.0s, nothing sent": func(r *Reach) { r.Request, r.Dialed = "PING", "10.0.0.1:6379" },
		"once; connected in 12ms, request sent, no first byte after 2.0s":     func(r *Reach) { r.Connected, r.Sent = 12*time.Millisecond, true },
		"GET /, once; status 200 and 4 bytes came in 2.0s":                    func(r *Reach) { r.Request, r.Sent, r.Answer = "GET /", true, "status 200 and 4 bytes" },
	} {
		at := took
		change(&at)
		if got := Unreachable(t.Context(), io.EOF, at).Tried; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A context that ended by its time is no cancellation, whoever cancelled it.
func TestTimeOrCancellation(t *testing.T) {
	given, cancel := context.WithCancel(t.Context())
	cancel()
	late, end := context.WithCancelCause(t.Context())
	end(fmt.Errorf("timed out: %w", context.DeadlineExceeded))
	for want, ctx := range map[string]context.Context{"cancelled after 1.0s": given, "no answer in 1.0s": late} {
		if f := Unreachable(ctx, ctx.Err(), Reach{Took: time.Second}); f.What != want {
			t.Errorf("%s, want %s", f.What, want)
		}
	}
}
