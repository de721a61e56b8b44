//go:build !unix

package file

import (
	"errors"
	"io/fs"
	"os"
)

func linksOf(fs.FileInfo) int { return 1 }

func ownerOf(fs.FileInfo) (owner, group *string) { return nil, nil }

func keepOwner(*os.File, fs.FileInfo) error { return nil }

// idsOf knows no users and groups here.
func idsOf(owner, group string) (uid, gid int, err error) {
	if owner != "" || group != "" {
		return -1, -1, errors.New("users and groups of files are not known on this system")
	}
	return -1, -1, nil
}

// crosses reports whether a file could not get its name because it lies on another
// volume.
func crosses(err error) bool { return err != nil }
