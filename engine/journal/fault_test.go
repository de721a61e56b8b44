//go:build unix

package journal_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"runbook/engine/event"
	"runbook/engine/journal"
)

// faultyFile fails at a write or a sync, counted from 1, and counts what comes
// after it.
type faultyFile struct {
	journal.File
	writeAt, syncAt int32
	writes, syncs   atomic.Int32
	after           atomic.Int32
	failed          atomic.Bool
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if f.failed.Load() {
		f.after.Add(1)
	}
	if f.writes.Add(1) == f.writeAt {
		f.failed.Store(true)
		n, _ := f.File.Write(b[:len(b)/2])
		return n, syscall.ENOSPC
	}
	return f.File.Write(b)
}

func (f *faultyFile) Sync() error {
	if f.failed.Load() {
		f.after.Add(1)
	}
	if f.syncs.Add(1) == f.syncAt {
		f.failed.Store(true)
		return syscall.EIO
	}
	return f.File.Sync()
}

func TestFailureClosesForGood(t *testing.T) {
	for name, test := range map[string]struct {
		file  *faultyFile
		op    string
		cause error
		first int // the append that fails
	}{
		"first write":  {&faultyFile{writeAt: 1}, "write", syscall.ENOSPC, 0},
		"first sync":   {&faultyFile{syncAt: 1}, "sync", syscall.EIO, 0},
		"second write": {&faultyFile{writeAt: 2}, "write", syscall.ENOSPC, 2},
		"third sync":   {&faultyFile{syncAt: 3}, "sync", syscall.EIO, 6},
	} {
		t.Run(name, func(t *testing.T) {
			file := test.file
			s := openState(t)
			w := create(t, s, journal.Options{Wrap: func(f journal.File) journal.File { file.File = f; return file }})
			var seen []event.Event
			w.Subscribe(func(ev event.Event) { seen = append(seen, ev) })
			for i, ev := range facts(w.Run()) {
				err := w.Append(ev)
				if i < test.first {
					if err != nil {
						t.Fatalf("append %d: %v", i, err)
					}
					continue
				}
				var failed *journal.FailedError
				if !errors.As(err, &failed) || failed.Op != test.op || !errors.Is(err, test.cause) {
					t.Fatalf("append %d: %v", i, err)
				}
			}
			if w.Reserve(1) == nil || w.Close() == nil {
				t.Error("the failure was forgotten")
			}
			if n := file.after.Load(); n != 0 {
				t.Errorf("%d writes or syncs after the failure", n)
			}
			for _, ev := range seen {
				if ev.Type.Synced() && int(ev.Sequence) > test.first {
					t.Errorf("record %d was observed before it was on disk", ev.Sequence)
				}
			}
			if l, err := journal.Read(w.Path()); err != nil || len(l.Events) < test.first-3 {
				t.Errorf("%d events left, %v", len(l.Events), err)
			}
		})
	}
}

func TestWhatCannotBeEncodedCloses(t *testing.T) {
	w := create(t, openState(t), journal.Options{})
	err := w.Append(&event.Event{Type: event.TypePhase, Data: func() {}})
	if err == nil || !strings.Contains(err.Error(), "the journal cannot be written") || w.Append(header("x")) == nil {
		t.Errorf("%v", err)
	}
	_ = w.Close()
}

// countingFile counts the syncs, which take a while.
type countingFile struct {
	journal.File
	syncs atomic.Int32
}

func (f *countingFile) Sync() error {
	f.syncs.Add(1)
	time.Sleep(time.Millisecond)
	return f.File.Sync()
}

func TestHundredWritersShareSyncs(t *testing.T) {
	file := &countingFile{}
	w := create(t, openState(t), journal.Options{Wrap: func(f journal.File) journal.File { file.File = f; return file }})
	const writers, each = 100, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for i := range each {
				ev := &event.Event{Type: event.TypeIntent, Data: &event.Intent{Action: "a.b"}}
				if i%2 == 0 {
					ev = &event.Event{Type: event.TypeCheck, Data: &event.Check{That: "a"}}
				}
				if err := w.Append(ev); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := journal.Read(w.Path())
	if err != nil || len(l.Events) != writers*each {
		t.Fatalf("%d events, %v", len(l.Events), err)
	}
	if n := file.syncs.Load(); n > writers*each/10 {
		t.Errorf("%d syncs for %d facts", n, writers*each/2)
	}
}

func TestUnsyncedIsWrittenSoon(t *testing.T) {
	w := create(t, openState(t), journal.Options{})
	defer w.Close()
	appendAll(t, w, []*event.Event{{Type: event.TypePhase, Data: &event.PhaseBegan{Name: "undo"}}})
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		l, err := journal.Read(w.Path())
		if err == nil && len(l.Events) == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not written: %v", err)
		}
	}
}

