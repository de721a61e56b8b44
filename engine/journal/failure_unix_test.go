//go:build unix

package journal

import (
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"runbook/engine/action"
)

// OfAnother lets s believe that another user than the one who made it uses it.
func (s *State) OfAnother() { s.user.uid++ }

// What others may change is told from the owner and the rights; above the state
// directory root may, a group of the user alone, and all to whom the sticky bit leaves
// nothing but their own.
func TestWhoMayChangeADirectory(t *testing.T) {
	me := account{uid: 1000, gid: 1000}
	ofOwn := ""
	if group, err := user.LookupGroupId("0"); err != nil || group.Name != "root" {
		ofOwn = writable // the group of root is shared here
	}
	for _, c := range []struct {
		who      account
		uid, gid uint32
		mode     fs.FileMode
		above    string // why it is refused above the state directory
		state    string // and as one of the state's
	}{
		{me, 1000, 1000, 0o700, "", ""},
		{me, 1000, 5, 0o755, "", ""},
		{me, 0, 0, 0o755, "", anothers},
		{me, 1001, 0, 0o700, anothers, anothers},
		{account{}, 1000, 0, 0o700, anothers, anothers},
		{me, 1001, 0, 0o777 | fs.ModeSymlink, anothers, anothers},
		{me, 0, 0, 0o777 | fs.ModeSymlink, "", anothers},
		{me, 0, 0, 0o777, writable, anothers},
		{me, 0, 0, 0o777 | fs.ModeSticky, "", anothers},
		{me, 1000, 0, 0o777 | fs.ModeSticky, "", writable},
		{me, 1000, 0, 0o775, writable, writable},
		{account{}, 0, 0, 0o775, ofOwn, writable},
		{account{}, 0, 1, 0o775, writable, writable},
		{account{}, 0, 0, 0o777, writable, writable},
	} {
		info := fakeInfo{c.mode, &syscall.Stat_t{Uid: c.uid, Gid: c.gid}}
		if above, state := c.who.changed(info, true), c.who.changed(info, false); above != c.above || state != c.state {
			t.Errorf("%d of %d:%d %v: above %q, want %q; the state's %q, want %q", c.who.uid, c.uid, c.gid, c.mode, above, c.above, state, c.state)
		}
	}
}

type fakeInfo struct {
	mode fs.FileMode
	stat *syscall.Stat_t
}

func (fakeInfo) Name() string        { return "" }
func (fakeInfo) Size() int64         { return 0 }
func (f fakeInfo) Mode() fs.FileMode { return f.mode }
func (fakeInfo) ModTime() time.Time  { return time.Time{} }
func (f fakeInfo) IsDir() bool       { return f.mode.IsDir() }
func (f fakeInfo) Sys() any          { return f.stat }

// TestNoCommandTouchesWhatIsThere holds that a directory that cannot be made is
// proposed by a command that makes it and leaves those above it as they are, and that
// for one that is there no command is proposed.
func TestNoCommandTouchesWhatIsThere(t *testing.T) {
	above := t.TempDir()
	if err := os.Chmod(above, 0o755); err != nil {
		t.Fatal(err)
	}
	wanted := filepath.Join(above, "its own", "state")
	refused := &fs.PathError{Op: "mkdir", Path: wanted, Err: syscall.EACCES}
	f := action.AsFailure(cannotWrite(wanted, refused))
	command, ok := strings.CutPrefix(f.Do[0], "sudo ")
	if !ok || len(f.Do) != 2 || strings.Contains(command, "chown") || strings.Contains(command, "chmod") {
		t.Fatalf("it proposes %q", f.Do)
	}
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	for dir, want := range map[string]fs.FileMode{above: 0o755, wanted: 0o700} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", dir, info, err, want)
		}
	}
	for _, there := range []string{wanted, above, "/"} {
		f := action.AsFailure(cannotWrite(there, refused))
		if len(f.Do) != 1 || f.Do[0] != "choose another directory with --state-dir or XDG_STATE_HOME" || len(f.Seen) != 1 {
			t.Errorf("of %s, which is there: %q, %q", there, f.Do, f.Seen)
		}
	}
}
