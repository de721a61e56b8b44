//go:build unix

package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"
)

// service answers as the paths say, and keeps what it was asked.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // "PUT /slow", of a request with a token: "GET / Bearer x"
}

func newService(t *testing.T) *service {
	s := &service{}
	answers := map[string]string{
		"/big": `{"n": 18446744073709551615, "f": 0.1}`, "/bom": "\ufeff{\"a\": 1}", "/utf16": wide(`{"a": 1}`), "/broken": `{"a": 1`,
		"/page": "<html><title>Log in</title></html>", "/": `{"a": 1}`,
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization")))
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/401":
			w.WriteHeader(http.StatusUnauthorized)
		case "/500":
			w.WriteHeader(http.StatusInternalServerError)
		case "/late":
			select {
			case <-time.After(10 * time.Second):
			case <-r.Context().Done():
			}
		case "/cut":
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(answers[r.URL.Path]))
	}))
	t.Cleanup(s.Close)
	return s
}

func wide(text string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// ran is a call of the program that has ended.
type ran struct {
	code     int
	out, err string
	outputs  map[string]any
	report   string
	all      string // with the journal and the report of the run
	asked    []string
}

// kind is a kind of fault that once was there, as the smallest playbook that shows it.
type kind struct {
	steps  string   // or a whole playbook
	config string   // runbook.yaml
	words  []string // of the command; nil: run it
	env    []string
	files  map[string]string
	code   int
	has    []string // in what is printed
	lacks  []string // anywhere
	holds  func(*ran) bool
}

const aKey = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\nab\n-----END KEY-----\n"

// kinds are the faults, by their names. SERVER is a service.
func kinds() map[string]kind {
	token := `{default: e, environments: {e: {targets: {http: {base_url: "SERVER", headers: {Authorization: "Bearer ${{ secrets.token }}"}}}, secrets: {token: {env: TOKEN}}}}}`
	output := func(name string, want any) func(*ran) bool {
		return func(r *ran) bool { return fmt.Sprint(r.outputs[name]) == fmt.Sprint(want) }
	}
	set := func(with string) string {
		return "steps:\n  - {id: a, action: flow.set, with: " + with + "}\noutputs: {all: '${{ steps.a.outputs }}'}\n"
	}
	get := func(path string) string {
		return "steps: [{id: a, action: http.request, with: {url: 'SERVER" + path + "'}}]\noutputs: {json: '${{ steps.a.outputs.json }}', why: '${{ steps.a.outputs.json_error }}'}\n"
	}
	return map[string]kind{
		"a secret in the headers of a target": {
			steps: "steps: [{action: http.request, with: {path: /}}]", config: token, env: []string{"TOKEN=hunter22-hunter22"},
			holds: func(r *ran) bool { return slices.Equal(r.asked, []string{"GET / Bearer hunter22-hunter22"}) }, lacks: []string{"hunter22"},
		},
		"requests that the target lists, in the banner": {
			config: `{default: e, environments: {e: {targets: {http: {base_url: "SERVER", reads: ["POST /search"], writes: ["DELETE /cache/*"]}}}}}`, words: []string{"run", "it.yaml", "--dry-run"},
			steps: "steps: [{action: http.request, with: {method: POST, path: /search}}, {action: http.request, with: {method: DELETE, path: /cache/7}}, {action: http.request, approve: true, with: {method: DELETE, path: /all}}]",
			has:   []string{"reads=1 writes<=1 destructive=1"},
		},
		"a base URL that is none": {
			steps: "steps: [{action: http.request, with: {url: SERVER/}}]", config: `{default: e, environments: {e: {targets: {http: {base_url: "app:8060"}}}}}`, code: 2,
			has: []string{"runbook.yaml:1:", "base_url is no absolute URL; it begins with http:// or https:// and a host"}, holds: func(r *ran) bool { return len(r.asked) == 0 },
		},
		"a path with values that is no path": {
			steps: "inputs: {x: {type: string}}\nsteps: [{action: http.request, with: {path: '${{ inputs.x }}'}}]", config: `{default: e, environments: {e: {targets: {http: {base_url: "SERVER/v1"}}}}}`,
			words: []string{"run", "it.yaml", "-i", "x=/a/../../admin"}, code: 1, has: []string{"makes . or .. of a segment"}, holds: func(r *ran) bool { return len(r.asked) == 0 },
		},
		"a whole path with what stands in none": {
			steps: "inputs: {x: {type: string}}\nsteps: [{action: http.request, with: {path: '${{ inputs.x }}'}}]", config: `{default: e, environments: {e: {targets: {http: {base_url: "SERVER/v1?key=1"}}}}}`,
			words: []string{"run", "it.yaml", "-i", "x=a b#c?d=e f"}, holds: func(r *ran) bool { return slices.Equal(r.asked, []string{"GET /v1/a%20b%23c?key=1&d=e%20f"}) },
		},
		"a secret in the headers of a target, unset": {
			steps: "steps: [{action: http.request, with: {path: /}}]", config: token, code: 2, has: []string{"secret token", "$TOKEN is not set"},
			holds: func(r *ran) bool { return len(r.asked) == 0 },
		},
		"a secret with a line break behind it": {
			steps: "steps: [{action: http.request, with: {path: /}}]", config: token, env: []string{"TOKEN=hunter22-hunter22\n"},
			holds: func(r *ran) bool { return slices.Equal(r.asked, []string{"GET / Bearer hunter22-hunter22"}) },
		},
		"a secret that is short": {
			steps: "steps: [{action: http.request, with: {path: /}}]", config: token, env: []string{"TOKEN=hunter"}, code: 2, has: []string{"shorter than 8 bytes", "add weak:"}, lacks: []string{"hunter"},
		},
		"a secret that is short, and said to be": {
			steps: "steps: [{action: http.request, with: {path: /}}]", config: strings.Replace(token, "TOKEN}", "TOKEN, weak: true}", 1), env: []string{"TOKEN=hunter"}, has: []string{"token is weak"},
		},
		"a secret of several lines": {
			steps: `inputs: {key: {type: secret}}
steps:
  - id: a
    action: shell.run
    with:
      argv: [sh, -c, 'printf "%s\n" "$KEY" | sed "s/^/> /"; printf %s "$KEY" | base64; printf %s "$KEY" | od -An -tx1 | tr -d " \n"; printf "%s" "$KEY" | tr "\n" " "; printf "%s\n" "$KEY" | sed "s/^/> /" >&2; exit 3']
      env: {KEY: "${{ inputs.key }}"}
`, words: []string{"run", "it.yaml", "-i", "key=@key"}, files: map[string]string{"key": aKey}, code: 1,
			lacks: []string{"MIIEvQIB", "hkiG9w0B", base64.StdEncoding.EncodeToString([]byte(aKey))[:24], fmt.Sprintf("%x", aKey[20:36])},
		},
		"a role that nobody has": {
			steps:  "steps: [{approve: {by: dbas}, action: http.request, with: {method: POST, path: /}}]",
			config: `{default: e, roles: {dba: [ann]}, environments: {e: {targets: {http: {base_url: "SERVER"}}}}}`, code: 2,
			has: []string{"it.yaml:", `there is no role "dbas"`, `did you mean "dba"?`}, holds: func(r *ran) bool { return len(r.asked) == 0 },
		},
		"an HTTP change that is refused": {
			steps: "steps: [{id: a, action: http.request, with: {method: POST, url: SERVER/401}}]", code: 1, has: []string{"not_changed a", "changed   nothing", "in_doubt  nothing"},
		},
		"an HTTP change that fails in the server": {
			steps: "steps: [{id: a, action: http.request, with: {method: POST, url: SERVER/500}}]", code: 6, has: []string{"in_doubt  a http POST", "the reply does not tell"}, lacks: []string{"not_changed", "reply was lost"},
		},
		"an idempotent change in doubt": {
			steps: "steps: [{id: put, timeout: 500ms, action: http.request, with: {method: PUT, url: SERVER/late}}, {id: b, action: flow.log, with: {text: later}}]", code: 6,
			has: []string{"in_doubt  put http PUT", "not_reached b"}, lacks: []string{"not_changed"}, holds: func(r *ran) bool { return len(r.asked) == 1 },
		},
		"a look that failed as a proof": {
			steps: "steps:\n  - {id: a, timeout: 5s, observe: {action: http.request, with: {url: SERVER/cut}}, verify: [observed.status == 200], within: 1s, action: http.request, with: {method: POST, url: SERVER/cut}}",
			code:  6, has: []string{"in_doubt  a http POST"}, lacks: []string{"settled"},
		},
		"a block under warn": {
			steps: "steps: [{id: b, on_failure: warn, steps: [{action: flow.fail, with: {message: no}}]}]", words: []string{"run", "it.yaml", "--strict"}, code: 1, has: []string{"warnings=1"},
		},
		"a warning of several parts, and one that cannot be judged": {
			steps: "steps: [{id: a, action: flow.set, with: {n: 3}, verify: [{that: outputs.n == 3 and outputs.n > 5, level: warn}, {that: outputs.n + 9223372036854775807 > 0, level: warn}]}]",
			has:   []string{"outputs.n > 5, seen outputs.n == 3: true, 3 == 3; outputs.n > 5: false, 3 > 5", "> 0, not evaluated: `outputs.n"}, lacks: []string{"seen `outputs"},
		},
		"a table that was found": {
			steps: `steps: [{id: a, action: flow.set, with: {t: "x 1\ny 2", m: [{a: 1}, {b: {c: 2}}]}}]
outputs: {table: '${{ steps.a.outputs.t }}', n: '${{ len(steps.a.outputs.m) }}'}
`,
			holds: func(r *ran) bool {
				return strings.Contains(r.report, "Found        table  x 1\n                      y 2\n               n      2\n") && strings.Contains(r.report, "flow.set m=[{a: 1}, {b: {")
			},
		},
		"changes of a loop over a block, and of finally": {
			steps: "steps: [{id: l, for_each: [a, b], steps: [{id: w, action: shell.run, with: {argv: [touch, '${{ item }}']}}]}, {action: flow.fail, with: {message: no}}]\nfinally: [{action: shell.run, with: {argv: [touch, c]}}]\n",
			code:  1, has: []string{"changes=3", "changed   l[0]/w", "changed   l[1]/w", "changed   finally/1"}, lacks: []string{"not_changed l", "not_changed w"},
		},
		"changes as prerequisites": {
			steps: "prerequisites: [{action: docker.restart, with: {container: a}}, {action: mongo.delete, approve: true, with: {collection: a, filter: {}, limit: 5}}]\nsteps: [{action: flow.log, with: {text: a}}]",
			words: []string{"validate", "it.yaml"}, code: 1, has: []string{"docker.restart does not: its effect is write", "mongo.delete does not: its effect is destructive"},
		},
		"text that looks like a number": {
			steps: set(`{tag: "1.10", code: "007", id: "1234567890123456789", most: "${{ 9007199254740993 }}"}`),
			holds: output("all", map[string]any{"tag": "1.10", "code": "007", "id": "1234567890123456789", "most": json.Number("9007199254740993")}),
		},
		"a merge key": {steps: set("{a: {x: 2, <<: {x: 1, y: 3}}}"), holds: output("all", map[string]any{"a": map[string]any{"x": 2, "y": 3}})},
		"an alias as a key": {
			steps: "steps:\n  - id: a\n    action: flow.set\n    with:\n      a: &anchor test\n      *anchor : 1\noutputs: {all: '${{ steps.a.outputs }}'}\n", holds: output("all", map[string]any{"a": "test", "test": 1}),
		},
		"tabs where YAML takes them": {
			steps: "steps:\n  - id: a\n    action: flow.set\n    with:\n      a:\tb\n      c:   1\t\t# x\n      d: {\n\t\t\"x\":\t1,\n        }\noutputs: {all: '${{ steps.a.outputs }}'}\n",
			holds: output("all", map[string]any{"a": "b", "c": 1, "d": map[string]any{"x": 1}}),
		},
		"comments in braces": {
			steps: "steps:\n  - id: a\n    action: flow.set\n    with:\n      a: {x: 1,\n        # comment\n        y: 2}  # after\n      b: [1, # one\n        2] # two\noutputs: {all: '${{ steps.a.outputs }}'}\n",
			holds: output("all", map[string]any{"a": map[string]any{"x": 1, "y": 2}, "b": []any{1, 2}}),
		},
		"blocks of lines that end with CR LF": {
			steps: strings.ReplaceAll("steps:\n  - id: a\n    action: flow.set\n    with:\n      a: |\n        one\n        two\n      b: >-\n        x\n        y\noutputs: {all: '${{ steps.a.outputs }}'}\n", "\n", "\r\n"),
			holds: output("all", map[string]any{"a": "one\ntwo\n", "b": "x y"}),
		},
		"blocks that say their indentation": {
			steps: "steps:\n  - id: a\n    action: flow.set\n    with:\n      a: |2-\n\n            text\n      c: |+\n        keep\n\n      d: end\noutputs: {all: '${{ steps.a.outputs }}'}\n",
			holds: output("all", map[string]any{"a": "\n    text", "c": "keep\n\n", "d": "end"}),
		},
		"scalars that are neither plainly numbers nor text": {
			steps: set("{sha: 72225e2, phone: 0123, big: 12345678901234567890, under: 1_000, date: 2026-01-02}"),
			holds: output("all", map[string]any{"sha": "72225e2", "phone": "0123", "big": "12345678901234567890", "under": "1_000", "date": "2026-01-02"}),
		},
		"an item of a loop that fails": {
			steps: "steps: [{id: l, on_failure: continue, for_each: [a, b], steps: [{action: flow.fail, with: {message: 'no ${{ item }}'}}, {action: flow.log, with: {text: 'after ${{ item }}'}}]}]",
			code:  1, has: []string{"no a", "no b"}, lacks: []string{"after a", "after b"},
		},
		"loops of a dry run": {
			steps: "steps: [{id: c, for_each: [1, 2], action: http.request, with: {path: '/${{ item }}'}}, {id: b, steps: [{action: shell.run, with: {argv: [touch, made]}}]}, {id: w, action: flow.wait, with: {for: 1h}}]",
			words: []string{"run", "it.yaml", "--dry-run", "--offline"}, has: []string{"executed=0"}, lacks: []string{" executed "}, holds: func(r *ran) bool { return len(r.asked) == 0 },
		},
		"a file that is missing, beside another": {
			steps: "steps: [{action: flow.lgo, with: {text: a}}]", words: []string{"validate", "--format", "json", "missing.yaml", "it.yaml"}, code: 1,
			holds: func(r *ran) bool {
				var told struct{ Findings []struct{ Source string } }
				return json.Unmarshal([]byte(r.out), &told) == nil && len(told.Findings) == 2 && told.Findings[0].Source == "missing.yaml" && told.Findings[1].Source == "it.yaml"
			},
		},
		"values in an address": {
			steps: `steps: [{id: l, for_each: ["a b", "a&b", "a#b", "../x", "ä"], action: http.request, with: {url: 'SERVER/u/${{ item }}/s?q=${{ item }}&n=5'}}]`,
			holds: func(r *ran) bool {
				return slices.Equal(r.asked, []string{"GET /u/a%20b/s?q=a%20b&n=5", "GET /u/a&b/s?q=a%26b&n=5", "GET /u/a%23b/s?q=a%23b&n=5", "GET /u/..%2Fx/s?q=..%2Fx&n=5", "GET /u/%C3%A4/s?q=%C3%A4&n=5"})
			},
		},
		"a program that leaves another behind": {
			steps: "steps: [{id: s, action: shell.run, with: {argv: [sh, -c, 'sleep 61 & echo started']}}]", code: 1, has: []string{"left behind", "sleep 61", "detach: true"},
		},
		"what an environment lacks": {
			steps: "steps: [{action: redis.ping}, {action: flow.log, with: {text: '${{ vars.nosuch }}'}}, {action: http.request, target: elsewhere, with: {path: /}}]", config: token, env: []string{"TOKEN=hunter22-hunter22"},
			words: []string{"validate", "it.yaml"}, code: 1, has: []string{"it.yaml:5:", "redis", "nosuch", "elsewhere"},
		},
		"changes that pass for reads": {
			steps: `on_failure: continue
steps:
  - {action: http.request, with: {method: POST, path: /elsewhere, json: {jsonrpc: "2.0", id: 1, method: ok}}}
  - {action: http.request, with: {method: POST, path: /graphql, json: {query: "mutation { drop }"}}}
  - {action: http.request, with: {path: /, headers: {X-HTTP-Method-Override: DELETE}}}
  - {action: http.request, with: {path: "/?_method=delete"}}
  - {action: http.request, with: {path: "/../elsewhere", method: POST}}
`, config: `{default: e, environments: {e: {targets: {http: {base_url: "SERVER", reads: [{rpc: ok, path: /rpc}, {graphql: query, path: /graphql}, "POST /search"]}}}}}`,
			words: []string{"run", "it.yaml", "--dry-run"}, has: []string{"previewed=5"}, holds: func(r *ran) bool { return len(r.asked) == 0 },
		},
		"reads that pass as such": {
			steps: `steps:
  - {action: http.request, with: {method: POST, path: /rpc, json: {jsonrpc: "2.0", id: 1, method: ok}}}
  - {action: http.request, with: {method: POST, path: /graphql, json: {query: "query { tasks }"}}}
  - {action: http.request, with: {method: POST, path: /search}}
`, config: `{default: e, environments: {e: {targets: {http: {base_url: "SERVER", reads: [{rpc: ok, path: /rpc}, {graphql: query, path: /graphql}, "POST /search"]}}}}}`,
			words: []string{"run", "it.yaml", "--dry-run"}, has: []string{"executed=3"}, holds: func(r *ran) bool { return len(r.asked) == 3 },
		},
		"JSON with a large number":         {steps: get("/big"), holds: output("json", map[string]any{"f": "0.1", "n": "18446744073709551615"})},
		"JSON with a byte order mark":      {steps: get("/bom"), holds: output("json", map[string]any{"a": 1})},
		"JSON in UTF-16":                   {steps: get("/utf16"), holds: output("json", map[string]any{"a": 1})},
		"JSON that is broken":              {steps: get("/broken"), holds: func(r *ran) bool { return r.outputs["json"] == nil && r.outputs["why"] != nil }},
		"a page that says that it is JSON": {steps: get("/page"), holds: func(r *ran) bool { return r.outputs["json"] == nil && r.outputs["why"] != nil }},
		"a map in a closure": {
			steps: "steps: [{id: n, action: flow.set, with: {n: [1, 2]}}]\noutputs: {c: '${{ map(steps.n.outputs.n, {\"v\": #}) }}'}\n", words: []string{"validate", "it.yaml"}, code: 1,
			has: []string{`write ` + "`" + `map(steps.n.outputs.n, {{"v": #}})` + "`"},
		},
		"a map in a closure, as the hint writes it": {
			steps: "steps: [{id: n, action: flow.set, with: {n: [1, 2]}}]\noutputs: {c: '${{ map(steps.n.outputs.n, {{\"v\": #}}) }}'}\n", holds: output("c", []any{map[string]any{"v": 1}, map[string]any{"v": 2}}),
		},
		"a number that loses its spelling": {
			steps: set("{version: 1.10, date: 2026-01-02}"), words: []string{"validate", "it.yaml"}, has: []string{"1.10 is read as the number 1.1", `"1.10"`}, lacks: []string{"2026-01-02 is"},
		},
		"a change in the middle of many reads, killed": {
			steps: "steps: [{id: first, for_each: '${{ 1..600 }}', action: flow.log, with: {text: a}}, {id: touch, action: shell.run, with: {argv: [touch, made]}}, {id: second, for_each: '${{ 1..4200 }}', action: flow.log, with: {text: b}}, {id: suicide, action: shell.run, with: {argv: [sh, -c, 'kill -9 $PPID']}}]",
			code:  -1, holds: func(r *ran) bool { return strings.Contains(r.report, "Changed      touch") },
		},
		"one quote at the margin": {
			steps: "steps:\n\"\n" + strings.Repeat("  - {action: flow.log, with: {text: a}}\n", 2_000), words: []string{"validate", "it.yaml"}, code: 1, has: []string{"it.yaml:6:1: error RB1011"}, lacks: []string{"it.yaml:7"},
		},
		"a template in a path, in the plan": {
			steps: "inputs: {u: {type: string, default: a}}\nsteps: [{id: a, action: flow.set, with: {n: 5}}, {action: http.request, with: {path: '/${{ steps.a.outputs.n }}?${{ inputs.u }}'}}]\n",
			words: []string{"show", "it.yaml"}, has: []string{"/${{ steps.a.outputs.n }}?${{ inputs.u }}"}, lacks: []string{"%7B", "%24"},
		},
	}
}

// TestKinds plays each kind of fault that the program had.
func TestKinds(t *testing.T) {
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := play(t, k)
			if r.code != k.code {
				t.Errorf("exit %d, want %d", r.code, k.code)
			}
			for _, text := range k.has {
				if !strings.Contains(r.out+r.err, text) {
					t.Errorf("%q is not printed", text)
				}
			}
			for _, text := range k.lacks {
				if strings.Contains(r.all, text) {
					t.Errorf("%q is printed, or in the journal", text)
				}
			}
			if k.holds != nil && !k.holds(r) {
				t.Errorf("it does not hold: outputs %v, asked %q", r.outputs, r.asked)
			}
			if t.Failed() {
				t.Log(r.out, r.err)
			}
		})
	}
}

