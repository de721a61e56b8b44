//go:build unix

package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
)

// Where a file or a device stands in place of a directory, nothing is said of its rights.
func TestNoDirectoryForTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, 0o666)
	for _, dir := range []string{path, filepath.Join(path, "below"), filepath.Join(os.DevNull, "below")} {
		s, err := journal.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Create(journal.Options{})
		if f := action.AsFailure(err); !strings.HasSuffix(f.What, ": not a directory") || strings.Contains(strings.Join(f.Do, " "), "chmod") {
			t.Errorf("%s: %+v", dir, f)
		}
	}
}

// A state directory where others may write, and one on a network file system, holds
// no journal and no lock; what is said to do only narrows rights.
func TestStateDirectoriesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    func(s *journal.State)
		what, do string
	}{
		"others write":     {spoil: func(s *journal.State) { chmod(t, s.Dir(), 0o757) }, what: ": others may write there", do: "chmod go-w "},
		"the group writes": {spoil: func(s *journal.State) { chmod(t, s.Dir(), 0o770) }, what: ": others may write there", do: "chmod go-w "},
		"others write the runs": {spoil: func(s *journal.State) {
			chmod(t, filepath.Join(s.Dir(), "runs"), 0o777)
			chmod(t, filepath.Join(s.Dir(), "locks"), 0o777)
		}, what: ": others may write there", do: "chmod go-w "},
		"others write above it": {spoil: func(s *journal.State) { chmod(t, filepath.Dir(s.Dir()), 0o777) }, what: ": others may write there", do: "chmod go-w "},
		"others write above what a link names": {spoil: func(s *journal.State) {
			elsewhere := filepath.Join(t.TempDir(), "open")
			if err := errors.Join(os.Mkdir(elsewhere, 0o700), os.Rename(s.Dir(), filepath.Join(elsewhere, "state")), os.Symlink(filepath.Join(elsewhere, "state"), s.Dir())); err != nil {
				t.Fatal(err)
			}
			chmod(t, elsewhere, 0o777)
		}, what: ": others may write there", do: "chmod go-w "},
		"another user's": {spoil: func(s *journal.State) { s.OfAnother() }, what: ": another user may write there", do: "choose another directory"},
		"a network":      {spoil: func(s *journal.State) { s.OnNetwork("NFS") }, what: ": it lies on a network file system", do: "choose a directory on a local disk"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openState(t)
			w := create(t, s, journal.Options{})
			if err := lock(t, s, request(w.Run(), "a")).Release(true); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			c.spoil(s)
			_, made := s.Create(journal.Options{})
			_, locked := s.Lock(t.Context(), request("20261124-aaaa", "b"))
			_, _, resumed := s.Resume(w.Run(), journal.Options{})
			for _, err := range []error{made, locked, resumed} {
				var f *action.Failure
				if !errors.As(err, &f) || !strings.HasSuffix(f.What, c.what) || !strings.HasPrefix(f.Do[0], c.do) || len(f.Seen) != 1 {
					t.Errorf("%+v", err)
				}
			}
		})
	}
}

