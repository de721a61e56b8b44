package journal

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"runbook/engine/file"
)

// File is the end of a journal's file. Tests put their own before it to inject
// faults. A File that has a method Reserve(bytes int64) error is asked by
// Writer.Reserve.
type File interface {
	Write(b []byte) (int, error)
	Sync() error
	Close() error
}

// opened opens a journal that is there. What is no regular file, as a pipe that would
// be waited for, is an *action.Failure.
func opened(path string, flags int) (*os.File, error) {
	f, err := file.Open(path, flags)
	if file.Irregular(err) {
		return nil, notRegular("what lies there is no journal", path, err)
	}
	return f, err
}

// toRead opens a journal to be read.
func toRead(path string) (*os.File, error) { return opened(path, os.O_RDONLY) }

// diskFile is a File on a disk. It holds the lock of the run's owner.
type diskFile struct {
	file    *os.File
	length  atomic.Int64 // what was written
	enter   func(dir string) error
	entered bool // its directory was synced

	mu       sync.Mutex // of reserved
	reserved int64      // up to where there is room
}

var _ File = (*diskFile)(nil)

// Write appends b.
func (f *diskFile) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	f.length.Add(int64(n))
	return n, err
}

// Sync returns when all that was written survives a loss of power; after the
// first, so does the file's name.
func (f *diskFile) Sync() error {
	if err := syncData(f.file); err != nil {
		return err
	}
	if f.entered {
		return nil
	}
	dir := filepath.Dir(f.file.Name())
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := f.enter(d); err != nil {
			return err
		}
	}
	f.entered = true
	return nil
}

// Reserve makes sure that there is room for bytes more. It asks the system only
// when half of what it asked for before is used up.
func (f *diskFile) Reserve(bytes int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	length := f.length.Load()
	if length+bytes <= f.reserved {
		return nil
	}
	if err := reserve(f.file, length, 2*bytes); err != nil {
		return &fs.PathError{Op: "reserve", Path: f.file.Name(), Err: err}
	}
	f.reserved = length + 2*bytes
	return nil
}

// Close gives back what was reserved, and the owner's lock.
func (f *diskFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if length := f.length.Load(); f.reserved > length {
		_ = f.file.Truncate(length) // only room is lost
	}
	return letGo(f.file)
}
