package http

import (
	"errors"
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

var rules = []action.ReadRule{{Method: "POST", Path: "/graphql"}, {RPC: "aria2.getVersion"}, {RPC: "aria2.tellActive"}}

var guardCases = []struct {
	name string
	with map[string]any
	read bool
}{
	{"get", map[string]any{"path": "/x"}, true},
	{"head", map[string]any{"path": "/x", "method": "HEAD"}, true},
	{"options", map[string]any{"path": "/x", "method": "OPTIONS"}, true},
	{"post", map[string]any{"path": "/x", "method": "POST"}, false},
	{"put", map[string]any{"path": "/x", "method": "PUT", "body": "b"}, false},
	{"patch", map[string]any{"path": "/x", "method": "PATCH"}, false},
	{"delete", map[string]any{"path": "/x", "method": "DELETE"}, false},
	{"listed path", map[string]any{"path": "/graphql", "method": "POST", "body": "q"}, true},
	{"listed path with a query", map[string]any{"path": "/graphql?a=1", "method": "POST"}, true},
	{"listed path, other method", map[string]any{"path": "/graphql", "method": "PUT"}, false},
	{"below a listed path", map[string]any{"path": "/graphql/admin", "method": "POST"}, false},
	{"listed path by dots", map[string]any{"path": "/graphql/../admin", "method": "POST"}, false},
	{"get that asks for another method", map[string]any{"path": "/x", "headers": map[string]any{"x-http-method-override": "DELETE"}}, false},
	{"get that asks for another path", map[string]any{"path": "/x", "headers": map[string]any{"X-Rewrite-URL": "/admin"}}, false},
	{"get that asks for another method in its query", map[string]any{"path": "/x?_method=DELETE"}, false},
	{"listed call", map[string]any{"path": "/jsonrpc", "method": "POST", "json": map[string]any{"method": "aria2.getVersion", "id": 1}}, true},
	{"other call", map[string]any{"path": "/jsonrpc", "method": "POST", "json": map[string]any{"method": "aria2.removeAll"}}, false},
	{"batch of listed calls", map[string]any{"path": "/j", "method": "POST", "body": `[{"method":"aria2.getVersion"},{"method":"aria2.tellActive"}]`}, true},
	{"batch with another call", map[string]any{"path": "/j", "method": "POST", "body": `[{"method":"aria2.getVersion"},{"method":"aria2.remove"}]`}, false},
	{"empty batch", map[string]any{"path": "/j", "method": "POST", "body": `[]`}, false},
	{"method twice", map[string]any{"path": "/j", "method": "POST", "body": `{"method":"aria2.remove","method":"aria2.getVersion"}`}, false},
	{"method in two cases", map[string]any{"path": "/j", "method": "POST", "body": `{"Method":"aria2.remove","method":"aria2.getVersion"}`}, false},
	{"two documents", map[string]any{"path": "/j", "method": "POST", "body": `{"method":"aria2.getVersion"}{"method":"aria2.remove"}`}, false},
	{"no JSON", map[string]any{"path": "/j", "method": "POST", "body": `method=aria2.getVersion`}, false},
}

func TestEffectAndDryRunAgree(t *testing.T) {
	for _, c := range guardCases {
		t.Run(c.name, func(t *testing.T) {
			base, changes := service(t)
			call := callTo(t, base)
			call.DryRun, call.Target.Reads = true, rules
			bound := actiontest.Bind(t, Request, call, c.with)
			if got := bound.Effect == action.Read; got != c.read {
				t.Errorf("effect %s", bound.Effect)
			}
			_, err := bound.Run(t.Context(), call)
			if refused := errors.Is(err, action.ErrDryRun); refused == c.read {
				t.Errorf("error %v", err)
			}
			if !c.read && changes.Load() != 0 {
				t.Errorf("%d changes arrived", changes.Load())
			}
		})
	}
}

func TestRulesHoldBelowTheBaseOnly(t *testing.T) {
	base, _ := service(t)
	other, changes := service(t)
	call := callTo(t, base)
	call.DryRun, call.Target.Reads = true, rules
	bound := actiontest.Bind(t, Request, call, map[string]any{"url": other + "/graphql", "method": "POST"})
	if _, err := bound.Run(t.Context(), call); bound.Effect != action.Write || !errors.Is(err, action.ErrDryRun) || changes.Load() != 0 {
		t.Errorf("effect %s, error %v, %d changes", bound.Effect, err, changes.Load())
	}
	bound = actiontest.Bind(t, Request, call, map[string]any{"url": base + "/graphql", "method": "POST"})
	if _, err := bound.Run(t.Context(), call); bound.Effect != action.Read || err != nil {
		t.Errorf("effect %s, error %v", bound.Effect, err)
	}
}

func TestEffectWithoutEnvironment(t *testing.T) {
	for method, want := range map[string]action.Effect{"GET": action.Read, "HEAD": action.Read, "POST": action.Write, "DELETE": action.Write} {
		for _, path := range []any{"/x", schema.Unknown{After: "a"}} {
			bound, err := Request.Decode(map[string]any{"method": method, "path": path}, action.Target{})
			if err != nil || bound.Effect != want {
				t.Errorf("%s %v: effect %s, %v", method, path, bound.Effect, err)
			}
		}
	}
}

func FuzzGuardNeverPassesAnUnlistedCall(f *testing.F) {
	f.Add([]byte(`{"method":"aria2.getVersion"}`))
	f.Add([]byte(`[{"method":"aria2.remove"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if !onlyReadCalls(body, rules) {
			return
		}
		value, err := schema.ParseJSON(body)
		if err != nil {
			t.Fatalf("passed %q, which is no JSON", body)
		}
		calls, isBatch := value.([]any)
		if !isBatch {
			calls = []any{value}
		}
		for _, call := range calls {
			if m := call.(map[string]any)["method"]; m != "aria2.getVersion" && m != "aria2.tellActive" {
				t.Fatalf("passed %q", body)
			}
		}
	})
}
