package disk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"runbook/engine/action"
)

// Tree is a file, or a directory with all that is in it, as it is now.
type Tree struct {
	Path  string
	Info  fs.FileInfo // of the path itself
	Count int         // how many files and directories, with the first
	Bytes int64       // size of the files
}

// Subject is what it is compared by: which it is, and how much of it there is.
func (t Tree) Subject() action.Subject {
	return action.Subject{Kind: Kind(t.Info.Mode()), Name: t.Path, ID: Identity(t.Info), Version: Version(t.Info) + ", " + strconv.Itoa(t.Count) + " in all, " + strconv.FormatInt(t.Bytes, 10) + " bytes"}
}

// Weigh counts what is at a path that has this info. It fails at what is mounted in it.
func Weigh(ctx context.Context, path string, info fs.FileInfo) (Tree, error) {
	t := Tree{Path: path, Info: info}
	return t, filepath.WalkDir(t.Path, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Failed(path, "looking at it", err)
		}
		info, err := entry.Info()
		if err != nil {
			return Failed(path, "looking at it", err)
		}
		if entry.IsDir() && Device(info) != Device(t.Info) {
			return &action.Failure{Applied: action.AppliedNot, Where: path, What: "another file system is mounted here, and nothing of it is removed", Final: true, Do: []string{"findmnt " + action.Quote(path)}}
		}
		t.Count++
		if info.Mode().IsRegular() {
			t.Bytes += info.Size()
		}
		return nil
	})
}

// Harmless refuses what no playbook removes: a root, a directory just below it, and what
// the process itself stands in.
func Harmless(path string) error {
	refuse := func(why string) error {
		return &action.Failure{Applied: action.AppliedNot, Where: path, What: "it is " + why + ", and is not removed", Final: true, Do: []string{"name what is to go from it"}}
	}
	above := filepath.Dir(path)
	if path == above {
		return refuse("the root")
	}
	if above == filepath.Dir(above) {
		return refuse("a directory of the system, just below the root")
	}
	for name, of := range map[string]func() (string, error){"the folder that the run works in": os.Getwd, "the home of the user": os.UserHomeDir} {
		if at, err := of(); err == nil && (at == path || strings.HasPrefix(at, path+string(filepath.Separator))) {
			return refuse(name)
		}
	}
	return nil
}

// Remove removes what was looked at, and nothing that has taken its place since. What
// is named last in a directory goes after all else that is in it; "" names nothing.
func (t Tree) Remove(last string) error {
	root, err := os.OpenRoot(filepath.Dir(t.Path))
	if err != nil {
		return err
	}
	defer root.Close()
	name := filepath.Base(t.Path)
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !os.SameFile(info, t.Info) {
		return &action.Failure{Where: t.Path, What: "another file has taken its place meanwhile", Final: true, Do: []string{Shows(t.Path)}}
	}
	if !t.Info.IsDir() {
		return root.Remove(name)
	}
	if last != "" {
		if err := removeBut(root, name, last); err != nil {
			return err
		}
	}
	return root.RemoveAll(name)
}

// removeBut removes what is in a directory, but for one name.
func removeBut(root *os.Root, name, but string) error {
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return err
	}
	for _, in := range names {
		if in == but {
			continue
		}
		if err := root.RemoveAll(filepath.Join(name, in)); err != nil {
			return err
		}
	}
	return nil
}
