package rehearsal_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"runbook/engine/diag/excerpt"
	"runbook/engine/page"
	"runbook/engine/yaml"
	"runbook/lab"
	"runbook/lab/rehearsal"
)

var update = flag.Bool("update", false, "write the goldens")

func TestMistakesAreToldAtTheirPlace(t *testing.T) {
	k := newKit(t)
	p := k.plan(t, &yaml.Source{Name: "cache.yaml", Text: []byte(read(t, "cache.yaml"))})
	text := []byte(read(t, "mistakes.rehearsal.yaml"))
	file, list := rehearsal.Parse(&yaml.Source{Name: "mistakes.rehearsal.yaml", Text: text}, p, k.Registry)
	if file != nil {
		t.Error("a file with mistakes is taken")
	}
	var got bytes.Buffer
	if err := excerpt.Print(&got, list, func(string) []byte { return text }, page.Look{Width: 100, Unicode: true}); err != nil {
		t.Fatal(err)
	}
	// Which faults there are is no matter of this file: a new one leaves it as it is.
	told := regexp.MustCompile(`(?s)( faults are [^,]+, ).*?\n\n`).ReplaceAllString(got.String(), "${1}…\n\n")
	const golden = "testdata/mistakes.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(told), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := read(t, "mistakes.golden"); told != want {
		t.Errorf("%s differs; -update writes it\n%s", golden, told)
	}
}

// Words of other tools, and of the playbook, are answered with what to write; that is
// right.
func TestWordsOfOtherTools(t *testing.T) {
	k := newKit(t)
	p := k.plan(t, &yaml.Source{Name: "cache.yaml", Text: []byte(read(t, "cache.yaml"))})
	const head = "rehearsals:\n  - name: n\n    fault: none\n    "
	for word, mended := range map[string]string{
		"vars: {}": head + "inputs: {}\n    expect: {exit: 0}", "env: {A: b}": "environment: {vars: {a: b}}\n" + head + "expect: {exit: 0}",
		"script: x": head + "expect: {exit: 0}\n    programs: [{argv: [x], stdout: text}]", "until: x": head + "expect: {after: [1 == 1]}",
		"title: x": head + "expect: {exit: 0}", "if: x": head + "expect: {exit: 0}", "retries: 3": head + "expect: {exit: 0}",
	} {
		_, list := rehearsal.Parse(&yaml.Source{Name: "a.yaml", Text: []byte(head + "expect: {exit: 0}\n    " + word)}, p, k.Registry)
		if hint := list[0].Hint; len(list) != 1 || !regexp.MustCompile("^(write [a-z]+: |remove it: )").MatchString(hint) {
			t.Errorf("%s: %q of %v", word, hint, list)
		}
		if _, list := rehearsal.Parse(&yaml.Source{Name: "a.yaml", Text: []byte(mended)}, p, k.Registry); len(list) > 0 {
			t.Errorf("%s: what it says to write is wrong, too: %v", word, list)
		}
	}
}

func TestEachKeyIsRead(t *testing.T) {
	k := newKit(t)
	h := k.cache(t, `
fault: {name: memory-leak, returns: true}
settle: 90s
seed: 7
inputs: {who: alice}
faults:
  - {at: 40s, inject: target-gone, on: docker, for: 5s}
  - {at: before recover/2.3, inject: reply-lost, on: http, times: 2}
  - {at: after answers, heal: target-gone on docker}
approve: [{step: recover/2, as: alice, at: 2m, refuse: "no"}]
yes: true
always: [lab.http.availability > 0.9]
again: changes
also: [redis-down]
expect:
  exit: 3
  within: 2m
  hold: 0s
  within_run: 5m
  steps: {recover: refused}
  remedies: {recover: none}
  changes: {only: [http.request], count: 2}
  message: text`).File.Rehearsals[0]
	equal(t, h.Fault, lab.Fault{Name: "memory-leak", Options: map[string]bool{"returns": true}})
	equal(t, h.Settle, 90*time.Second)
	equal(t, h.Seed.Value, 7)
	equal(t, h.Inputs["who"], any("alice"))
	var moments []string
	for _, m := range h.Faults {
		moments = append(moments, fmt.Sprint(m, m.Fault().For, m.Fault().Times))
	}
	equal(t, moments, []string{"target-gone on docker after 40s 5s 0", "reply-lost on http before recover/2.3 0s 2", "target-gone on docker healed after answers.1 0s 0"})
	a := h.Approve[0]
	equal(t, []any{a.Step.Value, a.As.Value, a.At.Value, a.Refuse.Value, a.Refuse.Set()}, []any{"recover/2", "alice", 2 * time.Minute, "no", true})
	equal(t, []any{h.Yes.Value, h.Again.Set(), h.Also[0].Value, len(h.Always), h.Always[0].Source}, []any{true, true, "redis-down", 1, "lab.http.availability > 0.9"})
	e := h.Expect
	equal(t, []any{e.Exit.Value, e.Within.Value, e.Holds(), e.WithinRun.Value, e.Message.Value}, []any{3, 2 * time.Minute, time.Duration(0), 5 * time.Minute, "text"})
	equal(t, fmt.Sprint(e.Steps[0].Step.Value, e.Steps[0].State.Value, e.Remedies[0].Title.Value, e.Changes.Only[0].Value, e.Changes.Count.Value), "recoverrefusednonehttp.request2")
}

func TestDefaults(t *testing.T) {
	h := newKit(t).cache(t, "fault: memory-leak\nexpect: {}").File.Rehearsals[0]
	e := h.Expect
	equal(t, []any{h.Number, h.Name, h.Settle, h.Seed.Value, e.Exit.Value, e.Holds()}, []any{1, "one", 1000 * time.Second, 0, 0, 30 * time.Second})
}

func TestInputsReadTheLabAndItsFolder(t *testing.T) {
	k := newKit(t)
	r := k.brief(t, k.options(), k.cache(t, `
fault: none
inputs: {who: "${{ lab.app.image }} in ${{ folder }}"}
also: [redis-down]
expect: {after: ['inputs.who startsWith "mltb/app:"', 'inputs.who endsWith folder'], hold: 0s, within: 0s, steps: {told: passed}}`)).Results[0]
	if !r.Passed {
		t.Errorf("%q", failures(r))
	}
}
