//go:build unix

package file

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// linksOf is how many names a file has.
func linksOf(info fs.FileInfo) int {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 1
	}
	return int(s.Nlink)
}

// ownerOf returns the names of a file's user and group; numbers where they have none.
func ownerOf(info fs.FileInfo) (owner, group *string) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, nil
	}
	u, g := strconv.FormatUint(uint64(s.Uid), 10), strconv.FormatUint(uint64(s.Gid), 10)
	if found, err := user.LookupId(u); err == nil {
		u = found.Username
	}
	if found, err := user.LookupGroupId(g); err == nil {
		g = found.Name
	}
	return &u, &g
}

// keepOwner gives f the user and the group of another file.
func keepOwner(f *os.File, of fs.FileInfo) error {
	s, ok := of.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	now, err := f.Stat()
	if err != nil {
		return err
	}
	if n, ok := now.Sys().(*syscall.Stat_t); ok && n.Uid == s.Uid && n.Gid == s.Gid {
		return nil
	}
	return f.Chown(int(s.Uid), int(s.Gid))
}

// idsOf returns the numbers of a user and a group by name or number; -1 for "".
func idsOf(owner, group string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if owner != "" {
		if uid, err = strconv.Atoi(owner); err != nil {
			found, err := user.Lookup(owner)
			if err != nil {
				return -1, -1, err
			}
			uid, _ = strconv.Atoi(found.Uid)
		}
	}
	if group != "" {
		if gid, err = strconv.Atoi(group); err != nil {
			found, err := user.LookupGroup(group)
			if err != nil {
				return -1, -1, err
			}
			gid, _ = strconv.Atoi(found.Gid)
		}
	}
	return uid, gid, nil
}

// crosses reports whether a file could not get its name because it lies on another
// file system, or one that has no second names.
func crosses(err error) bool {
	return errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP)
}
