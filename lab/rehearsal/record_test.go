package rehearsal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/yaml"
	"runbook/lab/stub"
)

// TestWhatWasRecordedIsRehearsed holds that a playbook that read servers for real is
// rehearsed without them by the stubs that were recorded, and that no secret is in them.
func TestWhatWasRecordedIsRehearsed(t *testing.T) {
	asked := 0
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/api/orders":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"open": %d, "of": %q}`, asked, r.URL.Query().Get("of"))
		case "/api/secret":
			fmt.Fprint(w, r.Header.Get("Authorization"))
		}
	}))
	defer shop.Close()
	k := newKit(t)
	text := steps(strings.ReplaceAll(`
  - id: orders
    action: http.request
    target: shop
    with: {path: /orders, query: {of: a b}}
    verify: [outputs.json.open == 2, 'outputs.json.of == "a b"']
    within: 1m
    every: 1s
  - id: whole
    needs: [orders]
    action: http.request
    with: {url: "SERVER/api/orders"}
    verify: [outputs.json.open == 3]
  - id: kept
    needs: [whole]
    action: http.request
    target: shop
    with: {path: /secret}
  - {id: silent, needs: [kept], action: shell.run, with: {argv: ["true"]}}
  - {id: open, needs: [kept], action: host.port, with: {port: PORT}, verify: [outputs.open]}
  - {id: shut, needs: [kept], action: host.port, with: {port: 1}, verify: [not outputs.open]}
`, "SERVER", shop.URL))
	text = strings.ReplaceAll(text, "PORT", shop.URL[strings.LastIndexByte(shop.URL, ':')+1:])
	file := "environments: {one: {targets: {shop: {kind: http, base_url: '" + shop.URL + "/api', token: {secret: word}}, http: {base_url: 'http://127.0.0.1:1'}, shell: {reads: [['true']]}}, secrets: {word: {env: RUNBOOK_TEST_WORD}}}}"
	t.Setenv("RUNBOOK_TEST_WORD", "open-sesame-open")
	env, list, err := environment.Parse(&yaml.Source{Name: "runbook.yaml", Text: []byte(file)}, "", k.Registry)
	if err != nil || list.Errors() > 0 {
		t.Fatal(err, list)
	}
	recording, fin, err := stub.Record(t.Context(), k.Launcher, launch.Request{
		Plan: k.plan(t, &yaml.Source{Name: "steps.yaml", Text: []byte(text)}), Environment: env, Inputs: launch.Values(nil),
		Clock: action.SystemClock(),
	})
	if err != nil || fin.ExitCode != 0 || asked != 4 {
		t.Fatalf("%v, %+v, asked %d times", err, fin, asked)
	}
	redact := func(text string) string { return strings.ReplaceAll(text, "open-sesame-open", "(secret)") }
	lines := recording.Lines(env, redact)
	equal(t, lines.Left, []string{"GET " + shop.URL + "/api/secret: its stub would hold a secret"})
	written, err := lines.Into("rehearsals:\n  - name: one\n    fault: none\n    requests: [{url: \"*/secret\", body: x}]\n    expect: {exit: 0, changes: none}\n")
	if err != nil {
		t.Fatal(err)
	}
	shop.Close()
	if r := k.play(t, k.options(), k.subject(t, "steps", text, written)).Results[0]; !r.Passed {
		t.Errorf("%q %+v\n%s", failures(r), r.Finished.Failure, written)
	}
	if again, err := lines.Into(written); err != nil || again != written {
		t.Errorf("%v: what is there is added again:\n%s", err, again)
	}
	if _, err := lines.Into("requests: []\n"); err == nil {
		t.Error("a key in one line is added to")
	}
}
