package http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// service counts what changes it and answers as its path asks.
func service(t *testing.T) (url string, changes *atomic.Int64) {
	t.Helper()
	changes = &atomic.Int64{}
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if !slices.Contains([]string{nethttp.MethodGet, nethttp.MethodHead, nethttp.MethodOptions}, r.Method) {
			changes.Add(1)
		}
		body, _ := io.ReadAll(r.Body)
		switch {
		case strings.HasPrefix(r.URL.Path, "/redirect"):
			nethttp.Redirect(w, r, "/redirect/again", nethttp.StatusFound)
		case r.URL.Path == "/away":
			nethttp.Redirect(w, r, r.URL.Query().Get("to"), nethttp.StatusFound)
		case r.URL.Path == "/big":
			_, _ = w.Write(make([]byte, 3<<20))
		case r.URL.Path == "/broken":
			w.WriteHeader(nethttp.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":"starting"}`))
		default:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Seen", r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Token"))
			_, _ = w.Write([]byte(`{"n": 5, "f": 1.5, "got": ` + quoted(string(body)) + `}`))
		}
	}))
	t.Cleanup(server.Close)
	return server.URL, changes
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

func callTo(t *testing.T, base string) action.Call {
	return actiontest.Call(t, map[string]any{"base_url": base})
}

func TestRequestGivesTheAnswer(t *testing.T) {
	base, _ := service(t)
	call := actiontest.Call(t, map[string]any{"base_url": base + "/v1/", "headers": map[string]any{"X-Token": schema.NewSecret("token", "s3cret-value")}})
	got := actiontest.Run(t, Request, call, map[string]any{"path": "/health?deep=1"})
	if got.Outputs["status"] != 200 || got.Outputs["truncated"] != false {
		t.Errorf("outputs %v", got.Outputs)
	}
	if json := got.Outputs["json"].(map[string]any); json["n"] != 5 || json["f"] != 1.5 {
		t.Errorf("json %v", json)
	}
	headers := got.Outputs["headers"].(map[string]any)
	if headers["x-seen"] != "GET /v1/health?deep=1 s3cret-value" {
		t.Errorf("headers %v", headers)
	}
	if ms := got.Outputs["latency_ms"].(float64); ms <= 0 || ms > 5000 {
		t.Errorf("latency %v", ms)
	}
	if !strings.HasPrefix(got.Summary, "200 in ") {
		t.Errorf("summary %q", got.Summary)
	}
}

func TestStatusIsNoError(t *testing.T) {
	base, _ := service(t)
	got := actiontest.Run(t, Request, callTo(t, base), map[string]any{"path": "broken"})
	if got.Outputs["status"] != 503 || got.Outputs["json"] == nil || got.Outputs["body"] != `{"status":"starting"}` {
		t.Errorf("outputs %v", got.Outputs)
	}
}

func TestWhyThereIsNoJSON(t *testing.T) {
	for body, why := range map[string]string{
		`{"a": 1}`: "", "\ufeff{\"a\": 1}": "", "\xff\xfe{\x00}\x00": "", `{"n": [1e400, -1e999, 1]}`: "",
		"": "the body is empty", " \r\n": "the body is empty", "{\"name\": \"Andr\xe9\"}": "byte 14 is not of UTF-8",
		`{"a": `: "unexpected EOF", "<html>": "invalid character '<'", `{"a": 1} {}`: "more follows", "[1, 2": "unexpected EOF",
	} {
		o := outputsOf(reply{status: 200, header: nethttp.Header{"Content-Type": {"application/json"}}, body: []byte(body)})
		if got := o.JSONError; (got == nil) != (why == "") || got != nil && !strings.Contains(*got, why) || got == nil && body != "" && o.JSON == nil {
			t.Errorf("%q: %v, because %v", body, o.JSON, got)
		}
	}
	if o := outputsOf(reply{cut: true, header: nethttp.Header{}, body: []byte(`{"a": `)}); o.JSONError == nil || *o.JSONError != "cut after 1.00 MiB" {
		t.Errorf("a cut body: %+v", o)
	}
	latin := outputsOf(reply{header: nethttp.Header{"Content-Type": {"application/json; charset=ISO-8859-1"}}, body: []byte("{\"name\": \"Andr\xe9\", \"n\": 1e400}")})
	if got := fmt.Sprint(latin.JSON); !strings.Contains(got, "map[n:1e400 name:André]") {
		t.Errorf("in ISO 8859-1: %s, because %v", got, latin.JSONError)
	}
	if o := outputsOf(reply{header: nethttp.Header{}}); o.JSONError != nil {
		t.Errorf("no body of no type: %+v", o)
	}
	if o := outputsOf(reply{header: nethttp.Header{}, body: []byte("plain words")}); o.JSONError != nil || o.JSON != nil {
		t.Errorf("plain words: %+v", o)
	}
}

