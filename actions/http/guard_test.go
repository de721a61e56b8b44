package http

import (
	"errors"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

var rules = []action.RequestRule{
	{Method: "POST", Path: "/search"}, {Method: "POST", Path: "/tasks/*/log"}, {GraphQL: true, Path: "/graphql"}, {Method: "POST", Path: "/api/*"}, {RPC: "aria2.getVersion", Path: "/j"}, {RPC: "aria2.tellActive", Path: "/j"},
}

// guardCases are requests and what they do.
var guardCases = []struct {
	name string
	with map[string]any
	does action.Effect
}{
	{"get", ask("GET", "/x", ""), action.Read},
	{"head", ask("HEAD", "/x", ""), action.Read},
	{"options", ask("OPTIONS", "/x", ""), action.Read},
	{"post", ask("POST", "/x", ""), action.Write},
	{"put", ask("PUT", "/x", "b"), action.Write},
	{"patch", ask("PATCH", "/x", ""), action.Write},
	{"delete", ask("DELETE", "/x", ""), action.Destructive},
	{"listed delete", ask("DELETE", "/cache/7", ""), action.Write},
	{"delete of two segments", ask("DELETE", "/cache/7/8", ""), action.Destructive},
	{"delete of a segment that is two", ask("DELETE", "/cache/7%2F8", ""), action.Destructive},
	{"delete of what is above", ask("DELETE", "/cache/..", ""), action.Destructive},
	{"delete of what is above, escaped", ask("DELETE", "/cache/%2e%2e", ""), action.Destructive},
	{"delete of nothing", ask("DELETE", "/cache/", ""), action.Destructive},
	{"listed path", ask("POST", "/search", "q"), action.Read},
	{"listed path with a query", ask("POST", "/search?a=1", ""), action.Read},
	{"listed path of any task", ask("POST", "/tasks/5/log", ""), action.Read},
	{"listed path, other method", ask("PUT", "/search", ""), action.Write},
	{"below a listed path", ask("POST", "/search/admin", ""), action.Write},
	{"listed path by dots", ask("POST", "/search/../admin", ""), action.Write},
	{"another virtual host", ask("POST", "/search", "", "Host", "admin"), action.Write},
	{"form that asks for another method", ask("POST", "/search", "a=1&%5fmethod=DELETE", "Content-Type", "application/x-www-form-urlencoded"), action.Destructive},
	{"get that asks for another method", ask("GET", "/x", "", "x-http-method-override", "PUT"), action.Write},
	{"get that asks for a delete", ask("GET", "/x", "", "X-Http-Method", "delete"), action.Destructive},
	{"post that asks for a delete of what is listed", ask("POST", "/cache/7", "", "X-Method-Override", "DELETE"), action.Destructive},
	{"get that asks for another path", ask("GET", "/x", "", "X-Rewrite-URL", "/admin"), action.Write},
	{"get that asks for a delete in its query", ask("GET", "/x?_method=DELETE", ""), action.Destructive},
	{"query that is parted at ;", ask("GET", "/x?a=1;_method=DELETE", ""), action.Destructive},
	{"query with a name that ends at NUL", ask("GET", "/x?_method%00=DELETE", ""), action.Destructive},
	{"query beside what is not escaped well", ask("GET", "/x?%5fmethod=PUT&b=%00", ""), action.Write},
	{"query with two methods", ask("GET", "/x?_method=PUT&_method=delete", ""), action.Destructive},
	{"query with a method of another kind", ask("GET", "/x?payment_method=card&sort=a.method", ""), action.Read},
	{"header as CGI takes it", ask("GET", "/x", "", "X_HTTP_Method_Override", "DELETE"), action.Destructive},
	{"listed path, JSON that asks for a delete", ask("POST", "/search", `{"\u005fmethod":"DELETE"}`), action.Destructive},
	{"listed path, JSON that names a method", ask("POST", "/search", `{"payment_method":"DELETE","q":{"_method":"DELETE"}}`), action.Read},
	{"get of a mutation", ask("GET", "/graphql?query=mutation%7Bdrop%7D", ""), action.Write},
	{"get of a query", ask("GET", "/graphql?query=%7Ba%7D", ""), action.Read},
	{"get of a query that is parted at ;", ask("GET", "/graphql?a=1;query=mutation%7Bdrop%7D", ""), action.Write},
	{"get of a mutation below GraphQL", ask("GET", "/graphql/v1?query=mutation%7Bdrop%7D", ""), action.Write},
	{"get of what is plainly no query, with a slash behind", ask("GET", "/api/GraphQL/?query=extend%7Ba%7D", ""), action.Write},
	{"get of a mutation where nothing tells of GraphQL", ask("GET", "/q?query=query+A%7Ba%7D+mutation+B%7Bdrop%7D", ""), action.Write},
	{"get of a search for a word", ask("GET", "/q?query=gene+mutation", ""), action.Read},
	{"get of a query with a field of that name", ask("GET", "/q?query=%7B_mutation(a:$mutation)%7Ba%7D%7D", ""), action.Read},
	{"mutation at a listed path", ask("POST", "/search", `{"query":"mutation { drop }"}`), action.Write},
	{"mutation at a listed path, in a batch", ask("POST", "/search", `[{"query":"{ a }"},{"Query":"\u006dutation @a { drop }"}]`), action.Write},
	{"mutation at a listed path, as it is", ask("POST", "/search", "# c\nmutation { drop }", "Content-Type", "application/graphql"), action.Write},
	{"search for a word at a listed path", ask("POST", "/search", `{"query":"mutation","filter":{"a":1}}`), action.Read},
	{"query with a comment", ask("POST", "/graphql", `{"query":"# who\n{ a } # all"}`), action.Read},
	{"listed by a wildcard", ask("POST", "/api/find", `{"a":1}`), action.Read},
	{"mutation behind a wildcard", ask("POST", "/api/graphql", `{"query":"mutation { drop }"}`), action.Write},
	{"mutation behind a wildcard, escaped", ask("POST", "/api/Graph%71l", `{"query":"mutation { drop }"}`), action.Write},
	{"query behind a wildcard", ask("POST", "/api/graphql", `{"query":"{ a }"}`), action.Read},
	{"listed call", map[string]any{"path": "/j", "method": "POST", "json": map[string]any{"method": "aria2.getVersion", "id": 1}}, action.Read},
	{"listed call at another path", ask("POST", "/admin", `{"method":"aria2.getVersion"}`), action.Write},
	{"listed call, the query says more", ask("POST", "/j?method=aria2.remove", `{"method":"aria2.getVersion"}`), action.Write},
	{"listed call in a form", ask("POST", "/j", `{"method":"aria2.getVersion"}`, "Content-Type", "application/x-www-form-urlencoded"), action.Write},
	{"listed call in another alphabet", ask("POST", "/j", `{"method":"aria2.getVersion"}`, "Content-Type", "application/json; charset=utf-7"), action.Write},
	{"other call", ask("POST", "/j", `{"method":"aria2.removeAll"}`), action.Write},
	{"batch of listed calls", ask("POST", "/j", `[{"method":"aria2.getVersion"},{"method":"aria2.tellActive"}]`), action.Read},
	{"batch with another call", ask("POST", "/j", `[{"method":"aria2.getVersion"},{"method":"aria2.remove"}]`), action.Write},
	{"empty batch", ask("POST", "/j", `[]`), action.Write},
	{"method twice", ask("POST", "/j", `{"method":"aria2.remove","method":"aria2.getVersion"}`), action.Write},
	{"method in two cases", ask("POST", "/j", `{"Method":"aria2.remove","method":"aria2.getVersion"}`), action.Write},
	{"two documents", ask("POST", "/j", `{"method":"aria2.getVersion"}{"method":"aria2.remove"}`), action.Write},
	{"no JSON", ask("POST", "/j", `method=aria2.getVersion`), action.Write},
	{"no text", ask("POST", "/j", "{\"method\":\"aria2.getVersion\",\"method\xff\":\"aria2.remove\"}"), action.Write},
	{"query", map[string]any{"path": "/graphql", "method": "POST", "json": map[string]any{"query": "query Q($a: Int) { tasks(a: $a) { id } }", "variables": map[string]any{"a": 1}}}, action.Read},
	{"mutation", ask("POST", "/graphql", `{"query":"mutation { drop }"}`), action.Write},
	{"query that is kept under a name", ask("POST", "/graphql", `{"query":"{ a }","extensions":{"persistedQuery":{"sha256Hash":"0"}}}`), action.Write},
	{"query in the URL too", ask("POST", "/graphql?query=mutation%7Bdrop%7D", `{"query":"{ a }"}`), action.Write},
	{"query, and a mutation in another case", ask("POST", "/graphql", `{"query":"{ a }","Query":"mutation { drop }"}`), action.Write},
	{"query at another path", ask("POST", "/graphql/admin", `{"query":"{ a }"}`), action.Write},
	{"document that is no JSON", ask("POST", "/graphql", `{ a }`), action.Write},
}

func ask(method, path, body string, headers ...string) map[string]any {
	with := map[string]any{"method": method, "path": path}
	if body != "" {
		with["body"] = body
	}
	if len(headers) > 0 {
		with["headers"] = map[string]any{headers[0]: headers[1]}
	}
	return with
}

// What a request is called decides whether it is asked for; the client layer of a dry
// run decides by itself, and lets the same pass.
func TestEffectAndDryRunAgree(t *testing.T) {
	for _, c := range guardCases {
		t.Run(c.name, func(t *testing.T) {
			arrived := 0
			server := httptest.NewServer(nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) { arrived++ }))
			defer server.Close()
			call := callTo(t, server.URL)
			call.DryRun, call.Target.Reads, call.Target.Writes = true, rules, []action.RequestRule{{Method: "DELETE", Path: "/cache/*"}}
			bound := actiontest.Bind(t, Request, call, c.with)
			if bound.Effect != c.does {
				t.Errorf("effect %s, want %s", bound.Effect, c.does)
			}
			_, err := bound.Run(t.Context(), call)
			if read := c.does == action.Read; errors.Is(err, action.ErrDryRun) == read || arrived > 0 != read {
				t.Errorf("%d requests arrived, error %v", arrived, err)
			}
		})
	}
}

