package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

var protocol = Protocol{Kind: "thing", IsRead: func(method, path string) bool {
	return method == http.MethodGet || method == http.MethodPost && path == "/read"
}}

func ask(t *testing.T, call action.Call, r Request, into any) *action.Failure {
	t.Helper()
	s, err := Open(call, protocol)
	if err == nil {
		if r.Limit == 0 {
			r.Limit = 5 * time.Second
		}
		err = s.Ask(t.Context(), call, r, into)
	}
	if err == nil {
		return nil
	}
	var f *action.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	return f
}

func TestConfigurationsThatAreWrong(t *testing.T) {
	secret := schema.NewSecret("the_name", "hunter2222")
	for want, config := range map[string]map[string]any{
		"is no absolute URL":                   {"url": "localhost:9090"},
		"url is no URL":                        {"url": "http://h:hunter2222:1/"},
		"holds a user":                         {"url": "http://ann:hunter2222@h:1"},
		"has a query or a fragment":            {"url": "http://h:1/?token=hunter2222"},
		"token excludes username and password": {"url": "http://h:1", "token": secret, "username": "ann", "password": secret},
		"token holds a line break":             {"url": "http://h:1", "token": schema.NewSecret("the_name", "hunter2222\n")},
		"header X-Key holds a line break":      {"url": "http://h:1", "headers": map[string]any{"X-Key": schema.NewSecret("the_name", "hunter2222\r\n")}},
		"username and password belong":         {"url": "http://h:1", "username": "ann"},
	} {
		f := ask(t, actiontest.Call(t, config), Request{Method: "GET", Path: "/"}, nil)
		if f == nil || !strings.Contains(f.What, want) || strings.Contains(f.What, "hunter2222") || !f.Final || f.Applied != action.AppliedNot {
			t.Errorf("%v: %+v", config["url"], f)
		}
	}
}

func TestAddress(t *testing.T) {
	for url, want := range map[string]string{
		"http://h:1/": "http://h:1", "https://ann:hunter22@h/below/?x=hunter22#y": "https://h/below", "nothing": "", "http://h:x": "",
	} {
		if got, _ := Address(map[string]any{"url": url}); got != want {
			t.Errorf("%s is shown as %q", url, got)
		}
	}
}

func TestAskBelowAPath(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, `{"n":1}`)
	}))
	defer server.Close()
	call := actiontest.Call(t, map[string]any{"url": server.URL + "/below/", "username": "ann", "password": schema.NewSecret("p", "hunter2222")})
	var into struct{ N int }
	f := ask(t, call, Request{Method: "POST", Path: "/write", Body: map[string]int{"a": 1}, Change: true}, &into)
	user, password, _ := got.BasicAuth()
	if f != nil || into.N != 1 || got.URL.Path != "/below/write" || string(body) != `{"a":1}` || user != "ann" || password != "hunter2222" || !got.Close {
		t.Errorf("%+v, %+v, %s, body %s", f, into, got.URL, body)
	}
}

func TestDryRunSendsReadsOnly(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	dry := func(config map[string]any) action.Call {
		config["url"] = server.URL + "/below"
		call := actiontest.Call(t, config)
		call.DryRun = true
		return call
	}
	for _, request := range []string{"POST /write", "DELETE /read", "PUT /read", "POST /read/", "POST /read/../write", "PATCH /"} {
		method, path, _ := strings.Cut(request, " ")
		if f := ask(t, dry(map[string]any{}), Request{Method: method, Path: path, Body: 1}, nil); f == nil || !errors.Is(f, action.ErrDryRun) {
			t.Errorf("%s: %+v", request, f)
		}
	}
	override := map[string]any{"headers": map[string]any{"x-http-method-override": "DELETE"}}
	if f := ask(t, dry(override), Request{Method: "GET", Path: "/read"}, nil); f == nil || !errors.Is(f, action.ErrDryRun) {
		t.Errorf("another method by a header: %+v", f)
	}
	for name, r := range map[string]Request{
		"the query":           {Method: "GET", Path: "/read", Query: url.Values{"_method": {"DELETE"}}},
		"the query of a POST": {Method: "POST", Path: "/read", Body: 1, Query: url.Values{"a": {"b"}, "_METHOD": {"put"}}},
		"JSON":                {Method: "POST", Path: "/read", Body: map[string]string{"_method": "DELETE"}},
	} {
		if f := ask(t, dry(map[string]any{}), r, nil); f == nil || !errors.Is(f, action.ErrDryRun) {
			t.Errorf("another method by %s: %+v", name, f)
		}
	}
	s, err := Open(dry(map[string]any{}), protocol)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := s.Reader.PostForm(server.URL+"/below/read", url.Values{"a": {"1"}, "_method": {"DELETE"}}); !errors.Is(err, action.ErrDryRun) {
		t.Errorf("another method by a form: %v, %v", res, err)
	}
	if asked != 0 {
		t.Errorf("%d requests were sent", asked)
	}
	if f := ask(t, dry(map[string]any{}), Request{Method: "POST", Path: "/read", Body: map[string]string{"a": "_method=DELETE"}}, nil); f != nil || asked != 1 {
		t.Errorf("a read: %+v, %d requests", f, asked)
	}
}

