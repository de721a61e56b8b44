package journal

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/file"
)

// State is the state directory: runs/ with the journals, locks/ with the locks.
type State struct {
	dir     string
	user    account // whose it is
	network func(dir string) (string, error)
	open    func(path string) (*os.File, error) // a journal, to be read
	enter   func(dir string) error              // syncs the names in it
}

// DefaultDir returns the user's state directory: $XDG_STATE_HOME/runbook, else
// ~/.local/state/runbook; on Windows %LocalAppData%\runbook.
func DefaultDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "runbook"), nil
	}
	if runtime.GOOS == "windows" {
		dir, err := os.UserCacheDir() // %LocalAppData%
		return filepath.Join(dir, "runbook"), err
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &action.Failure{
			What: "cannot find the directory for the journal: " + err.Error(),
			Do:   []string{"set XDG_STATE_HOME, or give --state-dir"}, Err: err,
		}
	}
	return filepath.Join(home, ".local", "state", "runbook"), nil
}

// Open returns the state directory dir, "" for that of DefaultDir. Nothing is
// made before something is written to it.
func Open(dir string) (*State, error) {
	if dir == "" {
		var err error
		if dir, err = DefaultDir(); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, cannotWrite(dir, err)
	}
	return &State{dir: dir, user: self(), network: networkFS, open: toRead, enter: syncDir}, nil
}

// Dir returns the absolute path of the directory.
func (s *State) Dir() string { return s.dir }

// Path returns the path of a run's journal.
func (s *State) Path(run string) string { return filepath.Join(s.dir, "runs", run+suffix) }

const suffix = ".journal"

// prepare makes a directory of the state to write in.
func (s *State) prepare(name string) (string, error) {
	above, info := nearest(s.dir)
	if info != nil && !info.IsDir() { // as a device, whose rights are none of our business
		return "", cannotWrite(s.dir, syscall.ENOTDIR)
	}
	kind, err := s.network(above)
	if err == nil && kind != "" {
		return "", unsafe("cannot write the journal in "+short(s.dir)+": it lies on a network file system", short(above)+" is "+kind+", where a lock or a sync may not hold",
			"choose a directory on a local disk with --state-dir or XDG_STATE_HOME")
	}
	if err := s.reachedSafely(above); err != nil {
		return "", err
	}
	dir := filepath.Join(s.dir, name)
	if err := makeDir(dir); err != nil {
		return "", cannotWrite(s.dir, err)
	}
	if err := s.safe(s.dir, dir); err != nil {
		return "", err
	}
	return dir, nil
}

// Key returns the key of the state directory, which is made when it is asked for
// first, and read by its user only. An error is an *action.Failure.
func (s *State) Key() ([]byte, error) {
	path := filepath.Join(s.dir, "key")
	key, err := file.Read(path, mostOfKey)
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.newKey(path); err == nil {
			key, err = file.Read(path, mostOfKey)
		}
	}
	if (err == nil || errors.Is(err, file.ErrTooLarge)) && len(key) != keyLength {
		err = fmt.Errorf("%s has %d bytes, and a key has %d", short(path), len(key), keyLength)
	}
	if file.Irregular(err) {
		return nil, notRegular("the key of the state directory cannot be read", path, err)
	}
	if err != nil {
		return nil, cannotWrite(s.dir, err)
	}
	return key, nil
}

const (
	keyLength = 32
	mostOfKey = 64 << 10 // is read of its file
)

// newKey makes the key, unless another process did by then: it is there whole or not
// at all.
func (s *State) newKey(path string) error {
	made, err := os.CreateTemp(s.dir, "key-") // 0600
	if err != nil {
		return err
	}
	_, err = io.CopyN(made, rand.Reader, keyLength)
	err = errors.Join(err, made.Sync(), made.Close())
	if err == nil {
		err = os.Link(made.Name(), path)
	}
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(made.Name()), s.enter(s.dir))
}

// Create makes the journal of a new run, owned by this process until it is
// closed. The first record is the caller's, of event.TypeRunCreated. An error is
// an *action.Failure.
func (s *State) Create(o Options) (*Writer, error) {
	if _, err := s.prepare("runs"); err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		id := o.ID
		if id == "" {
			id = newID(o.now())
		}
		file, err := os.OpenFile(s.Path(id), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if errors.Is(err, fs.ErrExist) && o.ID == "" && try < 100 {
			continue
		}
		if err != nil {
			return nil, cannotWrite(s.dir, err)
		}
		if err := own(file); err != nil {
			return nil, cannotWrite(s.dir, errors.Join(err, file.Close(), os.Remove(file.Name())))
		}
		return newWriter(id, file.Name(), wrap(&diskFile{file: file, enter: s.enter}, o), o), nil
	}
}

func wrap(f File, o Options) File {
	if o.Wrap == nil {
		return f
	}
	return o.Wrap(f)
}

// errOwned is the reason why a run cannot be owned.
var errOwned = errors.New("the run has a live owner")

// own takes the lock of a run's owner. One who only looks whether there is an
// owner holds it for a moment.
func own(file *os.File) error {
	for range 40 {
		ok, err := tryLock(file, true)
		if ok || err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return errOwned
}

// Resume makes this process the owner of a run that has none, verifies its
// journal, cuts a torn tail and goes on at its end. The log is what was there.
// The error is an *action.Failure where the run is owned, a *DamageError where
// its journal does not verify.
func (s *State) Resume(run string, o Options) (*Writer, *Log, error) {
	if _, err := s.prepare("runs"); err != nil {
		return nil, nil, err
	}
	f, err := opened(s.Path(run), os.O_RDWR)
	if err != nil {
		return nil, nil, cannotWrite(s.dir, err)
	}
	w, l, err := s.resume(run, f, o)
	if err == nil {
		return w, l, nil
	}
	_ = letGo(f)
	if errors.Is(err, errOwned) {
		err = &action.Failure{
			What: fmt.Sprintf("run %s is running", run), Err: err,
			Do: []string{"runbook report " + run},
		}
	}
	return nil, nil, err
}

func (s *State) resume(run string, file *os.File, o Options) (*Writer, *Log, error) {
	if err := own(file); err != nil {
		return nil, nil, err
	}
	l := &Log{Path: file.Name()}
	err := l.readFrom(file, func(ev event.Event) error {
		l.Events = append(l.Events, ev)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	if l.Torn > 0 {
		if err := file.Truncate(l.end.offset); err != nil {
			return nil, nil, err
		}
	}
	if _, err := file.Seek(l.end.offset, io.SeekStart); err != nil {
		return nil, nil, err
	}
	disk := &diskFile{file: file, enter: s.enter}
	disk.length.Store(l.end.offset)
	w := newWriter(run, file.Name(), wrap(disk, o), o)
	w.log.sequence, w.log.last = l.end.sequence, l.end.last
	if err := w.file.Sync(); err != nil {
		return nil, nil, err
	}
	w.log.synced = l.end.sequence
	return w, l, nil
}

// letters are those of Crockford's base 32: none that is taken for another.
const letters = "0123456789abcdefghjkmnpqrstvwxyz"

// newID returns an id for a run that begins now.
func newID(now time.Time) string {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	for i, b := range random {
		random[i] = letters[b%32]
	}
	return now.UTC().Format("20060102") + "-" + string(random[:])
}
