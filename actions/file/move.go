package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"runbook/engine/action"
	read "runbook/engine/file"
	"runbook/engine/schema"
	"runbook/internal/disk"
)

// pair is a file and where it goes to.
type pair struct {
	From      string `yaml:"from" min:"1" doc:"The file."`
	To        string `yaml:"to" min:"1" doc:"The path that it gets. Its directory must be there."`
	Overwrite bool   `yaml:"overwrite" default:"false" doc:"Whether a file that is there is replaced; otherwise the step fails."`
}

func (p pair) Brief() string { return p.From + " to " + p.To }

type moveOutputs struct {
	Path      string `yaml:"path" doc:"Where it is now, absolute."`
	SizeBytes int    `yaml:"size_bytes" doc:"Its size."`
	Replaced  bool   `yaml:"replaced" doc:"Whether a file was there before."`
}

func (o moveOutputs) Summary() string {
	return schema.HumanBytes(float64(o.SizeBytes)) + " at " + o.Path
}

// Copy makes a copy of a file.
var Copy = action.New(action.Spec[pair, moveOutputs]{
	Name:    "file.copy",
	Summary: "Copies a file with its permissions, whole or not at all.",
	Example: `
action: file.copy
with: {from: data/app.conf, to: "data/app.conf.${{ run.id }}"}
`,
	Effect: action.Write,
	Run: func(ctx context.Context, call action.Call, p pair) (moveOutputs, error) {
		return p.run(ctx, call, copyFile)
	},
	Preview: func(_ context.Context, call action.Call, p pair) (action.Preview, error) {
		return p.preview(call, "copy")
	},
	Subjects: func(_ context.Context, call action.Call, p pair) ([]action.Subject, error) { return p.subjects(call) },
	Settle:   settleCopy,
	Look:     func(_ action.Call, p pair, _ []action.Subject) string { return disk.Shows(p.From, p.To) },
})

// Move gives a file another path.
var Move = action.New(action.Spec[pair, moveOutputs]{
	Name:    "file.move",
	Summary: "Gives a file another path; onto another file system it is copied, and removed when the copy is safe.",
	Example: `
action: file.move
with: {from: data/app.conf, to: data/app.conf.off}
undo: {action: file.move, with: {from: data/app.conf.off, to: data/app.conf}}
`,
	Effect: action.Write,
	Run: func(ctx context.Context, call action.Call, p pair) (moveOutputs, error) {
		return p.run(ctx, call, moveFile)
	},
	Preview: func(_ context.Context, call action.Call, p pair) (action.Preview, error) {
		return p.preview(call, "move")
	},
	Subjects: func(_ context.Context, call action.Call, p pair) ([]action.Subject, error) { return p.subjects(call) },
	Settle:   settleMove,
	Look:     func(_ action.Call, p pair, _ []action.Subject) string { return disk.Shows(p.From, p.To) },
})

// way is a pair that was looked at.
type way struct {
	pair
	from, to string      // absolute
	file     fs.FileInfo // what goes
	there    fs.FileInfo // what is replaced; nil: nothing
}

func (p pair) way(call action.Call) (way, error) {
	w := way{pair: p}
	var err error
	if w.from, err = disk.Place(call, "reading", "from", p.From); err != nil {
		return w, err
	}
	if w.to, err = disk.Place(call, "writing", "to", p.To); err != nil {
		return w, err
	}
	if w.file, err = os.Lstat(w.from); err != nil {
		return w, disk.Failed(w.from, "looking at it", err)
	}
	if kind := disk.Kind(w.file.Mode()); kind != "file" {
		return w, &action.Failure{Where: w.from, What: "it is no regular file but of the kind " + kind, Final: true, Do: []string{"name a file; for more, loop over what file.find gives"}}
	}
	w.there, err = os.Lstat(w.to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		w.there = nil
	case err != nil:
		return w, disk.Failed(w.to, "looking at it", err)
	case os.SameFile(w.file, w.there):
		return w, &action.Failure{Where: w.to, What: "from and to are the same file", Final: true, Do: []string{"name another path"}}
	case disk.Kind(w.there.Mode()) == "directory":
		return w, &action.Failure{Where: w.to, What: "it is a directory", Final: true, Do: []string{"name the file in it: " + filepath.Join(w.to, filepath.Base(w.from))}}
	case !p.Overwrite:
		return w, &action.Failure{Where: w.to, What: "there is something already, and it is not written over", Final: true, Do: []string{disk.Shows(w.to), "name another path, or say overwrite: true"}}
	}
	if _, err := os.Stat(filepath.Dir(w.to)); err != nil {
		return w, disk.Failed(filepath.Dir(w.to), "writing a file there", err)
	}
	return w, nil
}

