package journal_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"runbook/engine/event"
	"runbook/engine/journal"
)

// A lock and the ownership of a run end with the run, also while a program is being
// started: until it has begun it has all files open that this process has.
func TestAChildHoldsNoLock(t *testing.T) {
	s := openState(t)
	l, err := s.Lock(t.Context(), request("20261124-aaaa", "a"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.Create(journal.Options{ID: "20261124-aaaa"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(&event.Event{Type: event.TypeRunCreated, Data: &event.RunCreated{}}); err != nil {
		t.Fatal(err)
	}
	if n := inherit(t, s.Dir()); n < 2 {
		t.Fatalf("%d files are open", n)
	}
	if err := l.Release(true); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if next, err := s.Lock(t.Context(), request("20261124-bbbb", "a")); err != nil {
		t.Error(err)
	} else {
		_ = next.Release(true)
	}
	if again, _, err := s.Resume("20261124-aaaa", journal.Options{}); err != nil {
		t.Error(err)
	} else {
		_ = again.Close()
	}
}

// inherit opens what this process has open below dir once more, as a fork does.
func inherit(t *testing.T, dir string) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		path, err := os.Readlink(f)
		if err != nil || !strings.HasPrefix(path, dir) {
			continue
		}
		fd, _ := strconv.Atoi(filepath.Base(f))
		second, err := unix.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Close(second) })
		n++
	}
	return n
}
