package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData writes the data of f and what is needed to read it to the disk.
func syncData(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

// reserve allocates bytes from offset on without changing the size of f. Where
// the file system cannot, it asks whether there is room.
func reserve(f *os.File, offset, bytes int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, offset, bytes)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
			return roomFor(f, bytes)
		}
		return err
	}
}

// networkFS returns the kind of a network file system that dir lies on, "" if
// it lies on none.
func networkFS(dir string) (string, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return "", os.NewSyscallError("statfs", err)
	}
	return networkName(uint32(stat.Type)), nil
}

// networkName names the network file systems by their numbers of statfs(2).
func networkName(magic uint32) string {
	switch magic {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.CIFS_SUPER_MAGIC:
		return "CIFS"
	case unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "SMB"
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "AFS"
	case unix.CODA_SUPER_MAGIC:
		return "Coda"
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph"
	case unix.NCP_SUPER_MAGIC:
		return "NCP"
	case 0x0bd00bd0:
		return "Lustre"
	case 0x47504653:
		return "GPFS"
	}
	return ""
}
