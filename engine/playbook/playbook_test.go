package playbook

import (
	"os"
	"path/filepath"
	"testing"

	"runbook/engine/yaml"
)

func TestParseExamples(t *testing.T) {
	files, err := filepath.Glob("testdata/ok/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("too few examples: %v %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, list := Parse(&yaml.Source{Name: name, Text: text})
		for _, d := range list {
			t.Error(d)
		}
		if p == nil || !p.Name.Set() || len(p.Steps) == 0 {
			t.Errorf("%s: not read in full: %+v", name, p)
		}
	}
}
