package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

// Holder is the run that holds a key, or held it last.
type Holder struct {
	Run         string    `json:"run"`
	Playbook    string    `json:"playbook"`
	Environment string    `json:"environment"`
	User        string    `json:"user"`
	Host        string    `json:"host"`
	PID         int       `json:"pid"`
	Since       time.Time `json:"since"` // zero: now
}

// LockRequest asks for keys of an environment.
type LockRequest struct {
	Keys    []string // without the environment, which is Holder's
	Holder  Holder
	Wait    time.Duration      // for keys that others hold; 0: not at all
	Despite []string           // runs whose guard is passed, by their ids or the last part of them
	Waiting func(*LockedError) // called when it begins to wait and when the holder changes; may be nil
}

// LockedError says who holds a key.
type LockedError struct {
	Key     string // without the environment
	Holder  Holder
	Guarded bool        // nobody holds it, but its last run did not end
	State   event.State // of that run: running, waiting, in_doubt, interrupted; "" if its journal is gone
	Step    string      // where that run is
	Took    time.Duration
}

// Error says that the key is held, and by whom.
func (e *LockedError) Error() string {
	if e.Guarded {
		return fmt.Sprintf("%s is guarded: run %s of %s has not ended", e.Key, e.Holder.Run, e.Holder.Playbook)
	}
	if e.Holder.Run == "" {
		return e.Key + " is held by another run"
	}
	return fmt.Sprintf("%s is held by run %s of %s, by %s on %s, pid %d",
		e.Key, e.Holder.Run, e.Holder.Playbook, e.Holder.User, e.Holder.Host, e.Holder.PID)
}

// Locks are the keys that a run holds.
type Locks struct {
	state  *State
	holder Holder
	files  []*lockFile // by name
}

// lockFile is a key's file, open and locked.
type lockFile struct {
	key  string
	file *os.File
}

// lockDetails are what a lock file holds.
type lockDetails struct {
	Key    string `json:"key"`
	Holder Holder `json:"holder"`
	Ended  bool   `json:"ended"` // the run let go of it and had ended
}

// Lock takes all keys or none. A key whose last run was interrupted after an
// intent, or is suspended, counts as held, unless it is that of the request.
// The error is a *LockedError where a key is held, the context's while waiting,
// or an *action.Failure of the disk.
func (s *State) Lock(ctx context.Context, r LockRequest) (*Locks, error) {
	if _, err := s.prepare("locks"); err != nil {
		return nil, err
	}
	if r.Holder.Since.IsZero() {
		r.Holder.Since = time.Now()
	}
	r.Holder.Since = r.Holder.Since.UTC().Round(0)
	l := &Locks{state: s, holder: r.Holder}
	started := time.Now()
	var shown string
	for {
		err := l.try(r)
		var locked *LockedError
		if !errors.As(err, &locked) {
			return l, err
		}
		left := r.Wait - time.Since(started)
		if left <= 0 {
			locked.Took = time.Since(started)
			return nil, locked
		}
		if who := locked.Key + " " + locked.Holder.Run; who != shown && r.Waiting != nil {
			shown = who
			r.Waiting(locked)
		}
		pause := time.NewTimer(min(left, 50*time.Millisecond+rand.N(100*time.Millisecond)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil, context.Cause(ctx)
		case <-pause.C:
		}
	}
}

// try takes all keys, in the order of their names, or none.
func (l *Locks) try(r LockRequest) (err error) {
	l.files = nil
	defer func() {
		if err != nil {
			for _, f := range l.files {
				_ = letGo(f.file)
			}
		}
	}()
	for _, key := range slices.Compact(slices.Sorted(slices.Values(r.Keys))) {
		f, err := l.take(key, r.Despite)
		if err != nil {
			return err
		}
		l.files = append(l.files, f)
	}
	for _, f := range l.files {
		if err := f.write(lockDetails{Key: f.key, Holder: l.holder}); err != nil {
			return cannotWrite(l.state.dir, err)
		}
	}
	if err := l.state.enter(filepath.Join(l.state.dir, "locks")); err != nil {
		return cannotWrite(l.state.dir, err)
	}
	return nil
}

// take locks the file of a key that nothing guards.
func (l *Locks) take(key string, despite []string) (*lockFile, error) {
	path := l.state.lockPath(l.holder.Environment, key)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|noFollow, 0o600)
	if there, lerr := os.Lstat(path); lerr == nil && !there.Mode().IsRegular() {
		if err == nil {
			file.Close()
		}
		return nil, unsafe(fmt.Sprintf("the lock %s cannot be taken", key), short(path)+" is no file of its own, as a lock is", "ls -l "+action.Quote(path))
	}
	if err != nil {
		return nil, cannotWrite(l.state.dir, err)
	}
	f := &lockFile{key: key, file: file}
	if err = file.Chmod(0o600); err != nil {
		err = cannotWrite(l.state.dir, err)
	} else {
		err = l.lock(f, despite)
	}
	if err != nil {
		_ = letGo(file)
		return nil, err
	}
	return f, nil
}

