//go:build unix

package journal

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"runbook/engine/action"
)

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
