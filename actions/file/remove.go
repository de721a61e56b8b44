package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/disk"
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
		return disk.Shows(p.Paths[:min(len(p.Paths), 20)]...)
	},
})

// look says what would be removed, and refuses what must not be.
func (p removeParams) look(ctx context.Context, call action.Call) (there []disk.Tree, gone []string, err error) {
	if len(p.Paths) > p.Max {
		return nil, nil, action.ParamError("paths", "%s, and max is %d: nothing is removed; look at the list, then raise max", schema.HumanQuantity(len(p.Paths), "path", "paths"), p.Max)
	}
	paths := make([]string, 0, len(p.Paths))
	for _, name := range p.Paths {
		if name == "" {
			return nil, nil, action.ParamError("paths", "one of them is empty")
		}
		path, err := disk.Place(call, "removing", "paths", name)
		if err != nil {
			return nil, nil, err
		}
		if err := disk.Harmless(path); err != nil {
			return nil, nil, err
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if n := len(there); n > 0 && strings.HasPrefix(path, there[n-1].Path+string(filepath.Separator)) {
			continue // it goes with the directory that it is in
		}
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			gone = append(gone, path)
			continue
		case err != nil:
			return nil, nil, disk.Failed(path, "looking at it", err)
		case info.IsDir() && !p.Recursive:
			return nil, nil, &action.Failure{Applied: action.AppliedNot, Where: path, What: "it is a directory, and is removed only with recursive: true", Final: true, Do: []string{"ls -la " + action.Quote(path)}}
		}
		d, err := disk.Weigh(ctx, path, info)
		if err != nil {
			return nil, nil, err
		}
		there = append(there, d)
	}
	return there, gone, nil
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
		call.Progress(action.Progress{Done: i, Total: len(there), Note: d.Path})
		err := ctx.Err()
		if err == nil {
			err = d.Remove("")
		}
		if err != nil {
			f := *action.AsFailure(disk.Failed(d.Path, "removing it", err))
			if i == 0 && !d.Info.IsDir() {
				return removeOutputs{}, action.NotApplied(&f)
			}
			f.Seen = append(f.Seen, fmt.Sprintf("%d of %d paths are removed", i, len(there)))
			if d.Info.IsDir() {
				f.Seen = append(f.Seen, "of "+d.Path+" a part may be")
			}
			return removeOutputs{}, action.Partial(&f)
		}
		o.Removed = append(o.Removed, d.Path)
		o.Count += d.Count
		o.RemovedBytes += int(d.Bytes)
	}
	return o, nil
}

func previewRemove(ctx context.Context, call action.Call, p removeParams) (action.Preview, error) {
	there, gone, err := p.look(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{}
	count, size := 0, int64(0)
	for _, d := range there {
		count, size = count+d.Count, size+d.Bytes
		note := schema.HumanBytes(float64(d.Bytes))
		if d.Info.IsDir() {
			note += ", " + schema.HumanQuantity(d.Count-1, "file", "files") + " in it"
		}
		note += ", " + disk.Age(call.Clock.Now().Sub(d.Info.ModTime()).Seconds())
		preview.Touches = append(preview.Touches, action.Object{Kind: disk.Kind(d.Info.Mode()), Name: d.Path, Note: note})
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
		subjects = append(subjects, d.Subject())
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
		if slices.Contains(before, d.Subject()) {
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
