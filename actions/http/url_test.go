package http

import (
	"fmt"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// The parameter query is added to what the path and the base have, each value as one.
func TestQuery(t *testing.T) {
	asked := ""
	server := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) { asked = r.RequestURI }))
	defer server.Close()
	call := callTo(t, server.URL+"?key=1")
	for _, c := range []struct {
		query map[string]any
		want  string // "" is an error
	}{
		{nil, "/x?key=1&a=2"},
		{map[string]any{"q": "a b&c#d/../e+f", "n": 5, "ok": true}, "/x?key=1&a=2&n=5&ok=true&q=a%20b%26c%23d%2F..%2Fe%2Bf"},
		{map[string]any{"id": []any{1, "2"}, "t": schema.NewSecret("token", "hunter2 2222")}, "/x?key=1&a=2&id=1&id=2&t=hunter2%202222"},
		{map[string]any{"a": map[string]any{}}, ""},
		{map[string]any{"a": []any{nil}}, ""},
	} {
		for _, a := range []*action.Action{Request, Sample} {
			with := map[string]any{"path": "/x?a=2", "query": c.query}
			if a == Sample {
				with["n"] = 1
			}
			_, err := actiontest.Bind(t, a, call, with).Run(t.Context(), call)
			if (err != nil) != (c.want == "") || err == nil && asked != c.want {
				t.Errorf("%s %v: asked for %s, %v", a.Name, c.query, asked, err)
			}
		}
	}
}

// A secret in an address is sent, and of what is told of the request it is no part,
// whatever becomes of it.
func TestSecretsInAddresses(t *testing.T) {
	sent := ""
	server := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		if sent = r.RequestURI; r.Method == nethttp.MethodPut {
			w.WriteHeader(nethttp.StatusForbidden)
		}
	}))
	defer server.Close()
	const hook = "/services/T024/hunter2222"
	for name, c := range map[string]struct {
		base, with any
		key, shown string
		sent       string
	}{
		"url":  {"http://127.0.0.1:1", "%s" + hook + "?k=hunter2222", "url", "%s/(secret hook)", hook + "?k=hunter2222"},
		"path": {"%s", hook, "path", "%s/(secret hook)", hook},
		"base": {schema.NewSecret("base", "%s"+hook+"?k=hunter2222"), "/x", "path", "%s/(secret base)/x", hook + "/x?k=hunter2222"},
		"both": {schema.NewSecret("base", "%s/hunter2222"), "hunter2222", "path", "%s/(secret base)/(secret hook)", "/hunter2222/hunter2222"},
	} {
		for _, at := range []string{server.URL, "http://127.0.0.1:1", "http://no-such-name.invalid", "ht tp://h", "http://h:hunter2222"} {
			base := c.base
			if s, ok := base.(schema.Secret); ok {
				base = schema.NewSecret(s.Name(), strings.ReplaceAll(s.Reveal(), "%s", at))
			} else {
				base = strings.ReplaceAll(base.(string), "%s", at)
			}
			call := actiontest.Call(t, map[string]any{"base_url": base})
			value := any(schema.NewSecret("hook", strings.ReplaceAll(c.with.(string), "%s", at)))
			if c.with == "/x" {
				value = "/x"
			}
			with := map[string]any{c.key: value, "method": "PUT"}
			if name == "path" && strings.Contains(at, "hunter2222") {
				continue // that is no secret there
			}
			told := tell(t, Request, call, with)
			if strings.Contains(told, "hunter2222") || strings.Contains(told, "T024") {
				t.Errorf("%s at %s: %s", name, at, told)
			}
			if shown := strings.ReplaceAll(c.shown, "%s", at); at == server.URL && (sent != c.sent || !strings.Contains(told, "PUT "+shown+", ")) {
				t.Errorf("%s: sent %s, told %s", name, sent, told)
			}
		}
	}
}

// tell returns all that is told of a call of an action: its brief, its preview, its
// log, and how it ended.
func tell(t *testing.T, a *action.Action, call action.Call, with map[string]any) string {
	t.Helper()
	bound := actiontest.Bind(t, a, call, with)
	preview, err := bound.Preview(t.Context(), call)
	told := fmt.Sprintln(bound.Brief, preview.Summary, err, actiontest.Logged(t, a, call, with))
	if _, err = bound.Run(t.Context(), call); err != nil {
		told += fmt.Sprintf("%+v", *action.AsFailure(err))
	}
	return told
}
