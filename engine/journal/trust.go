package journal

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"runbook/engine/action"
)

// safe refuses directories that others than the user may change, each of which holds
// a part of the state.
func (s *State) safe(dirs ...string) error {
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil {
			return cannotWrite(s.dir, err)
		}
		if why := s.user.changed(info, false); why != "" {
			return s.refuse(dir, info, why)
		}
	}
	return nil
}

// reachedSafely refuses a directory if others than the user and root may put another
// in its place: it, its links and all above them are looked at.
func (s *State) reachedSafely(dir string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return cannotWrite(s.dir, err)
	}
	for _, at := range []string{dir, real} {
		for below := ""; below != at; below, at = at, filepath.Dir(at) {
			info, err := os.Lstat(at)
			if err != nil {
				return cannotWrite(s.dir, err)
			}
			if why := s.user.changed(info, true); why != "" {
				return s.refuse(at, info, why)
			}
		}
	}
	return nil
}

func (s *State) refuse(dir string, info fs.FileInfo, why string) error {
	other := "choose another directory with --state-dir or XDG_STATE_HOME"
	seen := fmt.Sprintf("%s is %s%04o", short(dir), ownerOf(info), info.Mode().Perm())
	what := "cannot write the journal in " + short(s.dir) + ": "
	switch {
	case why == anothers:
		name, uid := currentUser()
		return unsafe(what+"another user may write there", seen+"; you are "+name+uid, other)
	case s.user.owns(info):
		return unsafe(what+"others may write there", seen, "chmod go-w "+action.Quote(dir), "or "+other)
	}
	return unsafe(what+"others may write there", seen, other)
}

// Why a directory may be changed by others.
const (
	anothers = "another user owns it"
	writable = "others may write to it"
)