// What no request can go to is found when the environment is loaded, and told without
// the text, in which a password may stand; what is not read yet is left alone.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		text        any
		strict, any bool
	}{
		{"http://h:9090/p", true, true}, {"https://[::1]:9090", true, true}, {schema.NewSecret("s", ""), true, true}, {schema.NewSecret("s", "http://h"), true, true},
		{"http://ann:hunter2222@h", false, true}, {"http://h?a=hunter2222", false, true}, {nil, true, true},
		{"ftp://hunter2222", false, false}, {"h:9090", false, false}, {"hunter2222", false, false}, {"http:///p", false, false}, {"http://:80", false, false}, {"", false, false},
		{"http://h\nhunter2222", false, false}, {"//hunter2222/p", false, false}, {schema.NewSecret("s", "ht tp://hunter2222"), false, false},
	} {
		_, strict := Parse(map[string]any{"url": c.text})
		_, loose := ParseAt("base_url")(map[string]any{"base_url": c.text})
		if (strict == nil) != c.strict || (loose == nil) != c.any || strings.Contains(fmt.Sprint(strict, loose), "hunter2222") {
			t.Errorf("%v: %v, %v", c.text, strict, loose)
		}
	}
}

// Nothing that authenticates reaches another host, whatever a library asks for.
func TestCredentialsStayWithTheirServer(t *testing.T) {
	var seen http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	defer other.Close()
	call := actiontest.Call(t, map[string]any{"url": "http://127.0.0.1:1", "token": schema.NewSecret("t", "hunter2222")})
	s, err := Open(call, protocol)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Reader.Get(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if seen.Get("Authorization") != "" {
		t.Errorf("header %v", seen)
	}
}

// Only what is below the URL of the target is its server: it alone is shown credentials,
// and of it alone the paths are known that are reads.
func TestWhatIsBelowTheURL(t *testing.T) {
	s, err := Open(actiontest.Call(t, map[string]any{"url": "https://metrics.example.com:9090/prom"}), protocol)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"https://metrics.example.com:9090/prom/api/v1/query":         "/api/v1/query",
		"http://metrics.example.com:9090/prom/api/v1/query":          "",
		"https://metrics.example.com/prom/api/v1/query":              "",
		"https://other.example.com:9090/prom/api/v1/query":           "",
		"https://metrics.example.com:9090/prometheus":                "",
		"https://metrics.example.com:9090/prom":                      "",
		"https://metrics.example.com:9090/prom/../api/v1/query":      "",
		"https://metrics.example.com:9090/prom/%2e%2e/admin/restart": "",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		path, below := s.below(u)
		if below != (want != "") || below && path != want {
			t.Errorf("%s: %q, below: %v", text, path, below)
		}
	}
}

func TestFailures(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "https://ann:hunter2222@login.example.com/sso?token=hunter2222", http.StatusFound)
		case "/half":
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		case "/silent":
			_, _ = io.Copy(io.Discard, r.Body) // so that the server notices the end
			<-r.Context().Done()
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}
	}))
	defer server.Close()
	for _, c := range []struct {
		url, path, what, tried string
		applied                action.Applied
	}{
		{"http://127.0.0.1:1", "/", "connection refused", "POST /, once; no connection to 127.0.0.1:1 after", action.AppliedNot},
		{"https" + strings.TrimPrefix(server.URL, "http"), "/", "does not speak TLS", "POST /, once", action.AppliedNot},
		{server.URL, "/redirect", "redirect (302) to https://login.example.com/sso", "POST /redirect, once, 302 in", action.AppliedNot},
		{server.URL, "/half", "the answer broke off: the server closed the connection", "status 200 and 4 bytes of the body came in", action.AppliedLost},
		{server.URL, "/silent", "no answer in ", "request sent, no first byte after", action.AppliedLost},
		{server.URL, "/endless", "larger than 64 MiB", "status 200 and 6", action.AppliedLost},
	} {
		limit := 20 * time.Second
		if c.path == "/silent" {
			limit = 100 * time.Millisecond
		}
		f := ask(t, actiontest.Call(t, map[string]any{"url": c.url}), Request{Method: "POST", Path: c.path, Body: 1, Change: true, Limit: limit}, nil)
		if f == nil || !strings.Contains(f.What, c.what) || !strings.Contains(f.Tried, c.tried) || f.Applied != c.applied || strings.Contains(f.What, "hunter2222") {
			t.Errorf("%s%s: %+v, tried %q", c.url, c.path, f, f.Tried)
		}
	}
}

func TestACancelledRequestEndsAtOnceAndLeavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	clients := action.NewClients()
	call := actiontest.Call(t, map[string]any{"url": server.URL})
	call.Clients = clients
	s, err := Open(call, protocol)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	err = s.Ask(ctx, call, Request{Method: "GET", Path: "/", Limit: time.Minute}, nil)
	if took := time.Since(began); took >= time.Minute || err == nil || !strings.Contains(err.Error(), "cancelled after") {
		t.Errorf("%v after %v", err, took)
	}
	server.Close()
	if err := clients.Close(); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, before)
}

// Each header that asks a server for another method or path is known, however it is
// spelled, and no other is taken for one.
func TestHeadersThatOverrideAreKnown(t *testing.T) {
	for name, want := range map[string]bool{
		"X-HTTP-Method-Override": true, "X-HTTP-Method": true, "X-Method-Override": true, "X-Original-Method": true,
		"X-Original-URL": true, "X-Rewrite-URL": true, "_method": true,
		"Method": false, "X-Original-Host": false, "X-HTTP-Methods": false, "X-Request-Id": false,
	} {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name), http.CanonicalHeaderKey(name), strings.ReplaceAll(name, "-", "_")} {
			asked, got := Override(http.Header{spelled: {"DELETE"}})
			if got != want || got && asked != "DELETE" {
				t.Errorf("%s asks for %q: %v", spelled, asked, got)
			}
		}
	}
}
