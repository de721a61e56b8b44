//go:build unix

package file

import (
	"io/fs"
	"os"
	"syscall"
)

// Foreign reports whether a file is of another user than this one and root.
func Foreign(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Uid != 0 && int(s.Uid) != os.Geteuid()
}
