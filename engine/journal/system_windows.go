package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// A lock on Windows keeps others from reading what it covers, so it covers a
// byte far beyond the end.
const lockOffset = 1 << 30 // in units of 4 GiB

// tryLock locks f without waiting. It is false if another holds a lock.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	var flags uint32 = windows.LOCKFILE_FAIL_IMMEDIATELY
	if exclusive {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{OffsetHigh: lockOffset})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return false, nil
	}
	return false, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
}

// unlock leaves it to Close: no program inherits a file here.
func unlock(*os.File) error { return nil }

// account is nobody in particular: makeDir gives a directory to its owner.
type account struct{}

func self() account { return account{} }

func (account) owns(fs.FileInfo) bool { return true }

func (account) changed(fs.FileInfo, bool) string { return "" }

const noFollow = 0

func ownerOf(fs.FileInfo) string { return "" }

func syncData(f *os.File) error { return f.Sync() }

// syncDir does nothing: a directory cannot be synced here.
func syncDir(string) error { return nil }

// makeDir makes dir for its owner and the system only.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	descriptor, err := windows.SecurityDescriptorFromString("D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)")
	if err != nil {
		return err
	}
	acl, _, err := descriptor.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, acl, nil)
}

// reserve asks whether the volume has room for that many bytes.
func reserve(f *os.File, _, bytes int64) error {
	dir, err := windows.UTF16PtrFromString(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(dir, &free, nil, nil); err != nil {
		return err
	}
	if free < uint64(bytes) {
		return windows.ERROR_DISK_FULL
	}
	return nil
}

// networkFS returns the kind of a network file system that dir lies on, "" if
// it lies on none.
func networkFS(dir string) (string, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return "", err
	}
	root := make([]uint16, windows.MAX_PATH+1)
	if err := windows.GetVolumePathName(path, &root[0], uint32(len(root))); err != nil {
		return "", err
	}
	if windows.GetDriveType(&root[0]) == windows.DRIVE_REMOTE {
		return "a network drive", nil
	}
	return "", nil
}