// Only what names the version that it is about may be sent again, as the server refuses
// it where another wrote meanwhile; and only by a method behind which no other stands.
func TestOnlyAConditionIsIdempotent(t *testing.T) {
	plain := callTo(t, "http://h")
	other := actiontest.Call(t, map[string]any{"base_url": "http://h", "headers": map[string]any{"X-HTTP-Method": "POST"}})
	versioned := actiontest.Call(t, map[string]any{"base_url": "http://h", "headers": map[string]any{"If-Match": `"7"`}})
	for _, c := range []struct {
		call action.Call
		with map[string]any
		want bool
	}{
		{plain, ask("PUT", "/x", "b"), false},
		{plain, ask("DELETE", "/x", ""), false},
		{plain, ask("PUT", "/x", "b", "If-Match", `"7"`), true},
		{plain, ask("DELETE", "/x", "", "if-match", `"7"`), true},
		{plain, ask("PUT", "/x", "b", "If-Match", "*"), false},
		{plain, ask("PUT", "/x", "b", "If-Match", `W/"7"`), false},
		{plain, ask("PUT", "/x", "b", "If-None-Match", "*"), false},
		{plain, ask("POST", "/x", "", "If-Match", `"7"`), false},
		{plain, ask("PATCH", "/x", "", "If-Match", `"7"`), false},
		{plain, ask("GET", "/x", "", "If-Match", `"7"`), false},
		{versioned, ask("PUT", "/x", ""), true},
		{versioned, ask("PUT", "/x?_method=POST", ""), false},
		{versioned, ask("PUT", "/x", "_method=POST", "Content-Type", "application/x-www-form-urlencoded"), false},
		{versioned, ask("PUT", "/x", "", "X-HTTP-Method-Override", "POST"), false},
		{other, ask("PUT", "/x", "", "If-Match", `"7"`), false},
		{action.Call{}, ask("PUT", "/x", "", "If-Match", `"7"`), true},
		{action.Call{}, ask("PUT", "/x", ""), false},
	} {
		bound, err := Request.Decode(c.with, c.call.Target)
		if err != nil || bound.Idempotent != c.want {
			t.Errorf("%v is idempotent: %v, %v", c.with, bound.Idempotent, err)
		}
	}
}

