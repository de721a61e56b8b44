//go:build unix

package file_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"runbook/engine/file"
)

// TestOnlyRegularFilesAreRead holds that nothing is waited for and nothing without an
// end is read, whatever a path names.
func TestOnlyRegularFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	link := func(name, to string) string {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("short", "12345678")
	write("long", "123456789")
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for path, want := range map[string]string{
		at("short"): "", link("to-short", at("short")): "",
		at("long"):                     "it is too large",
		at("none"):                     "no such file or directory",
		at("pipe"):                     "it is a pipe, and no file",
		link("to-pipe", at("pipe")):    "it is a pipe, and no file",
		link("to-device", "/dev/zero"): "it is a device, and no file",
		dir:                            "it is a directory",
	} {
		text, err := file.Read(path, 8)
		var wrong *fs.PathError
		switch {
		case want == "" && (err != nil || string(text) != "12345678"):
			t.Errorf("%s: %q, %v", path, text, err)
		case want != "" && (!errors.As(err, &wrong) || wrong.Err.Error() != want || file.Reason(err).Error() != want):
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if name, below := strings.CutPrefix(path, dir+"/"); below && want == "it is a pipe, and no file" && name == "pipe" {
			if _, err := file.OpenIn(root, name); err == nil || file.Reason(err).Error() != want {
				t.Errorf("in its folder: %v", err)
			}
		}
	}
	if text, err := file.Read(at("long"), 8); string(text) != "123456789" || !errors.Is(err, file.ErrTooLarge) {
		t.Errorf("what is too large: %q, %v", text, err)
	}
}
