// Package archive has the actions that make archives of files on this machine's disk,
// look at them and at those that other actions wrote, and remove what is old among them.
package archive

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/internal/disk"
	"runbook/internal/dump"
)

// chosen are the parameters that say which archives are meant.
type chosen struct {
	Path     string `yaml:"path" min:"1" doc:"The directory in which the archives lie, each a directory of its own. What has no manifest is none; what begins with a dot is passed over."`
	Kind     string `yaml:"kind,omitempty" doc:"Only archives of this kind: mongo or files."`
	Database string `yaml:"database,omitempty" doc:"Only archives of this database."`
}

// stored is an archive, by what its manifest says.
type stored struct {
	path string
	info fs.FileInfo
	dump.Manifest
}

// unread is what may be an archive, and has a manifest that cannot be read.
type unread struct {
	Path   string `yaml:"path" doc:"The directory, absolute."`
	Reason string `yaml:"reason" doc:"What is wrong with its manifest."`
}

// find returns the archives, newest first, and what may be one.
func (c chosen) find(ctx context.Context, call action.Call, doing string) (root string, found []stored, broken []unread, err error) {
	if root, err = disk.Behind(call, doing, "path", c.Path); err != nil {
		return root, nil, nil, err
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return root, nil, nil, disk.Failed(root, doing, err)
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return root, nil, nil, late(root, err)
		}
		if !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		a := stored{path: filepath.Join(root, entry.Name())}
		if a.info, err = os.Lstat(a.path); errors.Is(err, fs.ErrNotExist) {
			continue // it went meanwhile
		} else if err != nil {
			return root, nil, nil, disk.Failed(a.path, doing, err)
		}
		a.Manifest, err = dump.Open(a.path)
		switch {
		case errors.Is(err, dump.ErrNone):
		case err != nil:
			broken = append(broken, unread{Path: a.path, Reason: err.Error()})
		case (c.Kind == "" || a.Kind == c.Kind) && (c.Database == "" || a.Database == c.Database):
			found = append(found, a)
		}
	}
	slices.SortStableFunc(found, func(a, b stored) int { return b.Created.Compare(a.Created) })
	return root, found, broken, nil
}

// late is the failure of a look that was not done in time.
func late(path string, err error) error {
	return &action.Failure{Applied: action.AppliedNot, What: "it could not be read to its end in time", Where: path, Err: err, Do: []string{"raise the step's timeout"}}
}
