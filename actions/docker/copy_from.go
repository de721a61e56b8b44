package docker

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/file"
	"runbook/engine/schema"
)

type copyFromParams struct {
	one
	From string       `yaml:"from" pattern:"^/" doc:"A file or a folder of the container; of a folder all files in it, and no links."`
	To   string       `yaml:"to" min:"1" doc:"A new folder of this machine, into which it comes under its own name."`
	Max  *schema.Size `yaml:"max" default:"1GiB" doc:"Stops at more than this, and leaves nothing."`
}

// Brief returns what goes where.
func (p copyFromParams) Brief() string { return p.Container + ":" + p.From + " to " + p.To }

// CopyFrom copies files of a container to this machine.
var CopyFrom = action.New(action.Spec[copyFromParams, copiedOutputs]{
	Name:    "docker.copy_from",
	Summary: "Copies a file or a folder of one container, running or not, into a new folder of this machine.",
	Example: "action: docker.copy_from\nwith: {container: app, from: /etc, to: \"data/evidence-${{ run.id }}\"}",
	Target:  Target,
	Effect:  action.Write,
	Run:     copyFrom,
	Preview: func(ctx context.Context, call action.Call, p copyFromParams) (action.Preview, error) {
		to, err := NewArtifact(call, p.To)
		if err != nil {
			return action.Preview{}, err
		}
		_, c, _, err := p.open(ctx, call)
		if err != nil {
			return action.Preview{}, err
		}
		return action.Preview{
			Summary: "copy " + p.From + " of container " + c.name + " to " + to.Path() + "; nothing changes at the engine",
			Touches: []action.Object{{Kind: "directory", Name: to.Path()}},
		}, nil
	},
	Look: func(_ action.Call, p copyFromParams, _ []action.Subject) string {
		return "ls -lR " + action.Quote(p.To)
	},
})

func (p copyFromParams) open(ctx context.Context, call action.Call) (*Engine, *Container, client.ContainerStatPathResult, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return nil, nil, client.ContainerStatPathResult{}, err
	}
	stat, ok, err := e.statPath(ctx, c, p.From)
	if err == nil && !ok {
		err = &action.Failure{
			Applied: action.AppliedNot, Where: e.whereOf(c), What: "there is no " + p.From + " in it", Tried: "to look for it, once", Do: []string{e.Command("exec " + c.name + " ls -ld " + action.Quote(p.From))},
		}
	}
	return e, c, stat, err
}

func copyFrom(ctx context.Context, call action.Call, p copyFromParams) (copiedOutputs, error) {
	to, err := NewArtifact(call, p.To)
	if err != nil {
		return copiedOutputs{}, action.NotApplied(err)
	}
	e, c, _, err := p.open(ctx, call)
	if err != nil {
		return copiedOutputs{}, action.NotApplied(err)
	}
	if err := os.MkdirAll(filepath.Dir(to.Path()), 0o755); err != nil {
		return copiedOutputs{}, to.failure(file.Reason(err).Error(), err, "ls -ld "+action.Quote(filepath.Dir(to.Path())))
	}
	part, err := os.MkdirTemp(filepath.Dir(to.Path()), "."+filepath.Base(to.Path())+"-*")
	if err != nil {
		return copiedOutputs{}, to.failure(file.Reason(err).Error(), err, "ls -ld "+action.Quote(filepath.Dir(to.Path())))
	}
	defer func() { _ = os.RemoveAll(part) }() // it is gone where all went well
	try, a := e.Try(ctx)
	r, err := e.API.CopyFromContainer(try, c.id, client.CopyFromContainerOptions{SourcePath: p.From})
	if err != nil {
		return copiedOutputs{}, action.NotApplied(e.Failed(a, err, c))
	}
	defer r.Content.Close()
	o, err := unpack(r.Content, part, p.Max)
	var local *os.PathError
	switch {
	case errors.As(err, &local), errors.Is(err, errTooMuch), errors.Is(err, errEscapes):
		return copiedOutputs{}, to.failure(strings.TrimPrefix(file.Reason(err).Error(), "tar: "), err, "df -h "+action.Quote(filepath.Dir(to.Path())))
	case err != nil:
		return copiedOutputs{}, action.NotApplied(e.Failed(a, err, c))
	}
	if err := os.Rename(part, to.Path()); err != nil {
		return copiedOutputs{}, to.failure(file.Reason(err).Error(), err, "ls -ld "+action.Quote(filepath.Dir(to.Path())))
	}
	o.Path = to.Path()
	return o, nil
}

var (
	errTooMuch = errors.New("it is more than max")
	errEscapes = errors.New("a name in the copy leads out of its folder")
)

// unpack writes the files of a tar into a folder: no links, no devices, nothing outside,
// and not more than max.
func unpack(from io.Reader, dir string, most *schema.Size) (o copiedOutputs, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	r := tar.NewReader(from)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return o, nil
		}
		if err != nil {
			return o, err
		}
		name := filepath.FromSlash(strings.TrimSuffix(h.Name, "/"))
		if !filepath.IsLocal(name) {
			return o, fmt.Errorf("%q: %w", h.Name, errEscapes)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			o.FileCount, o.SizeBytes = o.FileCount+1, o.SizeBytes+h.Size
			if most != nil && o.SizeBytes > int64(*most) {
				return o, fmt.Errorf("%w, which is %s", errTooMuch, schema.HumanBytes(float64(*most)))
			}
			err = unpackFile(root, name, h, r)
		}
		if err != nil {
			return o, err
		}
	}
}

func unpackFile(root *os.Root, name string, h *tar.Header, from io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, h.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Sync(), f.Close())
}
