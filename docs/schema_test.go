package docs

import (
	"io/fs"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/reference"
	"runbook/engine/yaml"
	"runbook/playbooks"
)

// What is shipped and what the pages show as right is right for an editor too.
func TestSchemasTakeWhatIsShipped(t *testing.T) {
	schemas := map[string]func(*action.Registry) ([]byte, error){"yaml": reference.Schema, "yaml environment": reference.EnvironmentSchema}
	checked := 0
	for info, of := range schemas {
		text, err := of(registry(t))
		if err != nil {
			t.Fatal(err)
		}
		whole := schemaOf(t, text)
		check := func(place, text string) {
			checked++
			if err := whole.Validate(valueOf(&yaml.Source{Name: place, Text: []byte(text)})); err != nil {
				t.Errorf("%s: %v", place, err)
			}
		}
		for _, page := range pages(t) {
			for _, b := range blocks(t, page) {
				if b.info == info {
					check(b.place, b.text)
				} else if info == "yaml" && b.info == "yaml steps" {
					check(b.place, around+indented(b.text))
				}
			}
		}
		names, err := fs.Glob(playbooks.Files(), "*/*.yaml")
		if err != nil || len(names) == 0 {
			t.Fatalf("%d files, %v", len(names), err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(playbooks.Files(), name)
			if err != nil {
				t.Fatal(err)
			}
			if info == "yaml" && !strings.HasSuffix(name, ".rehearsal.yaml") {
				check(name, string(text))
			}
		}
	}
	if checked < 25 {
		t.Errorf("only %d files were checked", checked)
	}
}