// lock locks f or says who holds it. One who took it or let go of it this moment
// has not yet said so, or not yet gone: it looks again.
func (l *Locks) lock(f *lockFile, despite []string) error {
	for range 6 {
		free, err := tryLock(f.file, true)
		if err != nil {
			return cannotWrite(l.state.dir, err)
		}
		if free {
			return l.guard(f, despite)
		}
		if d, err := f.read(); err == nil && !d.Ended && d.Holder.Run != "" {
			sum, _ := l.state.summary(d.Holder.Run)
			return &LockedError{Key: f.key, Holder: d.Holder, State: event.Running, Step: string(sum.Step)}
		}
		time.Sleep(2 * time.Millisecond)
	}
	return &LockedError{Key: f.key, State: event.Running}
}

// guard refuses a key whose last run has not ended. Its own run may take it.
func (l *Locks) guard(f *lockFile, despite []string) error {
	last, err := f.read()
	if err != nil {
		return damagedLock(f.file.Name(), f.key, err)
	}
	run := last.Holder.Run
	passed := slices.ContainsFunc(despite, func(ref string) bool { return ref == run || strings.HasSuffix(run, "-"+ref) })
	if run == "" || last.Ended || run == l.holder.Run || passed {
		return nil
	}
	sum, began := l.state.summary(run)
	_, missing := os.Stat(l.state.Path(run))
	switch {
	case !began && missing == nil, sum.Err == nil && sum.Ended():
		return nil
	case sum.Err == nil && sum.State == event.Interrupted && !hasIntent(l.state.Path(run)):
		return nil
	}
	return &LockedError{Key: f.key, Holder: last.Holder, Guarded: true, State: sum.State, Step: string(sum.Step)}
}

// Held reports an error if a key is no longer held, because its file was taken
// away.
func (l *Locks) Held() error {
	for _, f := range l.files {
		mine, err := f.file.Stat()
		if err != nil {
			return fmt.Errorf("the lock %s is lost: %w", f.key, err)
		}
		there, err := os.Stat(f.file.Name())
		if err != nil || !os.SameFile(mine, there) {
			return fmt.Errorf("the lock %s is lost: its file %s was removed", f.key, short(f.file.Name()))
		}
	}
	return nil
}

// letGo gives up a lock and closes its file. Closing alone would leave the lock to a
// program that another run of this process is just starting: it has the file open too,
// until it has begun.
func letGo(file *os.File) error {
	return errors.Join(unlock(file), file.Close())
}

// Release lets go of all keys. Unless the run has ended they stay guarded.
func (l *Locks) Release(ended bool) error {
	var errs []error
	for _, f := range l.files {
		if ended {
			errs = append(errs, f.write(lockDetails{Key: f.key, Holder: l.holder, Ended: true}))
		}
		errs = append(errs, letGo(f.file))
	}
	l.files = nil
	return errors.Join(errs...)
}

// lockPath names a key's file by a hash: keys hold any text.
func (s *State) lockPath(environment, key string) string {
	sum := sha256.Sum256([]byte(environment + "\x00" + key))
	return filepath.Join(s.dir, "locks", hex.EncodeToString(sum[:16])+".lock")
}

func (f *lockFile) read() (d lockDetails, err error) {
	err = json.NewDecoder(io.NewSectionReader(f.file, 0, 1<<20)).Decode(&d)
	if errors.Is(err, io.EOF) {
		return d, nil
	}
	return d, err
}

// write replaces the details: what follows the new ones is read by nobody.
func (f *lockFile) write(d lockDetails) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := f.file.WriteAt(text, 0); err != nil {
		return err
	}
	if err := f.file.Truncate(int64(len(text))); err != nil {
		return err
	}
	return syncData(f.file)
}
