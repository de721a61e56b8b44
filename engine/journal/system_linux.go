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
	return networks[uint32(stat.Type)], nil
}

// networks are the network file systems by their numbers of statfs(2).
var networks = map[uint32]string{
	unix.NFS_SUPER_MAGIC: "NFS", unix.CIFS_SUPER_MAGIC: "CIFS", unix.SMB_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB",
	unix.AFS_SUPER_MAGIC: "AFS", unix.AFS_FS_MAGIC: "AFS", unix.CODA_SUPER_MAGIC: "Coda", unix.CEPH_SUPER_MAGIC: "Ceph",
	unix.NCP_SUPER_MAGIC: "NCP", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS",
}
