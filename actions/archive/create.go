package archive

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/file"
	"runbook/engine/schema"
	"runbook/internal/disk"
	"runbook/internal/dump"
)

type createParams struct {
	From  string   `yaml:"from" min:"1" doc:"The directory that the paths are below."`
	Paths []string `yaml:"paths,omitempty" max:"10000" doc:"What goes into the archive, with slashes and relative to from; of a directory all that is in it. Without them all of from. No patterns: file.find gives paths."`
	To    string   `yaml:"to" min:"1" doc:"The directory that is made, with files.tar.gz and a manifest. It must not be there yet, nor lie in what is archived."`
}

func (p createParams) Brief() string { return p.From + " to " + p.To }

type createOutputs struct {
	Path         string   `yaml:"path" doc:"The directory of the archive, absolute."`
	Files        int      `yaml:"files" doc:"How many files are in it."`
	Directories  int      `yaml:"directories" doc:"How many directories."`
	Links        int      `yaml:"links" doc:"How many symbolic links; they go in as links, and what they lead to does not."`
	ContentBytes int      `yaml:"content_bytes" doc:"Size of the files."`
	SizeBytes    int      `yaml:"size_bytes" doc:"Size of the archive on disk, without its manifest."`
	Skipped      []string `yaml:"skipped" doc:"Sockets, pipes and devices, which no archive holds, at most 100; empty after an interruption."`
}

func (o createOutputs) Summary() string {
	return fmt.Sprintf("%s, %s in %s", schema.HumanQuantity(o.Files, "file", "files"), schema.HumanBytes(float64(o.SizeBytes)), o.Path)
}

// Create makes an archive of files.
var Create = action.New(action.Spec[createParams, createOutputs]{
	Name:    "archive.create",
	Summary: "Writes files of this machine to a new archive: a tar.gz and a manifest with its checksum, whole or not there. Links are not followed; of a file that grows meanwhile goes in what it had at first.",
	Example: `
action: archive.create
with: {from: data, paths: [app.conf], to: "data/backups/files-${{ run.id }}"}
`,
	Effect:  action.Write,
	Run:     create,
	Preview: previewCreate,
	Subjects: func(_ context.Context, call action.Call, p createParams) ([]action.Subject, error) {
		c, err := p.contents(call)
		if err != nil {
			return nil, err
		}
		s, err := disk.SubjectOf(c.to)
		return []action.Subject{s}, err
	},
	Settle: settleCreate,
	Look:   func(_ action.Call, p createParams, _ []action.Subject) string { return "ls -l " + action.Quote(p.To) },
})

// contents is what goes into an archive, and where that goes to.
type contents struct {
	from, to string   // absolute
	paths    []string // below from, none in another
	createOutputs
}

// contents looks at the paths, and refuses what cannot be archived.
func (p createParams) contents(call action.Call) (*contents, error) {
	c := &contents{}
	var err error
	if c.from, err = disk.Behind(call, "reading", "from", p.From); err != nil {
		return nil, err
	}
	if info, err := os.Stat(c.from); err != nil {
		return nil, disk.Failed(c.from, "archiving it", err)
	} else if !info.IsDir() {
		return nil, &action.Failure{Where: c.from, What: "it is no directory", Final: true, Do: []string{"name the directory that it lies in, and the file under paths"}}
	}
	if c.to, err = disk.Place(call, "writing to", "to", p.To); err != nil {
		return nil, err
	}
	if err := dump.Free(c.to); err != nil {
		return nil, unwritten(c.to, err)
	}
	if len(p.Paths) == 0 {
		p.Paths = []string{"."}
	}
	for _, name := range p.Paths {
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsRune(name, 0) {
			return nil, action.ParamError("paths", "%q does not lie below from", name)
		}
		c.paths = append(c.paths, path.Clean(name))
	}
	slices.Sort(c.paths)
	c.paths = slices.Compact(c.paths)
	all := slices.Clone(c.paths)
	c.paths = slices.DeleteFunc(c.paths, func(name string) bool {
		return slices.ContainsFunc(all, func(in string) bool { return in != name && within(in, name) })
	})
	above := filepath.Dir(c.to)
	if real, err := filepath.EvalSymlinks(above); err == nil {
		above = real
	}
	if below, err := filepath.Rel(c.from, filepath.Join(above, filepath.Base(c.to))); err == nil && filepath.IsLocal(below) {
		for _, name := range c.paths {
			if within(name, filepath.ToSlash(below)) {
				return nil, action.ParamError("to", "it lies in %s, which is archived: an archive cannot hold itself", filepath.Join(c.from, filepath.FromSlash(name)))
			}
		}
	}
	return c, nil
}