func TestQueriesOfGraphQL(t *testing.T) {
	for document, want := range map[string]bool{
		"{ a }": true, "query { a }": true, "query Q { a } query R { b }": true, "{ ...F } fragment F on T { a }": true,
		"query Q($a: In = {x: [1]}, $b: String! = \"}\") @cached(for: {s: 1}) { a(b: $b, c: \"mutation\") { d } }": true,
		"{ mutation }": true, "query Q { a(t: \"\") b(t: \"\\\"\") }": true, strings.Repeat("{a", 60) + strings.Repeat("}", 60): true, "{ a(t: \"\u00e9\") }": true, ",{ a },": true,
		"{ a } # comment": true, "# \"\nquery { a } # }\r\n": true, "query Q # {\n { a(t: \"#\") }": true, "{ a } # c\nmutation { b }": false, "{ a } # \u00e9": false, "#": false,
		"{ a(t: \"# \") } mutation { b # \") }\n}": false, "{ a } # \"\"\"\n": false,
		"{ a(t: \"\"\" \" \"\"\") } mutation { drop(t: \"\"\" \" \"\"\") }": false, "{ a(t: \"\"\"x\"\"\") }": false,
		strings.Repeat("{a", 99) + strings.Repeat("}", 99): false, "{ a } " + strings.Repeat(" ", 99<<10): false,
		"": false, "mutation { a }": false, "subscription { a }": false, "{ a } mutation { b }": false, "query Q { a } mutation M { b }": false,
		"# c\rmutation { b }": false, "query Q # c\n mutation { b }": false, "{ a(t: \"\\\") }": false, "{ a(t: \"x\ny\") }": false, "{ a(t: \"\"\"x) }": false,
		"{ a": false, "{ a }}": false, "{ (a} )": false, "query": false, "query Q": false, "fragment F on T": false, "type T { a: Int }": false,
		"extend type T { a: Int }": false, "\"describes\" { a }": false, "[{ a }]": false, "($a: Int) { a }": false, "\ufeff{ a }": false, "{ a\u2028 }": false,
		"# \u2028mutation { b }\n{ a }": false, "{ a \x00 }": false, "\\u006dutation { a }": false, "query Q : { a }": false,
	} {
		if isQuery(document) != want {
			t.Errorf("%q: %v", document, !want)
		}
	}
}

