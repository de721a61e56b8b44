package docker

import (
	"context"
	"strings"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type commitParams struct {
	one
	Image   string `yaml:"image" pattern:"^[a-z0-9][^ ]*$" doc:"Name of the new image, as evidence/app:20261124."`
	Comment string `yaml:"comment,omitempty" doc:"Is kept in the image."`
	Pause   bool   `yaml:"pause" default:"true" doc:"The container is frozen meanwhile, so that its files agree with each other."`
}

// Brief returns container and image.
func (p commitParams) Brief() string { return p.Container + " as " + p.Image }

type commitOutputs struct {
	Image     string `yaml:"image" doc:"Its name."`
	ID        string `yaml:"id" doc:"The whole id of the new image."`
	SizeBytes *int64 `yaml:"size_bytes" doc:"With the layers of the image that the container was made of; nil where it could not be read."`
}

func (o commitOutputs) Summary() string {
	text := "image " + o.Image + " " + shortImage(o.ID)
	if o.SizeBytes != nil {
		text += ", " + schema.HumanBytes(float64(*o.SizeBytes))
	}
	return text
}

// Commit keeps the files of a container as an image.
var Commit = action.New(action.Spec[commitParams, commitOutputs]{
	Name:    "docker.commit",
	Summary: "Keeps the files of one container as a new image, as evidence before it is removed; what lies in volumes is not in it.",
	Example: "action: docker.commit\nwith: {container: app, image: \"evidence/app:1\"}",
	Target:  Target,
	Effect:  action.Write,
	Run: func(ctx context.Context, call action.Call, p commitParams) (commitOutputs, error) {
		e, c, _, err := p.open(ctx, call)
		if err != nil {
			return commitOutputs{}, action.NotApplied(err)
		}
		try, a := e.Try(ctx)
		r, err := e.API.ContainerCommit(try, c.id, client.ContainerCommitOptions{Reference: p.Image, Comment: p.Comment, NoPause: !p.Pause})
		if err != nil {
			return commitOutputs{}, e.Failed(a, err, c)
		}
		return e.committed(ctx, p.Image, r.ID), nil
	},
	Preview: previewCommit,
	Subjects: func(ctx context.Context, call action.Call, p commitParams) ([]action.Subject, error) {
		_, c, before, err := p.open(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{c.Subject(), {Kind: "image", Name: p.Image, ID: before}}, nil
	},
	Settle: func(ctx context.Context, call action.Call, p commitParams, subjects []action.Subject) (action.Applied, *commitOutputs, error) {
		e, c, now, err := p.open(ctx, call)
		if err != nil || len(subjects) != 2 || now == "" || now == subjects[1].ID || c.id != subjects[0].ID {
			return action.AppliedLost, nil, err
		}
		o := e.committed(ctx, p.Image, now)
		return action.AppliedFully, &o, nil
	},
	Look: func(call action.Call, p commitParams, _ []action.Subject) string {
		return Looking(call, "image ls "+action.Quote(p.Image))
	},
})

// open finds the container, and what the name means now; "" for nothing.
func (p commitParams) open(ctx context.Context, call action.Call) (*Engine, *Container, string, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return nil, nil, "", err
	}
	before, err := e.ImageID(ctx, p.Image)
	return e, c, before, err
}

// ImageID is the id of an image; "" where there is none.
func (e *Engine) ImageID(ctx context.Context, reference string) (string, error) {
	ctx, a := e.Try(ctx)
	r, err := e.API.ImageInspect(ctx, reference)
	if err != nil && a.Status() == 404 {
		return "", nil
	}
	return r.ID, e.Failed(a, err, nil)
}

func (e *Engine) committed(ctx context.Context, name, id string) commitOutputs {
	o := commitOutputs{Image: name, ID: id}
	ctx, _ = e.Try(ctx)
	if r, err := e.API.ImageInspect(ctx, id); err == nil {
		o.SizeBytes = &r.Size
	}
	return o
}

func previewCommit(ctx context.Context, call action.Call, p commitParams) (action.Preview, error) {
	e, c, before, err := p.open(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	change := action.Change{Name: "image " + p.Image, Before: "none", After: "the files of " + c.name}
	if before != "" {
		change.Before = shortImage(before)
	}
	preview := action.Preview{Summary: "keep the files of container " + c.name + " (" + ShortID(c.id) + ") as image " + p.Image, Touches: []action.Object{c.Object()}, Changes: []action.Change{change}}
	if written := e.sized(ctx, c); written != nil {
		preview.Summary += ", " + schema.HumanBytes(float64(*written)) + " beside its image"
	}
	if c.active() && p.Pause {
		preview.Summary += "; it is frozen meanwhile"
		preview.Interrupts = []string{c.name}
	}
	preview.Summary = strings.TrimSpace(preview.Summary)
	return preview, nil
}
