package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"

	"runbook/engine/action"
)

// FailedError is the error that closed a journal for good.
type FailedError struct {
	Path string // of the file
	Op   string // "write", "sync", "reserve", "encode", "close"
	Err  error
}

// Error says why the journal cannot be written.
func (e *FailedError) Error() string { return "the journal cannot be written: " + reason(e.Err) }

// Unwrap returns the cause.
func (e *FailedError) Unwrap() error { return e.Err }

// As gives the failure that people are told.
func (e *FailedError) As(target any) bool {
	f, ok := target.(**action.Failure)
	if !ok {
		return false
	}
	dir := short(filepath.Dir(e.Path))
	*f = &action.Failure{What: e.Error(), Where: short(e.Path), Do: []string{"see why nothing can be written in " + dir}, Err: e}
	if errors.Is(e.Err, syscall.ENOSPC) {
		(*f).Do = []string{"make room on the disk of " + dir + ", before anything is run again: df -h " + dir}
	}
	return true
}

// reason is the cause of an error of the file system, without operation and
// path.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

// cannotWrite is the failure to write in the state directory.
func cannotWrite(dir string, err error) error {
	var f *action.Failure
	if errors.As(err, &f) {
		return f
	}
	f = &action.Failure{
		What: fmt.Sprintf("cannot write the journal in %s: %s", short(dir), reason(err)),
		Do:   []string{"choose another directory with --state-dir or XDG_STATE_HOME"},
		Err:  err,
	}
	if !errors.Is(err, fs.ErrPermission) {
		return f
	}
	name, uid := currentUser()
	at, info := nearest(dir)
	if info == nil {
		return f
	}
	f.Seen = []string{fmt.Sprintf("%s is %s%04o; you are %s%s", short(at), ownerOf(info), info.Mode().Perm(), name, uid)}
	if name != "" && uid != "" && at != dir { // what is there keeps its owner and its rights
		f.Do = []string{fmt.Sprintf("sudo install -d -o %s -m 700 %s", action.Quote(name), action.Quote(dir)), "or " + f.Do[0]}
	}
	return f
}

// notRegular is the failure to read what is no regular file.
func notRegular(what, path string, err error) error {
	return &action.Failure{
		What: what + ": " + reason(err), Where: short(path), Err: err,
		Do: []string{"see what it is, and take it away: ls -l " + action.Quote(path)},
	}
}

// unsafe refuses what somebody else may have put in the way.
func unsafe(what, seen string, do ...string) error {
	return &action.Failure{What: what, Seen: []string{seen}, Do: do}
}

func currentUser() (name, uid string) {
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if os.Getuid() >= 0 {
		uid = fmt.Sprintf(" (uid %d)", os.Getuid())
	}
	return name, uid
}

// nearest returns dir or the nearest directory above it that is there.
func nearest(dir string) (string, fs.FileInfo) {
	for {
		if info, err := os.Stat(dir); err == nil {
			return dir, info
		}
		up := filepath.Dir(dir)
		if up == dir {
			return dir, nil
		}
		dir = up
	}
}

// short writes the home directory as ~.
func short(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" || home == "/" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		return "~" + rest
	}
	return path
}

// damagedLock is the failure to read who held a key.
func damagedLock(path, key string, err error) error {
	return &action.Failure{
		What: fmt.Sprintf("the lock %s cannot be taken: its file is damaged: %s", key, reason(err)),
		Seen: []string{short(path)},
		Do:   []string{"see that no run on it is in doubt or interrupted: runbook runs", "then: rm " + short(path)},
		Err:  err,
	}
}
