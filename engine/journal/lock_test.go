package journal_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"runbook/engine/event"
	"runbook/engine/journal"
)

func request(run string, keys ...string) journal.LockRequest {
	return journal.LockRequest{Keys: keys, Holder: journal.Holder{
		Run: run, Playbook: "api-down", Environment: "production", User: "jonas", Host: "ops-2", PID: 4182,
	}}
}

func lock(t *testing.T, s *journal.State, r journal.LockRequest) *journal.Locks {
	t.Helper()
	l, err := s.Lock(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Release(true) })
	return l
}

func TestLockAllOrNone(t *testing.T) {
	s := openState(t)
	first := lock(t, s, request("20261124-aaaa", "b", "a", "b"))
	locks := func() int {
		files, _ := filepath.Glob(filepath.Join(s.Dir(), "locks", "*.lock"))
		return len(files)
	}
	if n := locks(); n != 2 {
		t.Errorf("%d locks", n)
	}
	_, err := s.Lock(t.Context(), request("20261124-bbbb", "0", "b"))
	var locked *journal.LockedError
	if !errors.As(err, &locked) || locked.Key != "b" || locked.Guarded || locked.Holder.Run != "20261124-aaaa" || locked.Holder.PID != 4182 || locked.Holder.Since.IsZero() {
		t.Fatalf("%v", err)
	}
	lock(t, s, request("20261124-cccc", "0")) // what b got before it failed is free again
	staging := request("20261124-dddd", "a")
	staging.Holder.Environment = "staging"
	lock(t, s, staging)
	lock(t, s, request("20261124-cccc", "c"))
	if err := errors.Join(first.Held(), first.Release(true)); err != nil {
		t.Fatal(err)
	}
	lock(t, s, request("20261124-eeee", "a", "b"))
}

func TestGuard(t *testing.T) {
	const run = "20261124-aaaa"
	for name, test := range map[string]struct {
		events  func(run string) []*event.Event
		ended   bool // the lock was released as ended
		state   event.State
		guarded bool
	}{
		"ended":                              {events: facts, ended: true},
		"ended and killed before it said so": {events: facts},
		"interrupted before an intent":       {events: firstFacts(6)},
		"interrupted before a record":        {events: firstFacts(0)},
		"interrupted after an intent":        {events: firstFacts(7), guarded: true, state: event.Interrupted},
		"interrupted after an outcome":       {events: firstFacts(9), guarded: true, state: event.Interrupted},
		"in doubt":                           {events: suspended(event.InDoubt), guarded: true, state: event.InDoubt},
		"waiting":                            {events: suspended(event.Waiting), guarded: true, state: event.Waiting},
		"its journal is gone":                {guarded: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openState(t)
			l := lock(t, s, request(run, "a"))
			if test.events != nil {
				write(t, s, journal.Options{ID: run}, test.events)
			}
			if err := l.Release(test.ended); err != nil {
				t.Fatal(err)
			}
			next := request("20261124-bbbb", "a")
			got, err := s.Lock(t.Context(), next)
			var locked *journal.LockedError
			if errors.As(err, &locked) != test.guarded {
				t.Fatalf("%v", err)
			}
			if !test.guarded {
				_ = got.Release(true)
				return
			}
			if !locked.Guarded || locked.State != test.state || locked.Holder.Run != run {
				t.Errorf("%+v", locked)
			}
			own := lock(t, s, request(run, "a"))
			if err := own.Release(false); err != nil {
				t.Fatal(err)
			}
			next.Despite = []string{run[len(run)-4:]} // as commands name it
			lock(t, s, next)
		})
	}
}

// The waiting is on a clock of its own, so that a busy machine makes no difference.
func TestLockWaits(t *testing.T) { synctest.Test(t, lockWaits) }

func lockWaits(t *testing.T) {
	s := openState(t)
	first := lock(t, s, request("20261124-aaaa", "a"))
	r := request("20261124-bbbb", "a")
	shown, released := 0, make(chan struct{})
	r.Wait, r.Waiting = time.Minute, func(e *journal.LockedError) {
		shown++
		time.AfterFunc(100*time.Millisecond, func() {
			_ = first.Release(true)
			close(released)
		})
	}
	asked := time.Now()
	second := lock(t, s, r)
	<-released // the file says so to the lock, and nothing to the race detector
	if took := time.Since(asked); shown != 1 || took < 100*time.Millisecond || took > 250*time.Millisecond {
		t.Errorf("the holder was shown %d times, the lock taken after %v", shown, took)
	}
	r = request("20261124-cccc", "a")
	r.Wait = 100 * time.Millisecond
	var locked *journal.LockedError
	if _, err := s.Lock(t.Context(), r); !errors.As(err, &locked) || locked.Took != r.Wait {
		t.Errorf("%v", err)
	}
	r.Wait = time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(ctx, r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := second.Held(); err != nil {
		t.Error(err)
	}
}

func TestLostAndDamagedLocks(t *testing.T) {
	s := openState(t)
	l := lock(t, s, request("20261124-aaaa", "a"))
	files, err := filepath.Glob(filepath.Join(s.Dir(), "locks", "*.lock"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Rename(files[0], files[0]+"x"); err != nil {
		t.Fatal(err)
	}
	if err := l.Held(); err == nil || !strings.Contains(err.Error(), "the lock a is lost") {
		t.Error(err)
	}
	if err := os.WriteFile(files[0], []byte("{no"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lock(t.Context(), request("20261124-bbbb", "a")); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Error(err)
	}
}

// TestFiftyProcessesOneLock: one gets it, the others exit 4, and when the
// holder is killed the next gets it.
func TestFiftyProcessesOneLock(t *testing.T) {
	s := openState(t)
	type child struct {
		*exec.Cmd
		in  io.WriteCloser
		out *bufio.Reader
	}
	children := make([]child, 50)
	for i := range children {
		c := child{Cmd: exec.Command(os.Args[0])}
		c.Env = append(os.Environ(), "JOURNAL_TEST_LOCK="+s.Dir(), "JOURNAL_TEST_RUN="+strconv.Itoa(1000+i))
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		c.in, c.out = in, bufio.NewReader(out)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children[i] = c
	}
	var holder *child
	for i := range children {
		c := &children[i]
		if line, _ := c.out.ReadString('\n'); line == "held\n" {
			if holder != nil {
				t.Error("two hold the lock")
			}
			holder = c
			continue
		}
		if err := c.Wait(); c.ProcessState.ExitCode() != 4 {
			t.Errorf("process %d: %v", i, err)
		}
	}
	if holder == nil {
		t.Fatal("nobody got the lock")
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	r := request("20261124-bbbb", "container/app")
	r.Holder.Environment = ""
	_, err := s.Lock(t.Context(), r)
	var locked *journal.LockedError
	if !errors.As(err, &locked) || !locked.Guarded {
		t.Fatalf("%v", err) // its journal is not there
	}
	r.Despite = []string{locked.Holder.Run}
	lock(t, s, r)
}
