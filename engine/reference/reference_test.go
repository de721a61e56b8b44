package reference_test

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"runbook/engine/action"
	"runbook/engine/page"
	"runbook/engine/reference"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; see -update\n%s", path, got)
	}
}

func TestMarkdown(t *testing.T) {
	reg := registry(t)
	pages := reference.Markdown(reg)
	for path, golds := range map[string]string{
		"actions/README.md": "index.md", "actions/box.md": "box.md", "actions/flow.md": "flow.md", "targets.md": "targets.md",
	} {
		golden(t, golds, pages[path])
	}
	if len(pages) != 4 {
		t.Errorf("pages %v", slices.Sorted(maps.Keys(pages)))
	}
	for path, page := range reference.Markdown(reg) {
		if !bytes.Equal(page, pages[path]) {
			t.Errorf("%s differs the second time", path)
		}
	}
}

func TestText(t *testing.T) {
	reg := registry(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"list.txt":        func(b *bytes.Buffer) error { return reference.List(reg, page.Look{Width: 92, Unicode: true}).Print(b) },
		"list-narrow.txt": func(b *bytes.Buffer) error { return reference.List(reg, page.Look{Width: 40, Unicode: true}).Print(b) },
		"table.txt":       func(b *bytes.Buffer) error { return reference.Table(b, reg) },
		"box-list.txt": func(b *bytes.Buffer) error {
			return reference.Action(lookup(t, reg, "box.list"), page.Look{Width: 92, Unicode: true}).Print(b)
		},
		"box-narrow.txt": func(b *bytes.Buffer) error {
			return reference.Action(lookup(t, reg, "box.list"), page.Look{Width: 50, Unicode: true}).Print(b)
		},
		"box-drop.txt": func(b *bytes.Buffer) error {
			return reference.Action(lookup(t, reg, "box.drop_box"), page.Look{Width: 92, Unicode: true}).Print(b)
		},
		"flow-set.txt": func(b *bytes.Buffer) error {
			return reference.Action(lookup(t, reg, "flow.set"), page.Look{Width: 92, Unicode: true}).Print(b)
		},
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

func lookup(t *testing.T, reg *action.Registry, name string) *action.Action {
	t.Helper()
	a, ok := reg.Lookup(name)
	if !ok {
		t.Fatal("no action " + name)
	}
	return a
}
