package docker

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/file"
	"runbook/engine/schema"
)

type copyToParams struct {
	one
	From string       `yaml:"from" min:"1" doc:"A file or a folder of this machine; of a folder all files in it, and no links."`
	To   string       `yaml:"to" pattern:"^/" doc:"A folder of the container that is there; the file or folder comes into it under its own name."`
	Max  *schema.Size `yaml:"max" default:"1GiB" doc:"Refuses more than this."`
}

// Brief returns what goes where.
func (p copyToParams) Brief() string { return p.From + " to " + p.Container + ":" + p.To }

type copiedOutputs struct {
	Path      string `yaml:"path" doc:"Where it is now."`
	FileCount int    `yaml:"file_count" doc:"How many files."`
	SizeBytes int64  `yaml:"size_bytes" doc:"Of all of them."`
}

func (o copiedOutputs) Summary() string {
	return fmt.Sprintf("%s, %s to %s", schema.HumanQuantity(o.FileCount, "file", "files"), schema.HumanBytes(float64(o.SizeBytes)), o.Path)
}

// CopyTo copies files of this machine into a container.
var CopyTo = action.New(action.Spec[copyToParams, copiedOutputs]{
	Name:     "docker.copy_to",
	Summary:  "Copies a file or a folder of this machine into one container, over what has its name there; making it anew loses it again.",
	Example:  "action: docker.copy_to\nwith: {container: app, from: /etc/hosts, to: /tmp}",
	Target:   Target,
	Effect:   action.Write,
	Run:      copyTo,
	Preview:  previewCopyTo,
	Subjects: subjectsOf[copyToParams],
	Look: func(call action.Call, p copyToParams, subjects []action.Subject) string {
		return Looking(call, "diff "+containerOf(p, subjects))
	},
})

// source is what is copied from this machine.
type localSource struct {
	path  string
	files []string // relative to the folder that path is in
	size  int64
}

func localFailure(path, what string, err error) error {
	return &action.Failure{Applied: action.AppliedNot, Final: true, What: what, Where: path, Tried: "to read it", Err: err, Do: []string{"ls -ld " + action.Quote(path)}}
}

func (p copyToParams) source(call action.Call) (*localSource, error) {
	if err := call.Confine.File("reading", p.From); err != nil {
		return nil, err
	}
	whole, err := filepath.Abs(p.From)
	if err != nil {
		return nil, action.ParamError("from", "%v", err)
	}
	s := &localSource{path: whole}
	err = filepath.WalkDir(whole, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() && !d.IsDir() {
			return err
		}
		name, err := filepath.Rel(filepath.Dir(whole), at)
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			s.files, s.size = append(s.files, name), s.size+info.Size()
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, localFailure(whole, file.Reason(err).Error(), err)
	case len(s.files) == 0:
		return nil, localFailure(whole, "there is no file in it", nil)
	case p.Max != nil && s.size > int64(*p.Max):
		return nil, localFailure(whole, fmt.Sprintf("it has %s, more than max, which is %s", schema.HumanBytes(float64(s.size)), schema.HumanBytes(float64(*p.Max))), nil)
	}
	return s, nil
}

// tar writes the files as a tar.
func (s *localSource) tar(to io.Writer) error {
	w := tar.NewWriter(to)
	for _, name := range s.files {
		if err := s.add(w, name); err != nil {
			return err
		}
	}
	return w.Close()
}

func (s *localSource) add(w *tar.Writer, name string) error {
	from, err := file.Open(filepath.Join(filepath.Dir(s.path), name), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: filepath.ToSlash(name), Mode: int64(info.Mode().Perm()), Size: info.Size(), ModTime: info.ModTime(), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.CopyN(w, from, info.Size())
	return err
}

// target reads what is at the place in the container: the folder must be there.
func (e *Engine) statPath(ctx context.Context, c *Container, at string) (client.ContainerStatPathResult, bool, error) {
	ctx, a := e.Try(ctx)
	r, err := e.API.ContainerStatPath(ctx, c.id, client.ContainerStatPathOptions{Path: at})
	if err != nil && a.Status() == 404 {
		return r, false, nil
	}
	return r, err == nil, e.Failed(a, err, c)
}

func (p copyToParams) open(ctx context.Context, call action.Call) (*Engine, *Container, *localSource, error) {
	s, err := p.source(call)
	if err != nil {
		return nil, nil, nil, err
	}
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return nil, nil, nil, err
	}
	r, ok, err := e.statPath(ctx, c, p.To)
	if err == nil && (!ok || !r.Stat.Mode.IsDir()) {
		err = &action.Failure{
			Applied: action.AppliedNot, Where: e.whereOf(c), What: "there is no folder " + p.To + " in it", Tried: "to look for it, once", Do: []string{e.Command("exec " + c.name + " ls -ld " + action.Quote(p.To))},
		}
	}
	return e, c, s, err
}

func copyTo(ctx context.Context, call action.Call, p copyToParams) (copiedOutputs, error) {
	e, c, s, err := p.open(ctx, call)
	if err != nil {
		return copiedOutputs{}, action.NotApplied(err)
	}
	r, w := io.Pipe()
	filled := make(chan error, 1)
	go func() {
		err := s.tar(w)
		_ = w.CloseWithError(err)
		filled <- err
	}()
	try, a := e.Try(ctx)
	_, err = e.API.CopyToContainer(try, c.id, client.CopyToContainerOptions{DestinationPath: p.To, Content: r})
	_ = r.Close()
	if local := <-filled; local != nil && err != nil && a.Status() == 0 && ctx.Err() == nil {
		return copiedOutputs{}, action.Lost(localFailure(s.path, "it could not be read to its end: "+file.Reason(local).Error(), local))
	}
	if err != nil {
		return copiedOutputs{}, e.Failed(a, err, c)
	}
	return copiedOutputs{Path: path.Join(p.To, filepath.Base(s.path)), FileCount: len(s.files), SizeBytes: s.size}, nil
}

func previewCopyTo(ctx context.Context, call action.Call, p copyToParams) (action.Preview, error) {
	e, c, s, err := p.open(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{
		Summary: fmt.Sprintf("copy %s, %s, into %s of container %s (%s)", schema.HumanQuantity(len(s.files), "file", "files"), schema.HumanBytes(float64(s.size)), p.To, c.name, ShortID(c.id)),
		Touches: []action.Object{c.Object()},
	}
	for _, name := range s.files[:min(len(s.files), 100)] {
		at := path.Join(p.To, filepath.ToSlash(name))
		r, ok, err := e.statPath(ctx, c, at)
		if err != nil {
			return action.Preview{}, err
		}
		before := "none"
		if ok {
			before = schema.HumanBytes(float64(r.Stat.Size))
		}
		preview.Changes = append(preview.Changes, action.Change{Name: at, Before: before, After: "from " + strings.TrimPrefix(name, "./")})
	}
	return preview, nil
}