// Below a directory where all may write and nobody may replace what another has, as
// in /tmp, the state is safe.
func TestTheStateBelowASharedDirectory(t *testing.T) {
	s := openState(t)
	chmod(t, filepath.Dir(s.Dir()), 0o777|os.ModeSticky)
	if err := create(t, s, journal.Options{}).Close(); err != nil {
		t.Error(err)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// A lock file is a file of its own that its user alone reads: a link or a pipe in its
// place is refused and what it points to left alone; one that was put in its place
// while the lock was held is noticed.
func TestLockFilesAreFilesOfTheirOwn(t *testing.T) {
	for name, put := range map[string]func(path, elsewhere string) error{
		"a link":            func(path, elsewhere string) error { return os.Symlink(elsewhere, path) },
		"a link to nothing": func(path, elsewhere string) error { return os.Symlink(elsewhere+"x", path) },
		"a pipe":            func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
		"a directory":       func(path, _ string) error { return os.Mkdir(path, 0o700) },
		"another file":      func(path, _ string) error { return os.WriteFile(path, nil, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			s := openState(t)
			held := lock(t, s, request("20261124-aaaa", "a"))
			files, err := filepath.Glob(filepath.Join(s.Dir(), "locks", "*.lock"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			elsewhere := filepath.Join(t.TempDir(), "precious")
			if err := errors.Join(os.WriteFile(elsewhere, []byte("mine"), 0o600), os.Remove(files[0]), put(files[0], elsewhere)); err != nil {
				t.Fatal(err)
			}
			if err := held.Held(); err == nil || !strings.Contains(err.Error(), "the lock a is lost") {
				t.Errorf("held: %v", err)
			}
			l, err := s.Lock(t.Context(), request("20261124-bbbb", "a"))
			if name == "another file" {
				if info, _ := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 || l.Release(true) != nil {
					t.Errorf("%v, %v", info.Mode(), err)
				}
				return
			}
			var f *action.Failure
			if !errors.As(err, &f) || !strings.HasPrefix(f.What, "the lock a cannot be taken") || !strings.Contains(f.Seen[0], "is no file of its own") {
				t.Errorf("%+v", err)
			}
			text, _ := os.ReadFile(elsewhere)
			if _, err := os.Stat(elsewhere + "x"); string(text) != "mine" || err == nil {
				t.Errorf("what it points to is %q, %v", text, err)
			}
		})
	}
}

// A journal whose name is not on the disk is none: nothing is begun on it.
func TestTheDirectoryIsSynced(t *testing.T) {
	s := openState(t)
	w := create(t, s, journal.Options{})
	if err := os.Rename(s.Dir(), s.Dir()+"-moved"); err != nil {
		t.Fatal(err)
	}
	var failed *journal.FailedError
	if err := w.Append(header(w.Run())); !errors.As(err, &failed) || failed.Op != "sync" {
		t.Errorf("%v", err)
	}
	_ = w.Close()
}

// What is no regular file in the state directory is refused, and not waited for.
func TestNothingIsReadThatIsNoFile(t *testing.T) {
	s := openState(t)
	w := create(t, s, journal.Options{})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const run = "20261127-aaaa"
	for _, path := range []string{s.Path(run), filepath.Join(s.Dir(), "key")} {
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.Runs(0)
	if err != nil || len(list) == 0 {
		t.Fatal(list, err)
	}
	_, scanned := journal.Scan(s.Path(run), func(event.Event) error { return nil })
	_, _, resumed := s.Resume(run, journal.Options{})
	_, key := s.Key()
	for name, err := range map[string]error{"runs": list[0].Err, "scan": scanned, "resume": resumed, "key": key} {
		var f *action.Failure
		if !errors.As(err, &f) || !strings.HasSuffix(f.What, ": it is a pipe, and no file") || f.Where == "" || !strings.HasPrefix(f.Do[0], "see what it is, and take it away: ls -l ") {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

// The last run is the newest that there is: what lies beside it and is no journal does
// not stand in its way, nor does a journal that is damaged give way to an older one.
func TestLastIsARun(t *testing.T) {
	s := openState(t)
	if _, err := s.Find("last"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
	for _, id := range []string{"20261120-aaaa", "20261121-aaaa"} {
		w := create(t, s, journal.Options{ID: id})
		appendAll(t, w, []*event.Event{header(id)})
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for day := range 3 {
		if err := syscall.Mkfifo(s.Path(fmt.Sprintf("2026112%d-bbbb", 2+day)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(s.Path("20261126-bbbb"), 0o700); err != nil {
		t.Fatal(err)
	}
	if last, err := s.Find("last"); err != nil || last.ID != "20261121-aaaa" {
		t.Errorf("%+v, %v", last, err)
	}
	if err := os.WriteFile(s.Path("20261127-cccc"), []byte("{broken}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if last, err := s.Find("last"); err != nil || last.ID != "20261127-cccc" || last.Err == nil {
		t.Errorf("damaged: %+v, %v", last, err)
	}
}
