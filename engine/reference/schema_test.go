package reference_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"runbook/engine/action"
	"runbook/engine/reference"
)

func compile(t *testing.T, write func(*action.Registry) ([]byte, error)) *jsonschema.Schema {
	t.Helper()
	text, err := write(registry(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := write(registry(t))
	if err != nil || !bytes.Equal(text, again) {
		t.Fatal("the schema differs the second time", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func instance(t *testing.T, text string) any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaTakesAPlaybook(t *testing.T) {
	text, err := os.ReadFile("testdata/playbook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := compile(t, reference.Schema).Validate(instance(t, string(text))); err != nil {
		t.Errorf("%#v", err)
	}
}

func TestSchemaRefusesMistakes(t *testing.T) {
	compiled := compile(t, reference.Schema)
	for _, steps := range []string{
		"{action: box.lst, with: {name: app}}",
		"{action: box.list}",
		"{action: box.list, with: {nmae: app}}",
		"{action: box.list, with: {name: app, for: 60}}",
		"{action: box.list, with: {name: app, for: 60 s}}",
		"{action: box.list, with: {name: app, tail: 0}}",
		"{action: box.list, with: {name: app, state: ajar}}",
		"{action: box.list, with: {name: 'App'}}",
		"{action: box.list, with: {name: app}, steps: []}",
		"{action: box.list, with: {name: app}, within: 5s}",
		"{action: box.list, with: {name: app}, id: Look}",
		"{action: box.list, with: {name: app}, observe: {action: flow.log}}",
		"{action: box.list, with: {name: app}, verify: [{message: x}]}",
		"{remedies: []}",
		"{steps: [{call: x, retry: {attempts: 2}}]}",
		"{title: nothing to do}",
	} {
		if err := compiled.Validate(instance(t, "playbook: p\nsteps:\n  - "+steps)); err == nil {
			t.Errorf("%s was taken", steps)
		}
	}
	for _, whole := range []string{"steps: []", "{playbook: p, steps: [], category: fun}", "{playbook: p, steps: [], inputs: {a: {type: text}}}", "{playbook: p, steps: [], purpos: x}"} {
		if err := compiled.Validate(instance(t, whole)); err == nil {
			t.Errorf("%s was taken", whole)
		}
	}
}

func TestEnvironmentSchema(t *testing.T) {
	compiled := compile(t, reference.EnvironmentSchema)
	text, err := os.ReadFile("testdata/runbook.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(instance(t, string(text))); err != nil {
		t.Errorf("%#v", err)
	}
	for _, environment := range []string{
		"{targets: {box: {hots: x}}}", "{targets: {other: {host: x}}}", "{targets: {other: {kind: bxo}}}",
		"{targets: {other: {kind: box, hots: x}}}", "{targets: {box: {reads: [graphql]}}}", "{targets: {box: {exec_reads: [df]}}}", "{targets: {box: {exec_reads: [[]]}}}", "{targets: {box: {exec_reads: [{exact: true}]}}}", "{policy: {allow: [raed]}}",
		"{secrets: {a: {env: A, file: b}}}", "{protected: maybe}", "{targets: {box: {password: {secrte: x}}}}",
	} {
		if err := compiled.Validate(instance(t, "environments: {staging: "+environment+"}")); err == nil {
			t.Errorf("%s was taken", environment)
		}
	}
}

func TestSchemaNeedsNoActions(t *testing.T) {
	empty, err := action.NewRegistry(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := reference.Schema(empty)
	if err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%v in\n%s", err, text)
	}
}
