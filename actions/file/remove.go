package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type removeParams struct {
	Paths     []string `yaml:"paths" max:"10000" doc:"What is removed. A path at which nothing is counts as absent; a link is removed, and not what it leads to. No patterns: file.find gives the paths."`
	Max       int      `yaml:"max" default:"100" min:"1" max:"10000" doc:"With more paths than this nothing is removed, and the step fails."`
	Recursive bool     `yaml:"recursive" default:"false" doc:"Whether a directory may be removed with all that is in it."`
}

func (p removeParams) Brief() string {
	if len(p.Paths) == 1 {
		return p.Paths[0]
	}
	return schema.HumanQuantity(len(p.Paths), "path", "paths")
}

type removeOutputs struct {
	Removed      []string `yaml:"removed" doc:"The paths that are gone now."`
	Absent       []string `yaml:"absent" doc:"Those at which nothing was."`
	Count        int      `yaml:"count" doc:"How many files and directories were removed, with those in directories."`
	RemovedBytes int      `yaml:"removed_bytes" doc:"Size of the files among them; what is still open elsewhere is not free yet."`
}

func (o removeOutputs) Summary() string {
	return schema.HumanQuantity(o.Count, "file", "files") + " removed, " + schema.HumanBytes(float64(o.RemovedBytes))
}

// Nothing reports that there was nothing to remove.
func (o removeOutputs) Nothing() bool { return len(o.Removed) == 0 }

// Remove removes files.
var Remove = action.New(action.Spec[removeParams, removeOutputs]{
	Name:    "file.remove",
	Summary: "Removes files, or directories with all that is in them; the preview shows every path. There is no way back.",
	Example: `
action: file.remove
with: {paths: [data/backups/one.tar.gz], max: 50}
approve: true
`,
	Effect:   action.Destructive,
	Run:      remove,
	Preview:  previewRemove,
	Subjects: subjectsOfRemove,
	Settle:   settleRemove,
	Look: func(_ action.Call, p removeParams, _ []action.Subject) string {
		return shows(p.Paths[:min(len(p.Paths), 20)]...)
	},
})

// doomed is what is removed, as it is now.
type doomed struct {
	path  string
	info  fs.FileInfo
	count int // with all that is in it
	bytes int64
}

// subject is one of them: which it is, and how much of it there is.
func (d doomed) subject() action.Subject {
	return action.Subject{Kind: kindOf(d.info.Mode()), Name: d.path, ID: identityOf(d.info), Version: versionOf(d.info) + ", " + strconv.Itoa(d.count) + " in all, " + strconv.FormatInt(d.bytes, 10) + " bytes"}
}

// look says what would be removed, and refuses what must not be.
func (p removeParams) look(ctx context.Context, call action.Call) (there []doomed, gone []string, err error) {
	if len(p.Paths) > p.Max {
		return nil, nil, action.ParamError("paths", "%s, and max is %d: nothing is removed; look at the list, then raise max", schema.HumanQuantity(len(p.Paths), "path", "paths"), p.Max)
	}
	paths := make([]string, 0, len(p.Paths))
	for _, name := range p.Paths {
		if name == "" {
			return nil, nil, action.ParamError("paths", "one of them is empty")
		}
		path, err := place(call, "removing", "paths", name)
		if err != nil {
			return nil, nil, err
		}
		if err := harmless(path); err != nil {
			return nil, nil, err
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if n := len(there); n > 0 && strings.HasPrefix(path, there[n-1].path+string(filepath.Separator)) {
			continue // it goes with the directory that it is in
		}
		d := doomed{path: path}
		d.info, err = os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			gone = append(gone, path)
			continue
		case err != nil:
			return nil, nil, failed(path, "looking at it", err)
		case d.info.IsDir() && !p.Recursive:
			return nil, nil, &action.Failure{Applied: action.AppliedNot, Where: path, What: "it is a directory, and is removed only with recursive: true", Final: true, Do: []string{"ls -la " + action.Quote(path)}}
		}
		if err := d.weigh(ctx); err != nil {
			return nil, nil, err
		}
		there = append(there, d)
	}
	return there, gone, nil
}

