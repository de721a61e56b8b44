package journal

import (
	"os"
	"path/filepath"
	"sync/atomic"

	"runbook/engine/event"
)

// Opened counts the journals that s opens to read them.
func (s *State) Opened() *atomic.Int64 {
	var n atomic.Int64
	s.open = func(path string) (*os.File, error) {
		n.Add(1)
		return os.Open(path)
	}
	return &n
}

// OnNetwork lets s believe that it lies on a network file system.
func (s *State) OnNetwork(kind string) {
	s.network = func(string) (string, error) { return kind, nil }
}

// Entered keeps which directories s syncs, in order, and lets that fail for one.
func (s *State) Entered(fails string) *[]string {
	var all []string
	s.enter = func(dir string) error {
		all = append(all, filepath.Base(dir))
		if filepath.Base(dir) == fails {
			return os.ErrPermission
		}
		return syncDir(dir)
	}
	return &all
}

// Read reads and verifies a journal whole.
func Read(path string) (*Log, error) {
	l := &Log{Path: path}
	err := l.read(func(ev event.Event) error {
		l.Events = append(l.Events, ev)
		return nil
	})
	return l, err
}

// Err returns the error that closed the journal, nil while it is sound.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
