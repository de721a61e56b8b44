// Package disk is what the actions that touch this machine's disk have in common: which
// paths a run may touch, what is told of them, and how a change is seen.
package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"runbook/engine/action"
	read "runbook/engine/file"
	"runbook/engine/schema"
)

// Most is how much of one file is held in memory.
const Most = 8 << 20

// Place is an absolute path that the run may touch.
func Place(call action.Call, doing, name, path string) (string, error) {
	if strings.ContainsRune(path, 0) {
		return "", action.ParamError(name, "it holds a NUL byte, which no path does")
	}
	if err := call.Confine.File(doing, path); err != nil {
		return "", err
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return "", action.ParamError(name, "%v", err)
	}
	return full, nil
}

// Behind is place of the file that a link leads to, if it is one: its content is
// replaced, and the link stays.
func Behind(call action.Call, doing, name, path string) (string, error) {
	full, err := Place(call, doing, name, path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(full)
	switch {
	case err == nil && real != full:
		return Place(call, doing, name, real)
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return full, nil // what is wrong with it is told by what opens it
	}
	if info, err := os.Lstat(full); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", &action.Failure{Applied: action.AppliedNot, Where: full, What: "it is a link to what is not there", Final: true, Do: []string{"ls -l " + action.Quote(full)}}
	}
	return full, nil
}

// Failed is an error of the system about a path, with what to do about its cause.
func Failed(path, doing string, err error) error {
	var own *action.Failure
	if errors.As(err, &own) {
		return own
	}
	f := &action.Failure{Applied: action.AppliedNot, Where: path, Tried: doing, What: read.Reason(err).Error(), Err: err}
	quoted := action.Quote(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.What, f.Do = "there is nothing at this path", []string{"ls -l " + action.Quote(filepath.Dir(path))}
	case errors.Is(err, fs.ErrPermission):
		f.What = "it may not be touched by the user with the id " + strconv.Itoa(os.Getuid())
		f.Do = []string{"ls -ld " + action.Quote(filepath.Dir(path)) + " " + quoted, "run as the user that owns it"}
	case errors.Is(err, fs.ErrExist):
		f.What, f.Do = "there is something already, and it is not written over", []string{"ls -l " + quoted}
	case errors.Is(err, read.ErrTooLarge):
		f.What = "it has more than " + schema.HumanBytes(Most) + ", which is the most that is held of a file"
		f.Do = []string{"read its end with file.tail, or its checksum with file.checksum"}
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EROFS):
		f.Do = []string{"df -h " + action.Quote(filepath.Dir(path))}
	case read.Irregular(err):
		f.Do = []string{"name a regular file"}
	default:
		f.Do = []string{"ls -ld " + quoted}
	}
	return f
}

// Content reads a file whole, up to Most bytes.
func Content(path string) ([]byte, error) {
	text, err := read.Read(path, Most)
	if err != nil {
		return nil, Failed(path, "reading it", err)
	}
	return text, nil
}

// Kind says what a file is.
func Kind(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "link"
	}
	return "other"
}

// Mode writes the permissions as chmod takes them.
func Mode(m fs.FileMode) string {
	n := uint64(m.Perm())
	for bit, of := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if m&of != 0 {
			n |= bit
		}
	}
	return "0" + strconv.FormatUint(n, 8)
}

// SubjectOf is a file as it is now: which one it is, and how it was last changed.
func SubjectOf(path string) (action.Subject, error) {
	s := action.Subject{Kind: "file", Name: path}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		s.ID = Absent
		return s, nil
	}
	if err != nil {
		return s, Failed(path, "looking at it", err)
	}
	s.Kind, s.ID = Kind(info.Mode()), Identity(info)
	s.Version = Version(info)
	return s, nil
}

// Absent is the identity of what is not there.
const Absent = "not there"

func Version(info fs.FileInfo) string {
	return info.ModTime().UTC().Format(time.RFC3339Nano) + ", " + strconv.FormatInt(info.Size(), 10) + " bytes, " + Mode(info.Mode())
}

// Shows is the command by which a person sees what became of a change.
func Shows(paths ...string) string {
	words := make([]string, len(paths))
	for i, p := range paths {
		words[i] = action.Quote(p)
	}
	return "ls -ld " + strings.Join(words, " ")
}

// Age says how old something is.
func Age(seconds float64) string {
	switch {
	case seconds < 0:
		return "from the future"
	case seconds < 1:
		return "just made"
	}
	return schema.HumanDuration(time.Duration(seconds)*time.Second) + " old"
}
