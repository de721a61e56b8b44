package reference_test

import (
	"os"
	"path/filepath"
	"testing"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/playbook"
	"runbook/engine/reference"
	"runbook/engine/yaml"
	"runbook/internal/schematest"
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
			v := schematest.Value(&yaml.Source{Name: name, Text: text})
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
	if n := schematest.Agree(t, text, decode, read(t, "testdata/playbook.yaml")...); n < 2_000 {
		t.Errorf("only %d changes were tried", n)
	}
}

// A file with mistakes of structure alone is refused by the schema too.
func TestSchemasRefuseMistakes(t *testing.T) {
	for pattern, of := range map[string]func(*action.Registry) ([]byte, error){
		"../playbook/testdata/err/*.yaml": reference.Schema, "../environment/testdata/err/*.yaml": reference.EnvironmentSchema,
	} {
		text, err := of(noActions(t))
		if err != nil {
			t.Fatal(err)
		}
		compiled := schematest.Compile(t, text)
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
			v := schematest.Value(&yaml.Source{Name: name, Text: text})
			if v == nil || filepath.Base(name) == "values.yaml" {
				continue // it is no YAML, or its structure is right
			}
			refused++
			if compiled.Validate(v) == nil {
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
	if n := schematest.Agree(t, text, decode, read(t, "testdata/runbook.yaml", "../environment/testdata/ok/*.yaml")...); n < 500 {
		t.Errorf("only %d changes were tried", n)
	}
}
