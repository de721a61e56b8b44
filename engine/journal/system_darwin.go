package journal

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncData writes f to the disk itself, past the disk's cache (F_FULLFSYNC).
func syncData(f *os.File) error { return f.Sync() }

func reserve(f *os.File, _, bytes int64) error { return roomFor(f, bytes) }

// networkFS returns the kind of a network file system that dir lies on, "" if
// it lies on none.
func networkFS(dir string) (string, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return "", os.NewSyscallError("statfs", err)
	}
	switch name := unix.ByteSliceToString(stat.Fstypename[:]); name {
	case "nfs", "smbfs", "afpfs", "webdav", "ftp", "cifs":
		return name, nil
	}
	return "", nil
}
