package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
}

// smallDisk has room for so many bytes.
type smallDisk struct {
	journal.File
	room int64
}

func (d smallDisk) Reserve(bytes int64) error {
	if bytes > d.room {
		return syscall.ENOSPC
	}
	return nil
}

// A text that is kept leaves the journal its room: without it nothing is written.
func TestKeepLeavesRoomForTheJournal(t *testing.T) {
	w := create(t, openState(t), journal.Options{Wrap: func(f journal.File) journal.File { return smallDisk{f, 16<<20 + 10} }})
	defer w.Close()
	if _, err := w.Keep("small", []byte("small")); err != nil {
		t.Error(err)
	}
	if path, err := w.Keep("large", []byte("larger than ten")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%s, %v", path, err)
	}
	files, err := os.ReadDir(strings.TrimSuffix(w.Path(), ".journal") + ".kept")
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
	if err := w.Append(facts(w.Run())[0]); err != nil {
		t.Errorf("the run cannot go on: %v", err)
	}
}