func TestReserve(t *testing.T) {
	w := create(t, openState(t), journal.Options{})
	appendAll(t, w, facts(w.Run()))
	if err := w.Reserve(1 << 20); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(w.Path())
	if err != nil {
		t.Fatal(err)
	}
	size := info.Size()
	var failed *journal.FailedError
	if err := w.Reserve(1 << 55); !errors.As(err, &failed) || failed.Op != "reserve" {
		t.Errorf("32 PiB were reserved: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err = os.Stat(w.Path()); err != nil || info.Size() != size || info.Sys().(*syscall.Stat_t).Blocks > 16 {
		t.Errorf("size %d, was %d, %v", info.Size(), size, err)
	}
}

// room is a file that is asked for room.
type room struct {
	journal.File
	asked int64
}

func (r *room) Reserve(bytes int64) error { r.asked = bytes; return nil }

// What is appended and not yet written needs room, too.
func TestReserveCountsWhatIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // nothing is written by the time
		r := &room{}
		w := create(t, openState(t), journal.Options{Wrap: func(f journal.File) journal.File { r.File = f; return r }})
		appendAll(t, w, facts(w.Run()))
		started := &event.StepStarted{Brief: strings.Repeat("x", 1000)}
		if err := w.Append(&event.Event{Type: event.TypeStepStarted, Path: "x", Data: started}); err != nil {
			t.Fatal(err)
		}
		if err := w.Reserve(1 << 20); err != nil || r.asked < 1<<20+1000 {
			t.Errorf("room for %d bytes was asked for, %v", r.asked, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestKilledWhileAppending(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "JOURNAL_TEST_ENDLESS="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged, reader := 0, bufio.NewReader(out)
		for time.Sleep(20 * time.Millisecond); acknowledged < 50; acknowledged++ {
			if _, err := reader.ReadByte(); err != nil {
				t.Fatal(err)
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := reader.ReadByte(); err != nil {
				break
			}
			acknowledged++
		}
		_ = child.Wait()
		s, err := journal.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		ids, err := s.IDs()
		if err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		intents := 0
		if _, err := journal.Scan(s.Path(ids[0]), func(ev event.Event) error {
			if ev.Type == event.TypeIntent {
				intents++
			}
			return nil
		}); err != nil || intents < acknowledged {
			t.Errorf("%d of %d acknowledged records, %v", intents, acknowledged, err)
		}
		if sum, err := s.Find("last"); err != nil || sum.State != event.Interrupted {
			t.Errorf("%+v, %v", sum, err)
		}
	}
}

func TestCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := journal.Open(filepath.Join(file, "state"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Create(journal.Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "cannot write the journal in ") || !errors.Is(err, syscall.ENOTDIR) {
		t.Error(err)
	}
	if runs, err := s.Runs(0); len(runs) != 0 {
		t.Error(runs, err)
	}
}

// A fact that is too long is refused alone: nothing of it is written, and the journal
// goes on.
func TestTooLongIsRefusedAlone(t *testing.T) {
	w := create(t, openState(t), journal.Options{})
	long := strings.Repeat("x", 49<<20)
	for _, ev := range []*event.Event{header("x"), {Type: event.TypeSource, Data: &event.SourceText{Text: long}}, {Type: event.TypePhase, Data: &event.PhaseBegan{}}} {
		if err := w.Append(ev); errors.Is(err, event.ErrTooLong) != (ev.Type == event.TypeSource) {
			t.Errorf("%s: %v", ev.Type, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err := journal.Read(w.Path()); err != nil || len(l.Events) != 2 {
		t.Errorf("%v, %v", l, err)
	}
}

// A key is made once, whole, for its user only, by however many ask.
func TestKey(t *testing.T) {
	state := openState(t)
	if err := os.MkdirAll(state.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	keys := make([][]byte, 20)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = state.Key(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != 32 || !bytes.Equal(k, keys[0]) {
			t.Errorf("a key is %x, another %x", k, keys[0])
		}
	}
	path := filepath.Join(state.Dir(), "key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(state.Dir()); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Key(); err == nil || !strings.Contains(err.Error(), "key has 5 bytes, and a key has 32") {
		t.Error(err)
	}
}

// The name of a journal survives a loss of power before its first record is taken
// for written, and those of locks before they are taken for held. Where that cannot
// be had, nothing begins. All of it is the user's own.
func TestNamesAreSyncedFirst(t *testing.T) {
	first := func(s *journal.State) error {
		w, err := s.Create(journal.Options{})
		if err != nil {
			return err
		}
		defer w.Close()
		return w.Append(header(w.Run()))
	}
	locked := func(s *journal.State) error {
		l, err := s.Lock(context.Background(), request("20261124-aaaa", "a", "b"))
		if err == nil {
			err = l.Release(true)
		}
		return err
	}
	for name, c := range map[string]struct {
		do   func(*journal.State) error
		want []string
	}{
		"a journal": {first, []string{"runs", "state"}},
		"locks":     {locked, []string{"locks"}},
		"the key":   {func(s *journal.State) error { _, err := s.Key(); return err }, []string{"state"}},
	} {
		for _, fails := range append([]string{""}, c.want...) {
			s, err := journal.Open(filepath.Join(t.TempDir(), "state"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
				t.Fatal(err)
			}
			got := s.Entered(fails)
			if err := c.do(s); (err != nil) != (fails != "") {
				t.Errorf("%s, where %q cannot be synced: %v", name, fails, err)
			}
			if fails == "" && !slices.Equal(*got, c.want) {
				t.Errorf("%s: synced %q, want %q", name, *got, c.want)
			}
			others(t, s.Dir())
		}
	}
}

// others fails t where something of a state directory is readable by other users.
func others(t *testing.T, dir string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
