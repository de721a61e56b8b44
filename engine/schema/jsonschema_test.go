package schema_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"runbook/engine/schema"
)

func TestJSONSchema(t *testing.T) {
	type params struct {
		Name   string         `yaml:"name" doc:"Container." pattern:"^a" default:"app"`
		Text   schema.Text    `yaml:"text,omitempty" doc:"Any text."`
		For    time.Duration  `yaml:"for" doc:"How long." max:"1h"`
		Tail   int            `yaml:"tail" doc:"Lines." default:"10" min:"1"`
		Method *string        `yaml:"method" enum:"GET,POST"`
		Tags   []string       `yaml:"tags,omitempty" max:"3"`
		Body   any            `yaml:"body,omitempty"`
		That   *schema.Secret `yaml:"that"`
	}
	typ := schema.Of(reflect.TypeFor[params]())
	for name, want := range map[string]string{
		"name":   `{"anyOf":[{"pattern":"^a","type":["string","number","boolean"]},{"$ref":"#/$defs/expression"}],"default":"app","description":"Container."}`,
		"text":   `{"description":"Any text.","type":["string","number","boolean"]}`,
		"for":    `{"anyOf":[{"$ref":"#/$defs/duration"},{"$ref":"#/$defs/expression"}],"description":"How long. Takes duration up to 1h."}`,
		"tail":   `{"anyOf":[{"minimum":1,"type":"integer"},{"$ref":"#/$defs/expression"}],"default":10,"description":"Lines."}`,
		"method": `{"anyOf":[{"anyOf":[{"enum":["GET","POST"]},{"type":"null"}]},{"$ref":"#/$defs/expression"}]}`,
		"tags":   `{"anyOf":[{"items":{"type":["string","number","boolean"]},"maxItems":3,"type":"array"},{"$ref":"#/$defs/expression"}]}`,
		"body":   `{}`,
		"that":   `{"anyOf":[{"anyOf":[{"$ref":"#/$defs/secret"},{"type":"null"}]},{"$ref":"#/$defs/expression"}]}`,
	} {
		f, _ := typ.Field(name)
		got, err := json.Marshal(schema.JSONSchemaField(&f))
		if err != nil || string(got) != want {
			t.Errorf("%s:\n%s, want\n%s", name, got, want)
		}
	}
}