// within reports whether a path is a directory or lies below it.
func within(dir, name string) bool {
	return dir == "." || name == dir || strings.HasPrefix(name, dir+"/")
}

// mostSkipped bounds what is told by name.
const mostSkipped = 100

// walk visits what goes into the archive, in order, and counts it.
func (c *contents) walk(ctx context.Context, root *os.Root, visit func(name string, info fs.FileInfo) error) error {
	for _, from := range c.paths {
		if err := fs.WalkDir(root.FS(), from, func(name string, entry fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return late(c.from, ctx.Err())
			}
			var info fs.FileInfo
			if err == nil {
				info, err = entry.Info()
			}
			if err != nil {
				return disk.Failed(filepath.Join(c.from, filepath.FromSlash(name)), "archiving it", err)
			}
			if name == "." {
				return nil
			}
			switch m := info.Mode(); {
			case m.IsRegular():
				c.Files++
				c.ContentBytes += int(info.Size())
			case m.IsDir():
				c.Directories++
			case m&fs.ModeSymlink != 0:
				c.Links++
			default:
				if len(c.Skipped) < mostSkipped {
					c.Skipped = append(c.Skipped, filepath.Join(c.from, filepath.FromSlash(name)))
				}
				return nil
			}
			return visit(name, info)
		}); err != nil {
			return err
		}
	}
	return nil
}

func create(ctx context.Context, call action.Call, p createParams) (createOutputs, error) {
	if call.DryRun {
		return createOutputs{}, action.RefusedInDryRun("writing " + p.To)
	}
	c, err := p.contents(call)
	if err != nil {
		return createOutputs{}, action.NotApplied(err)
	}
	w, err := dump.Create(c.to, dump.Manifest{Kind: dump.Files, Created: call.Clock.Now().UTC(), Run: call.Run, Step: call.Step})
	if err != nil {
		return createOutputs{}, action.NotApplied(unwritten(c.to, err))
	}
	m, err := c.write(ctx, call, w)
	if err != nil {
		f := *action.AsFailure(unwritten(c.to, err))
		if discarded := w.Discard(); discarded != nil {
			f.Seen = append(f.Seen, discarded.Error())
			return createOutputs{}, action.Partial(&f)
		}
		if dump.Free(c.to) != nil && !errors.Is(err, dump.ErrExists) { // it has its name, and may lose it
			return createOutputs{}, action.Partial(&f)
		}
		return createOutputs{}, action.NotApplied(&f)
	}
	c.Path, c.SizeBytes = c.to, int(m.Bytes())
	return c.createOutputs, nil
}

// unwritten is a failure of the disk that an archive goes to.
func unwritten(to string, err error) error {
	if errors.Is(err, dump.ErrExists) {
		return &action.Failure{
			Applied: action.AppliedNot, Where: to, What: "there is something already, and it is not written over", Err: err, Final: true,
			Do: []string{"name a path that is not there yet, as one with ${{ run.id }}"},
		}
	}
	return disk.Failed(to, "writing the archive", err)
}

func (c *contents) write(ctx context.Context, call action.Call, w *dump.Writer) (dump.Manifest, error) {
	root, err := os.OpenRoot(c.from)
	if err != nil {
		return dump.Manifest{}, disk.Failed(c.from, "archiving it", err)
	}
	defer root.Close()
	if err := w.Tar(func(out io.Writer) (int, error) {
		to, n := tar.NewWriter(out), 0
		err := c.walk(ctx, root, func(name string, info fs.FileInfo) error {
			if n++; n%1000 == 0 {
				call.Progress(action.Progress{Done: n, Note: name})
			}
			return c.add(ctx, root, to, name, info)
		})
		if err != nil {
			return n, err
		}
		return n, to.Close()
	}); err != nil {
		return dump.Manifest{}, err
	}
	return w.Finish()
}