// play runs the program as a kind says.
func play(t *testing.T, k kind) *ran {
	t.Helper()
	s, dir := newService(t), t.TempDir()
	text := strings.ReplaceAll(k.steps, "SERVER", s.URL)
	files := map[string]string{"it.yaml": "playbook: it\ntitle: t\npurpose: p\nexpected: e\n" + text}
	if k.config != "" {
		files["runbook.yaml"] = strings.ReplaceAll(k.config, "SERVER", s.URL)
	}
	for name, text := range k.files {
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	words := k.words
	if words == nil {
		words = []string{"run", "it.yaml"}
	}
	r := &ran{}
	r.out, r.err, r.code = called(t, dir, k.env, words...)
	s.mu.Lock()
	r.asked = s.asked
	s.mu.Unlock()
	r.all = r.out + r.err
	journals, _ := filepath.Glob(filepath.Join(dir, "runbook", "runs", "*"))
	for _, path := range journals {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r.all += string(text)
		r.report, _, _ = called(t, dir, k.env, "report", "last")
		r.all += r.report
		r.outputs = outputsIn(t, text)
	}
	return r
}

// called is a call of the program without a terminal.
func called(t *testing.T, dir string, env []string, words ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := command(t, dir, words...)
	cmd.Env = append(cmd.Env, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// outputsIn are the outputs of a playbook in the last record of its journal.
func outputsIn(t *testing.T, journal []byte) map[string]any {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(journal), []byte("\n"))
	var record struct {
		Data struct{ Outputs map[string]any }
	}
	d := json.NewDecoder(bytes.NewReader(lines[len(lines)-1]))
	d.UseNumber()
	if err := d.Decode(&record); err != nil {
		t.Fatal(err)
	}
	return record.Data.Outputs
}
