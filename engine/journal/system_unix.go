//go:build unix

package journal

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// tryLock locks f without waiting. It is false if another holds a lock.
func tryLock(f *os.File, exclusive bool) (bool, error) {
	how := unix.LOCK_SH
	if exclusive {
		how = unix.LOCK_EX
	}
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}

// unlock gives up a lock of f, whoever else has it open by the same opening.
func unlock(f *os.File) error {
	if err := unix.Flock(int(f.Fd()), unix.LOCK_UN); err != nil {
		return &fs.PathError{Op: "unlock", Path: f.Name(), Err: err}
	}
	return nil
}

// ownerOf returns who owns a file: "root ".
func ownerOf(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	uid := strconv.FormatUint(uint64(stat.Uid), 10)
	if u, err := user.LookupId(uid); err == nil {
		return u.Username + " "
	}
	return "uid " + uid + " "
}

// account is a user of this system, with the group of their own.
type account struct{ uid, gid uint32 }

func self() account { return account{uint32(os.Geteuid()), uint32(os.Getegid())} }

func (a account) owns(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (a.uid == 0 || stat.Uid == a.uid)
}

// changed says how others may change what is in a directory, else nothing. Above the
// state directory root may, and others who can replace nothing but their own.
func (a account) changed(info fs.FileInfo, above bool) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode()
	switch {
	case !ok:
		return ""
	case stat.Uid != a.uid && (stat.Uid != 0 || !above):
		return anothers
	case mode&fs.ModeSymlink != 0, above && mode&fs.ModeSticky != 0:
		return ""
	case mode.Perm()&0o002 != 0, mode.Perm()&0o020 != 0 && !(above && a.alone(stat.Gid)):
		return writable
	}
	return ""
}

// alone reports whether a group is the user's own, named as they are: some systems
// give one to each, and let it write to what they make.
func (a account) alone(gid uint32) bool {
	if gid != a.gid {
		return false
	}
	group, err := user.LookupGroupId(strconv.FormatUint(uint64(gid), 10))
	u, failed := user.LookupId(strconv.FormatUint(uint64(a.uid), 10))
	return err == nil && failed == nil && group.Name == u.Username
}

// noFollow refuses to open a link.
const noFollow = unix.O_NOFOLLOW

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func makeDir(dir string) error { return os.MkdirAll(dir, 0o700) }
