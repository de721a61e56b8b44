// Package file reads the files that people name, or that lie where they put theirs:
// playbooks, rehearsals, environments, secrets and what the state directory holds.
package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// MostOfSecret bounds a file that holds one secret: keys and certificates are far
// below.
const MostOfSecret = 64 << 10

// ErrTooLarge says that a file has more bytes than are read of it.
var ErrTooLarge = errors.New("it is too large")

// noWait opens without waiting: a pipe is waited for otherwise, until somebody writes.
const noWait = syscall.O_NONBLOCK

// Read returns the content of a regular file. Of one of more than most bytes it returns
// so many and one more, and an error that is ErrTooLarge. Errors are *fs.PathError.
func Read(path string, most int64) ([]byte, error) {
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return content(f, path, most)
}

// content is Read of what was opened.
func content(f *os.File, path string, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(patient{f}, most+1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &fs.PathError{Op: "read", Path: path, Err: irregularError("it has no end, and is no file")}
	}
	if err == nil && int64(len(text)) > most {
		err = &fs.PathError{Op: "read", Path: path, Err: ErrTooLarge}
	}
	return text, err
}

// patience is how long a read may wait for bytes.
const patience = time.Second

// patient reads a file, and waits no longer for it: some that say that they are regular
// wait for what comes next, as /proc/kmsg does. Those of a disk never wait.
type patient struct{ file *os.File }

// Read reads once.
func (p patient) Read(b []byte) (int, error) {
	_ = p.file.SetReadDeadline(time.Now().Add(patience)) // a file of a disk has none
	return p.file.Read(b)
}

// Open opens a regular file that is there, as the flags say. Errors are *fs.PathError.
func Open(path string, flags int) (*os.File, error) {
	return regular(os.OpenFile(path, flags|noWait, 0))
}

// OpenIn opens a regular file of a folder. Errors are *fs.PathError.
func OpenIn(root *os.Root, name string) (*os.File, error) {
	return regular(root.OpenFile(name, os.O_RDONLY|noWait, 0))
}

// regular refuses what is no regular file before it is read, as a pipe that nobody
// writes to or a device without an end.
func regular(f *os.File, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		why := irregular(info.Mode())
		if why == "" {
			return f, nil
		}
		err = &fs.PathError{Op: "read", Path: f.Name(), Err: irregularError(why)}
	}
	_ = f.Close() // nothing was written to it
	return nil, err
}

// irregularError says what a file is that is no regular one.
type irregularError string

func (e irregularError) Error() string { return string(e) }

// Irregular reports whether an error says that a file is no regular one.
func Irregular(err error) bool {
	var no irregularError
	return errors.As(err, &no)
}

// irregular says what a file is that is no regular one, else nothing.
func irregular(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return ""
	case m.IsDir():
		return "it is a directory"
	case m&fs.ModeNamedPipe != 0:
		return "it is a pipe, and no file"
	case m&fs.ModeDevice != 0:
		return "it is a device, and no file"
	}
	return "it is no regular file"
}

// Reason is what the system says of a file, without its path.
func Reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