// weigh counts what is in a directory. What is mounted in it is not removed.
func (d *doomed) weigh(ctx context.Context) error {
	return filepath.WalkDir(d.path, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return failed(path, "looking at it", err)
		}
		info, err := entry.Info()
		if err != nil {
			return failed(path, "looking at it", err)
		}
		if entry.IsDir() && deviceOf(info) != deviceOf(d.info) {
			return &action.Failure{Applied: action.AppliedNot, Where: path, What: "another file system is mounted here, and nothing of it is removed", Final: true, Do: []string{"findmnt " + action.Quote(path)}}
		}
		d.count++
		if info.Mode().IsRegular() {
			d.bytes += info.Size()
		}
		return nil
	})
}

// harmless refuses what no playbook removes: a root, a directory just below it, and what
// the process itself stands in.
func harmless(path string) error {
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

func remove(ctx context.Context, call action.Call, p removeParams) (removeOutputs, error) {
	if call.DryRun {
		return removeOutputs{}, action.RefusedInDryRun("removing files")
	}
	there, gone, err := p.look(ctx, call)
	if err != nil {
		return removeOutputs{}, action.NotApplied(err)
	}
	o := removeOutputs{Removed: []string{}, Absent: gone}
	for i, d := range there {
		call.Progress(action.Progress{Done: i, Total: len(there), Note: d.path})
		err := ctx.Err()
		if err == nil {
			err = d.remove()
		}
		if err != nil {
			f := *action.AsFailure(failed(d.path, "removing it", err))
			if i == 0 && !d.info.IsDir() {
				return removeOutputs{}, action.NotApplied(&f)
			}
			f.Seen = append(f.Seen, fmt.Sprintf("%d of %d paths are removed", i, len(there)))
			if d.info.IsDir() {
				f.Seen = append(f.Seen, "of "+d.path+" a part may be")
			}
			return removeOutputs{}, action.Partial(&f)
		}
		o.Removed = append(o.Removed, d.path)
		o.Count += d.count
		o.RemovedBytes += int(d.bytes)
	}
	return o, nil
}

// remove removes what was looked at, and nothing that has taken its place since.
func (d doomed) remove() error {
	root, err := os.OpenRoot(filepath.Dir(d.path))
	if err != nil {
		return err
	}
	defer root.Close()
	name := filepath.Base(d.path)
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !os.SameFile(info, d.info) {
		return &action.Failure{Where: d.path, What: "another file has taken its place meanwhile", Final: true, Do: []string{shows(d.path)}}
	}
	if d.info.IsDir() {
		return root.RemoveAll(name)
	}
	return root.Remove(name)
}

func previewRemove(ctx context.Context, call action.Call, p removeParams) (action.Preview, error) {
	there, gone, err := p.look(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{}
	count, size := 0, int64(0)
	for _, d := range there {
		count, size = count+d.count, size+d.bytes
		note := schema.HumanBytes(float64(d.bytes))
		if d.info.IsDir() {
			note += ", " + schema.HumanQuantity(d.count-1, "file", "files") + " in it"
		}
		note += ", " + age(call.Clock.Now().Sub(d.info.ModTime()).Seconds())
		preview.Touches = append(preview.Touches, action.Object{Kind: kindOf(d.info.Mode()), Name: d.path, Note: note})
	}
	preview.Summary = fmt.Sprintf("remove %s, %s", schema.HumanQuantity(count, "file", "files"), schema.HumanBytes(float64(size)))
	if len(gone) > 0 {
		preview.Summary += "; " + schema.HumanQuantity(len(gone), "path", "paths") + " at which nothing is"
	}
	return preview, nil
}

func subjectsOfRemove(ctx context.Context, call action.Call, p removeParams) ([]action.Subject, error) {
	there, _, err := p.look(ctx, call)
	var subjects []action.Subject
	for _, d := range there {
		subjects = append(subjects, d.subject())
	}
	return subjects, err
}

// settleRemove says how much of it is still there.
func settleRemove(ctx context.Context, call action.Call, p removeParams, before []action.Subject) (action.Applied, *removeOutputs, error) {
	there, gone, err := p.look(ctx, call)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	left := 0
	for _, d := range there {
		if slices.Contains(before, d.subject()) {
			left++
		}
	}
	switch {
	case left == len(before):
		return action.AppliedNot, nil, nil
	case len(there) == 0:
		return action.AppliedFully, &removeOutputs{Removed: gone, Count: len(before)}, nil
	case left == len(there):
		return action.AppliedPart, nil, nil
	}
	return action.AppliedLost, nil, nil
}
