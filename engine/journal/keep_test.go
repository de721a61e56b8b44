package journal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/engine/journal"
)

// A text that is kept lies beside the journal, for its user only, and under a name of
// its own; nothing that is there is written over.
func TestKeep(t *testing.T) {
	s, err := journal.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Create(journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	dir := strings.TrimSuffix(w.Path(), ".journal") + ".kept"
	for i, want := range []string{"du.stdout", "du.stdout-2"} {
		path, err := w.Keep("du.stdout", []byte{byte('a' + i)})
		if err != nil || path != filepath.Join(dir, want) {
			t.Fatalf("%s, %v; want %s", path, err, want)
		}
		info, err := os.Stat(path)
		text, _ := os.ReadFile(path)
		if err != nil || info.Mode() != 0o600 || string(text) != string(rune('a'+i)) {
			t.Errorf("%v %q, %v", info.Mode(), text, err)
		}
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v", info.Mode())
	}
	if err := os.Chmod(dir, 0o500); err == nil && os.Getuid() != 0 {
		if path, err := w.Keep("x", nil); err == nil {
			t.Errorf("%s is kept in a directory that takes nothing", path)
		}
	}
}
