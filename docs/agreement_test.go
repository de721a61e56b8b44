package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/playbook"
	"runbook/engine/reference"
	"runbook/engine/yaml"
	"runbook/lab/rehearsal"
)

// read returns the values of files, all of which must be YAML.
func read(t *testing.T, patterns ...string) []any {
	t.Helper()
	var values []any
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			v := valueOf(&yaml.Source{Name: name, Text: text})
			if v == nil {
				t.Fatalf("%s is no YAML", name)
			}
			values = append(values, v)
		}
	}
	return values
}

func noActions(t *testing.T) *action.Registry {
	t.Helper()
	empty, err := action.NewRegistry(nil)
	if err != nil {
		t.Fatal(err)
	}
	return empty
}

// The schema of playbooks takes what their decoder takes, and nothing else.
func TestPlaybookSchemaAgrees(t *testing.T) {
	t.Parallel()
	text, err := reference.Schema(noActions(t))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(s *yaml.Source) diag.List { _, list := playbook.Parse(s); return list }
	if n := agree(t, text, decode, read(t, "../engine/reference/testdata/playbook.yaml")...); n < 2_000 {
		t.Errorf("only %d changes were tried", n)
	}
}

// A file with mistakes of structure alone is refused by the schema too.
func TestSchemasRefuseMistakes(t *testing.T) {
	for pattern, schema := range map[string]func(*action.Registry) ([]byte, error){
		"../engine/playbook/testdata/err/*.yaml": reference.Schema, "../engine/environment/testdata/err/*.yaml": reference.EnvironmentSchema,
	} {
		text, err := schema(noActions(t))
		if err != nil {
			t.Fatal(err)
		}
		of := schemaOf(t, text)
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s: %v", pattern, err)
		}
		refused := 0
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			v := valueOf(&yaml.Source{Name: name, Text: text})
			if v == nil || filepath.Base(name) == "values.yaml" {
				continue // it is no YAML, or its structure is right
			}
			refused++
			if of.Validate(v) == nil {
				t.Errorf("the schema takes %s", name)
			}
		}
		if refused < 3 {
			t.Errorf("only %d files of %s", refused, pattern)
		}
	}
}

// The schema of runbook.yaml takes what its decoder takes, and nothing else.
func TestEnvironmentSchemaAgrees(t *testing.T) {
	t.Parallel()
	text, err := reference.EnvironmentSchema(noActions(t))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(s *yaml.Source) diag.List { _, list := environment.ReadFile(s); return list }
	if n := agree(t, text, decode, read(t, "../engine/reference/testdata/runbook.yaml", "../engine/environment/testdata/ok/*.yaml")...); n < 500 {
		t.Errorf("only %d changes were tried", n)
	}
}

// The schema of rehearsals takes what their decoder takes, and nothing else.
func TestRehearsalSchemaAgrees(t *testing.T) {
	text, err := rehearsal.Schema()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../playbooks/*/*.rehearsal.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("too few files: %v %v", files, err)
	}
	values := []any{valueOf(&yaml.Source{Name: "each key", Text: []byte(eachKey)})}
	of := schemaOf(t, text)
	for _, name := range append(files, "../lab/rehearsal/testdata/mistakes.rehearsal.yaml") {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		refused := of.Validate(valueOf(&yaml.Source{Name: name, Text: file}))
		if wrong := strings.Contains(name, "testdata"); wrong != (refused != nil) {
			t.Errorf("%s: %v", name, refused)
		}
	}
	decode := func(s *yaml.Source) diag.List { return yaml.Decode(s, &rehearsals{}) }
	if n := agree(t, text, decode, values...); n < 1_000 {
		t.Errorf("only %d changes were tried", n)
	}
}

// rehearsals is a file of them, as it is written.
type rehearsals struct {
	Rehearsals []*rehearsal.Written `yaml:"rehearsals"`
	Node       *yaml.Node           `what:"a file of rehearsals" root:"true"`
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
