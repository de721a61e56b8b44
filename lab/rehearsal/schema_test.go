package rehearsal

import (
	"os"
	"path/filepath"
	"testing"

	"runbook/engine/diag"
	"runbook/engine/yaml"
	"runbook/internal/schematest"
)

// The schema of rehearsals takes what their decoder takes, and nothing else.
func TestSchemaAgrees(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../playbooks/*/*.rehearsal.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("too few files: %v %v", files, err)
	}
	values := []any{schematest.Value(&yaml.Source{Name: "each key", Text: []byte(eachKey)})}
	compiled := schematest.Compile(t, text)
	for _, name := range append(files, "testdata/mistakes.rehearsal.yaml") {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		refused := compiled.Validate(schematest.Value(&yaml.Source{Name: name, Text: file}))
		if wrong := filepath.Dir(name) == "testdata"; wrong != (refused != nil) {
			t.Errorf("%s: %v", name, refused)
		}
	}
	decode := func(s *yaml.Source) diag.List { return yaml.Decode(s, &written{}) }
	if n := schematest.Agree(t, text, decode, values...); n < 1_000 {
		t.Errorf("only %d changes were tried", n)
	}
}

const eachKey = `rehearsals:
  - name: a leak
    fault: {name: memory-leak, returns: true}
    settle: 90s
    seed: 7
    inputs: {who: alice}
    faults:
      - {at: 40s, inject: target-gone, on: docker, for: 5s}
      - {at: before recover/2.3, inject: reply-lost, on: http, times: 2}
      - {at: after answers, heal: target-gone on docker}
    approve: [{step: recover/2, as: alice, at: 2m, refuse: "no"}]
    report: [{step: call, as: bob, at: 1m, fields: {well: true}}]
    yes: true
    policy: {deny: [docker.restart], allow: read}
    held: [a]
    always: [lab.http.availability > 0.9]
    again: changes
    also: [redis-down]
    expect:
      exit: 3
      before: [lab.app.running]
      after: [lab.app.running]
      within: 2m
      hold: 0s
      within_run: 5m
      steps: {recover: refused}
      remedies: {recover: none}
      changes: {only: [http.request], exactly: [docker.restart], count: 2}
      message: text
  - name: none
    fault: none
    expect: {changes: none}
`
