package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// What is committed is what the actions declare now.
func TestGeneratedIsFresh(t *testing.T) {
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	have, err := read("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		if have[name] == nil {
			t.Errorf("%s/%s is missing: make gen", folder, name)
		} else if !bytes.Equal(have[name], text) {
			t.Errorf("%s/%s is not what the actions declare: make gen", folder, name)
		}
	}
	for name := range have {
		if want[name] == nil {
			t.Errorf("%s/%s is not generated: make gen removes it", folder, name)
		}
	}
}

// The tables of keys in the pages are what the files declare now.
func TestTablesAreFresh(t *testing.T) {
	filled, err := fill("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range filled {
		have, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("the tables of %s are not what is declared: make gen", name)
		}
	}
}

func TestWrite(t *testing.T) {
	root := t.TempDir()
	stale := filepath.Join(root, folder, "actions", "gone.md")
	if err := os.MkdirAll(filepath.Dir(stale), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		if err := os.WriteFile(filepath.Join(root, name), []byte("# Page\n\n<!-- keys: retry -->\nold\n<!-- end -->\nends\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(root); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, pages[0]))
	if err != nil || !bytes.Contains(page, []byte("| `attempts` |")) || bytes.Contains(page, []byte("old")) || !bytes.HasSuffix(page, []byte("<!-- end -->\nends\n")) {
		t.Errorf("%v: %s", err, page)
	}
	want, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	have, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(have) != len(want) || have["actions/gone.md"] != nil {
		t.Errorf("%d files were written, %d are generated", len(have), len(want))
	}
	for name, text := range want {
		if !bytes.Equal(have[name], text) {
			t.Errorf("%s differs from what is generated", name)
		}
	}
}
