package reference_test

import (
	"strings"
	"testing"

	"runbook/engine/playbook"
	"runbook/engine/reference"
	"runbook/engine/yaml"
)

func TestTables(t *testing.T) {
	tables := reference.Tables(yaml.DeclarationOf[playbook.Playbook]())
	for name, row := range map[string]string{
		"playbook":    "| `lock` | A key or a list of keys. One run at a time holds a key. Over `inputs`, `vars` and `environment.name`. |",
		"step":        "| `max_parallel` | How many items at once; 1 without it. From 1 to 1000. May be `${{ }}`. Only beside `for_each`. |",
		"check":       "| `level` | Whether the step fails then; `fail` without it. One of fail, warn. |",
		"manual-step": "| `text` | What the person is to do. Required. |",
	} {
		if !strings.Contains(tables[name], row+"\n") {
			t.Errorf("%s has no row\n%s\nin\n%s", name, row, tables[name])
		}
	}
}

func TestFill(t *testing.T) {
	tables := map[string]string{"a": "TABLE\n"}
	const page = "x\n<!-- keys: a -->\nold\n<!-- end -->\ny\n<!-- keys: a -->\n<!-- end -->\n"
	got, err := reference.Fill(page, tables)
	if want := "x\n<!-- keys: a -->\nTABLE\n<!-- end -->\ny\n<!-- keys: a -->\nTABLE\n<!-- end -->\n"; err != nil || got != want {
		t.Errorf("%v %q", err, got)
	}
	for _, wrong := range []string{"<!-- keys: b -->\n<!-- end -->\n", "<!-- keys: a -->\nno end\n"} {
		if got, err := reference.Fill(wrong, tables); err == nil {
			t.Errorf("%q gives %q", wrong, got)
		}
	}
}