func TestBodyIsCut(t *testing.T) {
	base, _ := service(t)
	got := actiontest.Run(t, Request, callTo(t, base), map[string]any{"path": "/big"})
	body := got.Outputs["body"].(string)
	if got.Outputs["truncated"] != true || len(body) > maxBody+100 || !strings.HasSuffix(body, "[cut after 1.00 MiB]") {
		t.Errorf("%d bytes, truncated %v", len(body), got.Outputs["truncated"])
	}
}

func TestSecretsGoOutAndAreNotShown(t *testing.T) {
	base, changes := service(t)
	call := callTo(t, base)
	secret := schema.NewSecret("token", "hunter22")
	bound := actiontest.Bind(t, Request, call, map[string]any{
		"method": "POST", "path": "/login?api_key=abcdef", "json": map[string]any{"p": []any{secret, "x"}, "for": 90 * time.Second},
	})
	preview, err := bound.Preview(t.Context(), call)
	if err != nil || strings.Contains(preview.Summary, "hunter22") || strings.Contains(preview.Summary, "abcdef") || !strings.Contains(preview.Summary, `"(secret token)"`) {
		t.Errorf("preview %q, %v", preview.Summary, err)
	}
	if strings.Contains(bound.Brief, "abcdef") || changes.Load() != 0 {
		t.Errorf("brief %q, %d changes by a preview", bound.Brief, changes.Load())
	}
	got, err := bound.Run(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	if sent := got.Outputs["json"].(map[string]any)["got"]; sent != `{"for":"1m30s","p":["hunter22","x"]}` {
		t.Errorf("sent %v", sent)
	}
}

func TestPreviewSaysWhatWillBeSent(t *testing.T) {
	call := callTo(t, "https://ann:pw@app.example.net")
	for _, c := range []struct {
		with map[string]any
		want string
	}{
		{map[string]any{"path": "/api/cache/clear"}, "POST https://app.example.net/api/cache/clear, no body"},
		{map[string]any{"path": "a", "json": map[string]any{"a": true}}, `POST https://app.example.net/a, 10 bytes: {"a":true}`},
		{map[string]any{"url": "http://u:p@h/x?token=1&b=2", "body": "hi"}, `POST http://h/x?token=…&b=2, 2 bytes: hi`},
	} {
		c.with["method"] = "POST"
		preview, err := actiontest.Bind(t, Request, call, c.with).Preview(t.Context(), call)
		if err != nil || preview.Summary != c.want {
			t.Errorf("preview of %v is %q, %v", c.with, preview.Summary, err)
		}
	}
}

func TestParametersThatDoNotGoTogether(t *testing.T) {
	for _, c := range []struct {
		with map[string]any
		want string
	}{
		{map[string]any{}, "needs one of them"},
		{map[string]any{"url": "http://h", "path": "/x"}, "exclude each other"},
		{map[string]any{"url": "h:80/x"}, "no absolute URL"},
		{map[string]any{"path": "/x", "json": 1, "body": "x"}, "exclude each other"},
		{map[string]any{"path": "/x", "headers": map[string]any{"content-length": "3"}}, "set by the client"},
		{map[string]any{"path": "/x", "headers": map[string]any{"X-A": "a\nb"}}, "header X-A holds a line break or another control character; take it out"},
		{map[string]any{"path": "/x", "headers": map[string]any{"X A": "a"}}, `"X A" is no name of a header`},
	} {
		call := callTo(t, "http://127.0.0.1:1")
		_, err := actiontest.Bind(t, Request, call, c.with).Run(t.Context(), call)
		var f *action.Failure
		if !errors.As(err, &f) || !strings.Contains(f.What, c.want) || !f.Final || f.Applied != action.AppliedNot {
			t.Errorf("%v: %+v", c.with, err)
		}
	}
	_, err := actiontest.Bind(t, Request, actiontest.Call(t), map[string]any{"path": "/x"}).Run(t.Context(), actiontest.Call(t))
	if err == nil || !strings.Contains(err.Error(), "no base_url") {
		t.Errorf("without a target: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	base, changes := service(t)
	other, _ := service(t)
	call := actiontest.Call(t, map[string]any{"base_url": base, "headers": map[string]any{"X-Token": "tok"}})
	_, err := actiontest.Bind(t, Request, call, map[string]any{"path": "/redirect"}).Run(t.Context(), call)
	if err == nil || !strings.Contains(err.Error(), "redirected too often") {
		t.Errorf("endless redirects: %v", err)
	}
	got := actiontest.Run(t, Request, call, map[string]any{"path": "/redirect", "method": "POST", "accept": []any{302}})
	if got.Outputs["status"] != 302 || changes.Load() != 1 {
		t.Errorf("a redirected POST: status %v, %d changes", got.Outputs["status"], changes.Load())
	}
	got = actiontest.Run(t, Request, call, map[string]any{"path": "/away?to=" + other + "/x"})
	if seen := got.Outputs["headers"].(map[string]any)["x-seen"]; seen != "GET /x" {
		t.Errorf("the other host saw %q", seen)
	}
	got = actiontest.Run(t, Request, call, map[string]any{"url": other + "/y"})
	if seen := got.Outputs["headers"].(map[string]any)["x-seen"]; seen != "GET /y" {
		t.Errorf("a url of another host saw %q", seen)
	}
}

// answers accepts connections, hands each to serve and counts them.
func answers(t *testing.T, serve func(net.Conn)) (base string, accepted *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted = &atomic.Int64{}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			go serve(conn)
		}
	}()
	return "http://" + listener.Addr().String(), accepted
}

func readRequest(conn net.Conn) { _, _ = conn.Read(make([]byte, 64<<10)) }

func TestErrorsSayHowFarTheRequestCame(t *testing.T) {
	silent, _ := answers(t, func(c net.Conn) { readRequest(c); time.Sleep(5 * time.Second); _ = c.Close() })
	closes, _ := answers(t, func(c net.Conn) { readRequest(c); _ = c.Close() })
	resets, _ := answers(t, func(c net.Conn) { readRequest(c); _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() })
	breaks, _ := answers(t, func(c net.Conn) {
		readRequest(c)
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
		_ = c.Close()
	})
	plain, _ := service(t)
	for _, c := range []struct {
		name, base, what, tried string
		applied                 action.Applied
	}{
		{"refused", "http://127.0.0.1:1", "connection refused", "no connection to 127.0.0.1:1", action.AppliedNot},
		{"no such name", "http://no-such-name.invalid", "the name no-such-name.invalid", "nothing sent", action.AppliedNot},
		{"not TLS", strings.Replace(plain, "http:", "https:", 1), "TLS", "nothing sent", action.AppliedNot},
		{"silent", silent, "no answer in ", "request sent, no first byte", action.AppliedLost},
		{"closes", closes, "closed the connection without an answer", "request sent", action.AppliedLost},
		{"resets", resets, "without an answer", "request sent", action.AppliedLost},
		{"breaks off", breaks, "the answer broke off", "status 200 and 4 bytes", action.AppliedLost},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			call := callTo(t, c.base)
			_, err := actiontest.Bind(t, Request, call, map[string]any{"path": "/x", "method": "POST"}).Run(ctx, call)
			var f *action.Failure
			if !errors.As(err, &f) {
				t.Fatalf("%v is no failure", err)
			}
			if !strings.Contains(f.What, c.what) || !strings.Contains(f.Tried, c.tried) || f.Applied != c.applied || f.Where != "http POST "+c.base+"/x" {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestChangesAreSentOnce(t *testing.T) {
	var requests atomic.Int64
	base, _ := answers(t, func(c net.Conn) {
		// Keeps the connection for one answer, and closes it at the second request.
		readRequest(c)
		requests.Add(1)
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		readRequest(c)
		_ = c.Close()
	})
	call := callTo(t, base)
	with := map[string]any{"path": "/x", "method": "POST", "headers": map[string]any{"Idempotency-Key": "k"}}
	for range 3 {
		actiontest.Run(t, Request, call, map[string]any{"path": "/x"})
		actiontest.Run(t, Request, call, with)
	}
	if n := requests.Load(); n > 6 {
		t.Errorf("%d requests arrived", n)
	}
	lost, accepted := answers(t, func(c net.Conn) { readRequest(c); _ = c.Close() })
	call = callTo(t, lost)
	if _, err := actiontest.Bind(t, Request, call, with).Run(t.Context(), call); action.ClassOf(err) != action.AppliedLost {
		t.Errorf("error %v", err)
	}
	if n := accepted.Load(); n != 1 {
		t.Errorf("%d connections for one change", n)
	}
}

func TestUnreachable(t *testing.T) {
	scheme := map[bool]string{false: "http://", true: "https://"}
	actiontest.Unreachable(t, Request, map[string]any{"path": "/x", "method": "POST", "body": "b"}, func(address string, tls bool) map[string]any {
		return map[string]any{"base_url": scheme[tls] + address}
	})
}

func TestRequestsAreLoggedWithoutValues(t *testing.T) {
	base, _ := service(t)
	with := map[string]any{"path": "/x?q=private", "method": "POST", "body": "private", "headers": map[string]any{"X": "private"}}
	if got := actiontest.Logged(t, Request, callTo(t, base), with); !strings.Contains(got, `msg=http request="POST `+base+`/x" status=200 took=`) {
		t.Error(got)
	}
	if got := actiontest.Logged(t, Request, callTo(t, "http://127.0.0.1:1"), with); !strings.Contains(got, `status="connection refused"`) {
		t.Error(got)
	}
}

// A change that is answered with 300 or more is none, or nobody knows.
func TestRefusedChanges(t *testing.T) {
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		status, _ := strconv.Atoi(r.URL.Path[1:])
		if r.URL.Query().Has("later") {
			w.Header().Set("Retry-After", "5")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "because")
	}))
	defer server.Close()
	call := callTo(t, server.URL)
	_, err := actiontest.Bind(t, Request, call, map[string]any{"method": "PUT", "path": "/304"}).Run(t.Context(), call)
	if f := action.AsFailure(err); f.Applied != action.AppliedNot || f.What != "the service does not say that it did it: 304 not modified" || !strings.Contains(strings.Join(f.Do, ""), "accept: [304]") {
		t.Errorf("not modified: %+v", f)
	}
	for _, c := range []struct {
		method, path string
		accept       []any
		want         action.Applied
	}{
		{"POST", "/204", nil, action.AppliedFully}, {"POST", "/302", nil, action.AppliedLost},
		{"POST", "/303", nil, action.AppliedLost}, {"POST", "/301", nil, action.AppliedNot},
		{"PUT", "/308", nil, action.AppliedNot}, {"POST", "/303", []any{303}, action.AppliedFully}, {"GET", "/500", nil, action.AppliedFully},
		{"POST", "/401", nil, action.AppliedNot}, {"PUT", "/404", nil, action.AppliedNot}, {"PATCH", "/409", nil, action.AppliedNot},
		{"POST", "/500", nil, action.AppliedLost}, {"POST", "/503", nil, action.AppliedLost}, {"POST", "/501", nil, action.AppliedNot},
		{"POST", "/503?later", nil, action.AppliedNot}, {"DELETE", "/404", []any{404}, action.AppliedFully}, {"DELETE", "/500", []any{404}, action.AppliedLost},
	} {
		with := map[string]any{"method": c.method, "path": c.path}
		if c.accept != nil {
			with["accept"] = c.accept
		}
		got, err := actiontest.Bind(t, Request, call, with).Run(t.Context(), call)
		if action.ClassOf(err) != c.want || err == nil && got.Outputs["status"] == nil {
			t.Errorf("%s %s: %s, %v", c.method, c.path, action.ClassOf(err), err)
		}
		told, redirect := fmt.Sprint(err), err != nil && strings.HasPrefix(c.path, "/30")
		if strings.Contains(told, "redirect") != redirect {
			t.Errorf("%s %s: %s", c.method, c.path, told)
		}
		if f := action.AsFailure(cmp.Or(err, io.EOF)); err != nil && (!strings.Contains(strings.Join(f.Seen, ""), "because") || !strings.Contains(f.Tried, c.path[1:4])) {
			t.Errorf("%s %s: %+v", c.method, c.path, f)
		}
	}
}

// The query of the base URL goes with every request, and no value breaks the
// request line.
func TestQueriesAreKept(t *testing.T) {
	base, _ := service(t)
	for _, c := range []struct{ base, with, value, want string }{
		{base + "?key=1", "path", "/x", "GET /x?key=1"},
		{base + "/v1?key=1", "path", "/x?a=2", "GET /v1/x?key=1&a=2"},
		{base, "path", "/a b?x=a b", "GET /a%20b?x=a%20b"},
		{base + "?key=1", "url", base + "/x?a=a b", "GET /x?a=a%20b"},
	} {
		got := actiontest.Run(t, Request, callTo(t, c.base), map[string]any{c.with: c.value})
		if seen := got.Outputs["headers"].(map[string]any)["x-seen"]; seen != c.want {
			t.Errorf("%s below %s: %q, want %q", c.value, c.base, seen, c.want)
		}
	}
}

// What an author wrote is shown as it is written, and no secret of it.
func TestBriefOfTemplates(t *testing.T) {
	for want, raw := range map[string]string{
		"/x/${{ item }}/${{ steps.a.outputs.n }}?token=…":       "/x/${{ item }}/${{ steps.a.outputs.n }}?token=${{ steps.a.outputs.n }}",
		`${{ steps.a.outputs.n > 3 ? "http://a/" : inputs.u }}`: `${{ steps.a.outputs.n > 3 ? "http://a/" : inputs.u }}`,
		"https://host/a%20b?q=1":                                "https://user:pass@host/a b?q=1#f",
	} {
		if got := showURL(raw); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
