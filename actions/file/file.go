// Package file reads and changes files of the machine that runs the playbook.
// What it writes is whole or not there: the new content lies beside the old one,
// synced, before it takes its name.
package file

import (
	"crypto/sha256"
	"encoding/hex"
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

// most is how much of one file is held in memory.
const most = 8 << 20

// place is an absolute path that the run may touch.
func place(call action.Call, doing, name, path string) (string, error) {
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

// behind is place of the file that a link leads to, if it is one: its content is
// replaced, and the link stays.
func behind(call action.Call, doing, name, path string) (string, error) {
	full, err := place(call, doing, name, path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(full)
	switch {
	case err == nil && real != full:
		return place(call, doing, name, real)
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return full, nil // what is wrong with it is told by what opens it
	}
	if info, err := os.Lstat(full); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", &action.Failure{Applied: action.AppliedNot, Where: full, What: "it is a link to what is not there", Final: true, Do: []string{"ls -l " + action.Quote(full)}}
	}
	return full, nil
}

// failed is an error of the system about a path, with what to do about its cause.
func failed(path, doing string, err error) error {
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
		f.What = "it has more than " + schema.HumanBytes(most) + ", which is the most that is held of a file"
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

// contentOf reads a file whole, up to most bytes.
func contentOf(path string) ([]byte, error) {
	text, err := read.Read(path, most)
	if err != nil {
		return nil, failed(path, "reading it", err)
	}
	return text, nil
}

// sum is the checksum by which contents are compared.
func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// kindOf says what a file is.
func kindOf(m fs.FileMode) string {
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

// modeOf writes the permissions as chmod takes them.
func modeOf(m fs.FileMode) string {
	n := uint64(m.Perm())
	for bit, of := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if m&of != 0 {
			n |= bit
		}
	}
	return "0" + strconv.FormatUint(n, 8)
}

// modeFrom reads what the pattern of a parameter lets pass.
func modeFrom(text string) fs.FileMode {
	n, _ := strconv.ParseUint(text, 8, 32)
	m := fs.FileMode(n) & fs.ModePerm
	for bit, of := range map[uint64]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if n&bit != 0 {
			m |= of
		}
	}
	return m
}

// subjectOf is a file as it is now: which one it is, and how it was last changed.
func subjectOf(path string) (action.Subject, error) {
	s := action.Subject{Kind: "file", Name: path}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		s.ID = absent
		return s, nil
	}
	if err != nil {
		return s, failed(path, "looking at it", err)
	}
	s.Kind, s.ID = kindOf(info.Mode()), identityOf(info)
	s.Version = versionOf(info)
	return s, nil
}

// absent is the identity of what is not there.
const absent = "not there"

func versionOf(info fs.FileInfo) string {
	return info.ModTime().UTC().Format(time.RFC3339Nano) + ", " + strconv.FormatInt(info.Size(), 10) + " bytes, " + modeOf(info.Mode())
}

// shows is the command by which a person sees what became of a change.
func shows(paths ...string) string {
	words := make([]string, len(paths))
	for i, p := range paths {
		words[i] = action.Quote(p)
	}
	return "ls -ld " + strings.Join(words, " ")
}