// add writes an entry. What fails on the side of the file is told of the file.
func (c *contents) add(ctx context.Context, root *os.Root, to *tar.Writer, name string, info fs.FileInfo) error {
	failed := func(err error) error {
		return disk.Failed(filepath.Join(c.from, filepath.FromSlash(name)), "archiving it", err)
	}
	link := ""
	var data *os.File
	var err error
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if link, err = root.Readlink(filepath.FromSlash(name)); err != nil {
			return failed(err)
		}
	case info.Mode().IsRegular():
		if data, err = file.OpenIn(root, filepath.FromSlash(name)); err != nil {
			return failed(err)
		}
		defer data.Close()
	}
	head, err := tar.FileInfoHeader(info, filepath.ToSlash(link))
	if err != nil {
		return failed(err)
	}
	if head.Name = name; info.IsDir() {
		head.Name += "/"
	}
	head.Format = tar.FormatPAX
	if err := to.WriteHeader(head); err != nil || data == nil {
		return err
	}
	from := &source{Reader: io.LimitReader(data, info.Size()), ctx: ctx}
	n, err := io.Copy(to, from)
	switch {
	case ctx.Err() != nil:
		return late(c.from, ctx.Err())
	case from.err != nil:
		return failed(from.err)
	case err == nil && n < info.Size():
		return &action.Failure{Where: filepath.Join(c.from, filepath.FromSlash(name)), What: "it became shorter while it was read", Do: []string{"archive it when nobody writes it"}}
	}
	return err
}

// source tells what fails in reading from what fails in writing.
type source struct {
	io.Reader
	ctx context.Context
	err error
}

// Read ends with its context.
func (s *source) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

func previewCreate(ctx context.Context, call action.Call, p createParams) (action.Preview, error) {
	c, err := p.contents(call)
	if err != nil {
		return action.Preview{}, err
	}
	root, err := os.OpenRoot(c.from)
	if err != nil {
		return action.Preview{}, disk.Failed(c.from, "archiving it", err)
	}
	defer root.Close()
	preview := action.Preview{Touches: []action.Object{{Kind: "directory", Name: c.to}}}
	all := c.paths
	for _, name := range all {
		files, bytes := c.Files, c.ContentBytes
		c.paths = []string{name}
		if err := c.walk(ctx, root, func(string, fs.FileInfo) error { return nil }); err != nil {
			return action.Preview{}, err
		}
		preview.Changes = append(preview.Changes, action.Change{
			Name: filepath.Join(c.from, filepath.FromSlash(name)), After: schema.HumanQuantity(c.Files-files, "file", "files") + ", " + schema.HumanBytes(float64(c.ContentBytes-bytes)),
		})
	}
	preview.Summary = fmt.Sprintf("write %s and %s, %s, of %s to %s; nothing else changes", schema.HumanQuantity(c.Files, "file", "files"),
		schema.HumanQuantity(c.Directories, "directory", "directories"), schema.HumanBytes(float64(c.ContentBytes)), c.from, c.to)
	if n := len(c.Skipped); n > 0 {
		preview.Summary += fmt.Sprintf("; %s left out: %s", schema.HumanQuantity(n, "socket, pipe or device is", "sockets, pipes and devices are"), strings.Join(c.Skipped[:min(n, 5)], ", "))
	}
	return preview, nil
}

// settleCreate looks whether this run's archive is in its place, where it is whole or
// not at all.
func settleCreate(ctx context.Context, call action.Call, p createParams, _ []action.Subject) (action.Applied, *createOutputs, error) {
	to, err := disk.Place(call, "reading", "to", p.To)
	if err != nil {
		return action.AppliedLost, nil, err
	}
	if dump.Free(to) == nil {
		return action.AppliedNot, nil, nil
	}
	m, err := dump.Open(to)
	if err != nil || m.Kind != dump.Files || m.Run != call.Run || m.Step != call.Step {
		return action.AppliedLost, nil, err
	}
	o := createOutputs{Path: to, SizeBytes: int(m.Bytes())}
	if err := o.count(ctx); err != nil {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &o, nil
}

// count reads from the tar what an interrupted attempt did not get to tell.
func (o *createOutputs) count(ctx context.Context) error {
	name := filepath.Join(o.Path, dump.FilesName)
	data, err := file.Open(name, os.O_RDONLY)
	if err != nil {
		return disk.Failed(name, "reading it", err)
	}
	defer data.Close()
	zipped, err := gzip.NewReader(&source{Reader: data, ctx: ctx})
	if err != nil {
		return disk.Failed(name, "reading it", err)
	}
	for in := tar.NewReader(zipped); ; {
		head, err := in.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return disk.Failed(name, "reading it", err)
		case head.Typeflag == tar.TypeDir:
			o.Directories++
		case head.Typeflag == tar.TypeSymlink:
			o.Links++
		default:
			o.Files++
			o.ContentBytes += int(head.Size)
		}
	}
}
