//go:build unix

package disk

import (
	"fmt"
	"io/fs"
	"syscall"
)

// Identity tells a file from another that gets its name later.
func Identity(info fs.FileInfo) string {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
}

// Device is the file system that a file lies on.
func Device(info fs.FileInfo) uint64 {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(s.Dev) //nolint:unconvert // an int32 on some systems
}
