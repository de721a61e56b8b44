package image

import (
	"context"
	"io"
	"strings"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type saveParams struct {
	Images []string `yaml:"images" min:"1" max:"50" doc:"Names of images, or ids; one that is saved by its id has no name in the file."`
	To     string   `yaml:"to" min:"1" doc:"A new file of this machine, a tar as docker load reads it."`
}

// Brief returns what goes where.
func (p saveParams) Brief() string { return strings.Join(p.Images, ", ") + " to " + p.To }

type saveOutputs struct {
	Path      string   `yaml:"path" doc:"The whole path of the file."`
	SizeBytes int64    `yaml:"size_bytes" doc:"Of the file."`
	SHA256    string   `yaml:"sha256" doc:"Of the file."`
	IDs       []string `yaml:"ids" doc:"The whole ids of the images."`
}

func (o saveOutputs) Summary() string {
	return schema.HumanBytes(float64(o.SizeBytes)) + " to " + o.Path
}

// Save keeps images in a file.
var Save = action.New(action.Spec[saveParams, saveOutputs]{
	Name:    "docker.save_image",
	Summary: "Writes images to a new file of this machine, which docker load reads.",
	Example: "action: docker.save_image\nwith: {images: [\"mltb/app:1.4.2\"], to: \"data/images/app-${{ run.id }}.tar\"}",
	Target:  docker.Target,
	Effect:  action.Write,
	Run:     save,
	Preview: func(ctx context.Context, call action.Call, p saveParams) (action.Preview, error) {
		to, _, ids, size, err := p.open(ctx, call)
		if err != nil {
			return action.Preview{}, err
		}
		preview := action.Preview{Summary: "write " + strings.Join(p.Images, ", ") + ", about " + schema.HumanBytes(float64(size)) + ", to " + to.Path() + "; nothing changes at the engine", Touches: []action.Object{to.Object()}}
		for i, id := range ids {
			preview.Touches = append(preview.Touches, action.Object{Kind: "image", Name: p.Images[i], ID: short(id), Note: "is read"})
		}
		return preview, nil
	},
	Look: func(_ action.Call, p saveParams, _ []action.Subject) string { return "ls -l " + action.Quote(p.To) },
})

func (p saveParams) open(ctx context.Context, call action.Call) (to *docker.Artifact, e *docker.Engine, ids []string, size int64, err error) {
	if to, err = docker.NewArtifact(call, p.To); err != nil {
		return nil, nil, nil, 0, err
	}
	if e, err = docker.Open(call); err != nil {
		return nil, nil, nil, 0, err
	}
	for _, name := range p.Images {
		i, err := find(ctx, e, name)
		if err != nil {
			return nil, nil, nil, 0, err
		}
		ids, size = append(ids, i.ID), size+i.Size
	}
	return to, e, ids, size, nil
}

func save(ctx context.Context, call action.Call, p saveParams) (saveOutputs, error) {
	to, e, ids, _, err := p.open(ctx, call)
	if err != nil {
		return saveOutputs{}, action.NotApplied(err)
	}
	o := saveOutputs{Path: to.Path(), IDs: ids}
	o.SizeBytes, o.SHA256, err = to.Write(func(w io.Writer) error {
		try, a := e.Try(ctx)
		r, err := e.API.ImageSave(try, p.Images)
		if err != nil {
			return e.Failed(a, err, nil)
		}
		defer r.Close()
		_, err = io.Copy(w, r)
		return e.Failed(a, err, nil)
	})
	return o, err
}
