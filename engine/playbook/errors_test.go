package playbook

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/diag/excerpt"
	"runbook/engine/page"
	"runbook/engine/yaml"
)

var update = flag.Bool("update", false, "write the golden files")

// TestMistakes compares what is said of each file in testdata/err with the
// golden file beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/err/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, list := Parse(&yaml.Source{Name: filepath.Base(name), Text: text})
			var b strings.Builder
			if err := excerpt.Print(&b, list, func(string) []byte { return text }, page.Look{Width: 92, Unicode: true}); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(name, ".yaml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("differs (-update writes it):\n%s", b.String())
			}
			if len(list) == 0 {
				t.Error("no mistake is found")
			}
		})
	}
}
