package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recorder is a service that keeps what it was asked for: "DELETE /x body".
type recorder struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func logged(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.asked = append(r.asked, strings.TrimSpace(req.Method+" "+req.RequestURI+" "+string(body)))
		_, _ = w.Write(body)
	}))
	t.Cleanup(r.Close)
	return r
}

// since returns what was asked for since the last call.
func (r *recorder) since() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

// service writes an environment whose http target is that server, with more keys.
func (p *program) service(r *recorder, more string) {
	p.t.Helper()
	p.write("runbook.yaml", fmt.Sprintf(`environments:
  test:
    targets:
      http: {base_url: %q%s}
    vars: {hook: {secret: hook}, token: {secret: token}}
    secrets: {hook: {env: TEST_HOOK}, token: {env: TEST_TOKEN}}
`, r.URL, more))
}

// written writes a playbook of these steps and returns its path.
func (p *program) written(steps string) string {
	p.t.Helper()
	return p.write("requests.yaml", "playbook: requests\ntitle: t\npurpose: p\nexpected: e\ninputs: {x: {type: string, default: a}}\n"+steps)
}

// write writes a file into the working directory and returns its path.
func (p *program) write(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

const rules = `, reads: [{rpc: read, path: /rpc}, {graphql: query, path: /graphql}], writes: ["DELETE /cache/*"]`

// Whether a request is sent, asked for or refused follows what it does, and what it
// does follows the lists of the target.
func TestRequestsByTheirEffect(t *testing.T) {
	p, r := build(t), logged(t)
	for _, c := range []struct {
		name, steps string
		words       []string
		exit        int
		asked       []string
		says        string
	}{
		{"a delete is asked for", "steps: [{action: http.request, with: {method: DELETE, path: /x}}]", nil, 3, nil, "approv"},
		{"and --yes does not answer", "steps: [{action: http.request, with: {method: DELETE, path: /x}}]", []string{"--yes"}, 3, nil, ""},
		{"a listed one is not", "steps: [{action: http.request, with: {method: DELETE, path: /cache/1}}]", nil, 0, []string{"DELETE /cache/1"}, ""},
		{"an undo destroys nothing", "on_failure: undo\nsteps: [{action: http.request, with: {method: POST, path: /x}, undo: {action: http.request, with: {method: DELETE, path: /x}}}, {action: flow.assert, with: {that: inputs.x == \"b\"}}]", nil, 1, []string{"POST /x"}, "an undo never destroys"},
		{"a listed undo is done", "on_failure: undo\nsteps: [{action: http.request, with: {method: POST, path: /x}, undo: {action: http.request, with: {method: DELETE, path: /cache/1}}}, {action: flow.assert, with: {that: inputs.x == \"b\"}}]", nil, 1, []string{"POST /x", "DELETE /cache/1"}, ""},
		{"smuggled: a call at another path", "steps: [{action: http.request, with: {method: POST, path: /admin, body: '{\"method\":\"read\"}'}}]", []string{"--dry-run"}, 0, nil, ""},
		{"smuggled: a mutation", "steps: [{action: http.request, with: {method: POST, path: /graphql, json: {query: 'query A { a } mutation B { b }', operationName: B}}}]", []string{"--dry-run"}, 0, nil, ""},
		{"smuggled: a header", "steps: [{action: http.request, with: {path: /x, headers: {X-HTTP-Method: DELETE}}}]", []string{"--dry-run"}, 0, nil, ""},
		{"smuggled: a query", "steps: [{action: http.request, with: {path: /x, query: {_method: DELETE}}}]", []string{"--dry-run"}, 0, nil, ""},
		{"smuggled: a query that is parted at ;", "steps: [{action: http.request, with: {path: \"/x?a=1;_method=DELETE\"}}]", []string{"--dry-run"}, 0, nil, ""},
		{"listed reads are sent", "steps: [{action: http.request, with: {method: POST, path: /rpc, json: {method: read}}}, {action: http.request, with: {method: POST, path: /graphql, json: {query: '{ a }'}}}]", []string{"--dry-run"}, 0, []string{`POST /rpc {"method":"read"}`, `POST /graphql {"query":"{ a }"}`}, ""},
		{"a value stays a value", "steps: [{action: http.request, with: {path: \"/users/${{ inputs.x }}/state?q=${{ inputs.x }}&limit=5\", query: {x: \"${{ inputs.x }}\"}}}]", []string{"-i", "x=../a b&c#d"}, 0, []string{"GET /users/..%2Fa%20b&c%23d/state?q=..%2Fa%20b%26c%23d&limit=5&x=..%2Fa%20b%26c%23d"}, ""},
		{"no value climbs", "steps: [{action: http.request, with: {path: \"/users/${{ inputs.x }}/state\"}}]", []string{"-i", "x=.."}, 1, nil, "makes . or .. of a segment"},
		{"no value empties a segment", "steps: [{action: http.request, with: {method: DELETE, path: \"/cache/${{ inputs.x }}\"}}]", []string{"-i", "x="}, 1, nil, "leaves a segment of the path empty"},
	} {
		p.service(r, rules)
		stdout, stderr, code := p.run(append([]string{"run", p.written(c.steps), "--output", "plain"}, c.words...)...)
		if asked := r.since(); code != c.exit || !slices.Equal(asked, c.asked) || !strings.Contains(stdout+stderr, c.says) {
			t.Errorf("%s: exit %d, asked for %q\n%s%s", c.name, code, asked, stdout, stderr)
		}
		if c.exit == 3 {
			if _, stderr, code := p.run("runs", "close", "last", "--because", "a test"); code != 0 {
				t.Log(stderr)
			}
		}
	}
	for step, says := range map[string]string{
		"{action: http.request, with: {method: DELETE, path: /x}}":                                   "http.request may destroy here, and nobody is asked",
		"{action: http.request, with: {method: DELETE, path: /x}, approve: {message: Really?}}":      "1 warning in 1",
		"{action: http.request, with: {method: POST, path: /x}}":                                     "1 warning in 1",
		"{action: http.request, with: {method: DELETE, path: /x, json: {a: \"${{ vars.token }}\"}}}": "nobody is asked",
	} {
		if stdout, stderr, code := p.run("validate", p.written("steps: ["+step+"]")); code != 0 || !strings.Contains(stdout, says) {
			t.Errorf("%s: exit %d\n%s%s", step, code, stdout, stderr)
		}
	}
}
