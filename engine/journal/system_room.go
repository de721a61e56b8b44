//go:build unix

package journal

import (
	"os"

	"golang.org/x/sys/unix"
)

// roomFor asks whether the file system of f has room for that many bytes.
func roomFor(f *os.File, bytes int64) error {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &stat); err != nil {
		return os.NewSyscallError("fstatfs", err)
	}
	if uint64(stat.Bavail)*uint64(stat.Bsize) < uint64(bytes) { //nolint:unconvert // the types differ between systems
		return unix.ENOSPC
	}
	return nil
}