// run looks at both, and does it.
func (p pair) run(ctx context.Context, call action.Call, do func(context.Context, action.Call, way) error) (moveOutputs, error) {
	if call.DryRun {
		return moveOutputs{}, action.RefusedInDryRun("writing " + p.To)
	}
	w, err := p.way(call)
	if err == nil {
		err = do(ctx, call, w)
	}
	if err != nil {
		return moveOutputs{}, unmade(w.to, "writing it", err)
	}
	return moveOutputs{Path: w.to, SizeBytes: int(w.file.Size()), Replaced: w.there != nil}, nil
}

func copyFile(ctx context.Context, call action.Call, w way) (err error) {
	in, err := read.Open(w.from, os.O_RDONLY)
	if err != nil {
		return disk.Failed(w.from, "reading it", err)
	}
	defer in.Close()
	fill := func(out io.Writer) error {
		_, err := copyAll(ctx, call, out, in, w.file.Size())
		return err
	}
	owner := w.there
	if owner == nil {
		owner = w.file
	}
	return replace(ctx, w.to, fill, w.file.Mode(), owner, !w.Overwrite)
}

func moveFile(ctx context.Context, call action.Call, w way) error {
	err := rename(w)
	if !crosses(err) {
		return err
	}
	if err := copyFile(ctx, call, w); err != nil {
		return err
	}
	if err := os.Remove(w.from); err != nil {
		f := *action.AsFailure(disk.Failed(w.from, "removing it", err))
		f.What = "the copy " + w.to + " is there, and the file could not be removed: " + f.What
		return action.Partial(&f)
	}
	return nil
}

// rename gives a file its other path; it replaces nothing that it may not.
func rename(w way) error {
	if !w.Overwrite {
		if err := os.Link(w.from, w.to); err != nil {
			return err
		}
		if err := os.Remove(w.from); err != nil {
			return errors.Join(err, os.Remove(w.to))
		}
	} else if err := os.Rename(w.from, w.to); err != nil {
		return err
	}
	return durable(w.to)
}

func (p pair) preview(call action.Call, verb string) (action.Preview, error) {
	w, err := p.way(call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{
		Summary: fmt.Sprintf("%s %s (%s) to %s", verb, w.from, schema.HumanBytes(float64(w.file.Size())), w.to),
		Touches: []action.Object{{Kind: "file", Name: w.to}},
	}
	if verb == "move" {
		preview.Touches = append(preview.Touches, action.Object{Kind: "file", Name: w.from, Note: "is there no more"})
	}
	if w.there != nil {
		preview.Touches[0].Note = "replaces " + schema.HumanBytes(float64(w.there.Size())) + " of " + schema.HumanDuration(call.Clock.Now().Sub(w.there.ModTime()).Round(1e9)) + " ago"
	}
	return preview, nil
}

func (p pair) subjects(call action.Call) ([]action.Subject, error) {
	w, err := p.way(call)
	if err != nil {
		return nil, err
	}
	from, err := disk.SubjectOf(w.from)
	if err != nil {
		return nil, err
	}
	to, err := disk.SubjectOf(w.to)
	return []action.Subject{from, to}, err
}

// now are the subjects as they are now.
func now(before []action.Subject) ([]action.Subject, error) {
	var out []action.Subject
	for _, s := range before {
		found, err := disk.SubjectOf(s.Name)
		if err != nil {
			return nil, err
		}
		out = append(out, found)
	}
	return out, nil
}

// settleMove says where the file is.
func settleMove(_ context.Context, _ action.Call, _ pair, before []action.Subject) (action.Applied, *moveOutputs, error) {
	is, err := now(before)
	switch {
	case err != nil || len(is) != 2:
		return action.AppliedLost, nil, err
	case is[0] == before[0] && is[1] == before[1]:
		return action.AppliedNot, nil, nil
	case is[0].ID == disk.Absent && is[1].ID == before[0].ID:
		return movedTo(before[1])
	}
	return action.AppliedLost, nil, nil
}

// settleCopy says whether the copy is there.
func settleCopy(ctx context.Context, call action.Call, _ pair, before []action.Subject) (action.Applied, *moveOutputs, error) {
	is, err := now(before)
	switch {
	case err != nil || len(is) != 2:
		return action.AppliedLost, nil, err
	case is[1] == before[1]:
		return action.AppliedNot, nil, nil
	case is[0] != before[0] || is[1].ID == disk.Absent:
		return action.AppliedLost, nil, nil
	}
	var sums [2]checksumOutputs
	for i, s := range before {
		if sums[i], err = checksum(ctx, call, checksumParams{Path: s.Name, Algorithm: "sha256"}); err != nil {
			return action.AppliedLost, nil, err
		}
	}
	if sums[0] != sums[1] {
		return action.AppliedLost, nil, nil
	}
	return movedTo(before[1])
}

func movedTo(to action.Subject) (action.Applied, *moveOutputs, error) {
	info, err := os.Lstat(to.Name)
	if err != nil {
		return action.AppliedLost, nil, disk.Failed(to.Name, "looking at it", err)
	}
	return action.AppliedFully, &moveOutputs{Path: to.Name, SizeBytes: int(info.Size()), Replaced: to.ID != disk.Absent}, nil
}