func TestRulesHoldBelowTheBaseOnly(t *testing.T) {
	base, _ := service(t)
	other, changes := service(t)
	call := callTo(t, base)
	call.DryRun, call.Target.Reads = true, rules
	bound := actiontest.Bind(t, Request, call, map[string]any{"url": other + "/search", "method": "POST"})
	if _, err := bound.Run(t.Context(), call); bound.Effect != action.Write || !errors.Is(err, action.ErrDryRun) || changes.Load() != 0 {
		t.Errorf("effect %s, error %v, %d changes", bound.Effect, err, changes.Load())
	}
	bound = actiontest.Bind(t, Request, call, map[string]any{"url": base + "/search", "method": "POST"})
	if _, err := bound.Run(t.Context(), call); bound.Effect != action.Read || err != nil {
		t.Errorf("effect %s, error %v", bound.Effect, err)
	}
}

func TestEffectWithoutEnvironment(t *testing.T) {
	for method, want := range map[string]action.Effect{"GET": action.Read, "HEAD": action.Read, "POST": action.Write, "DELETE": action.Destructive} {
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
	c, err := configured(action.Target{Config: map[string]any{"base_url": "http://h"}, Reads: rules})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		u, header := c.base.JoinPath("j"), nethttp.Header{}
		if c.effect("POST", u, header, body) != action.Read {
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
