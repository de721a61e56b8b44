package image

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
)

type tagParams struct {
	one
	Name string `yaml:"name" pattern:"^[a-z0-9][^ ]*$" doc:"The other name, as mltb/app:previous; where another image has it, it is taken from that."`
}

// Brief returns the names.
func (p tagParams) Brief() string { return p.Image + " as " + p.Name }

type tagOutputs struct {
	Name     string `yaml:"name" doc:"The other name."`
	ID       string `yaml:"id" doc:"The whole id of the image."`
	BeforeID string `yaml:"before_id" doc:"The whole id of the image that had the name; empty for none."`
	Changed  bool   `yaml:"changed" doc:"false: it had the name already."`
}

func (o tagOutputs) Summary() string {
	switch {
	case !o.Changed:
		return "image " + short(o.ID) + " was called " + o.Name + " already"
	case o.BeforeID != "":
		return o.Name + " is now " + short(o.ID) + ", and was " + short(o.BeforeID)
	}
	return "image " + short(o.ID) + " is now called " + o.Name + " too"
}

// Nothing reports that all was as it should be.
func (o tagOutputs) Nothing() bool { return !o.Changed }

// Tag gives an image another name.
var Tag = action.New(action.Spec[tagParams, tagOutputs]{
	Name:    "docker.tag",
	Summary: "Gives one image another name, as to find it again after a deploy.",
	Example: "action: docker.tag\nwith: {image: \"mltb/app:1.4.2\", name: \"mltb/app:previous\"}",
	Target:  docker.Target,
	Effect:  action.Write, // and not idempotent: somebody may have given the name to another meanwhile
	Run: func(ctx context.Context, call action.Call, p tagParams) (tagOutputs, error) {
		e, o, err := p.open(ctx, call)
		if err != nil {
			return tagOutputs{}, action.NotApplied(err)
		}
		if o.ID == o.BeforeID {
			return o, nil
		}
		o.Changed = true
		_, err = docker.Ask(ctx, e, func(ctx context.Context) (client.ImageTagResult, error) {
			return e.API.ImageTag(ctx, client.ImageTagOptions{Source: o.ID, Target: p.Name})
		})
		return o, err
	},
	Preview: func(ctx context.Context, call action.Call, p tagParams) (action.Preview, error) {
		_, o, err := p.open(ctx, call)
		if err != nil {
			return action.Preview{}, err
		}
		change := action.Change{Name: "image " + p.Name, Before: "none", After: short(o.ID)}
		if o.BeforeID != "" {
			change.Before = short(o.BeforeID)
		}
		return action.Preview{
			Summary: "image " + p.Image + " (" + short(o.ID) + "): name it " + p.Name + " too",
			Touches: []action.Object{{Kind: "image", Name: p.Image, ID: short(o.ID)}}, Changes: []action.Change{change},
		}, nil
	},
	Subjects: func(ctx context.Context, call action.Call, p tagParams) ([]action.Subject, error) {
		_, o, err := p.open(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "image", Name: p.Image, ID: o.ID}, {Kind: "image", Name: p.Name, ID: o.BeforeID}}, nil
	},
	Settle: func(ctx context.Context, call action.Call, p tagParams, subjects []action.Subject) (action.Applied, *tagOutputs, error) {
		e, err := docker.Open(call)
		if err != nil || len(subjects) != 2 {
			return action.AppliedLost, nil, err
		}
		now, err := e.ImageID(ctx, p.Name)
		if err != nil || now != subjects[0].ID {
			return action.AppliedLost, nil, err
		}
		return action.AppliedFully, &tagOutputs{Name: p.Name, ID: now, BeforeID: subjects[1].ID, Changed: true}, nil
	},
	Look: func(call action.Call, p tagParams, _ []action.Subject) string {
		return docker.Looking(call, "image ls "+action.Quote(p.Name))
	},
})

// open finds the image, and what the other name means now.
func (p tagParams) open(ctx context.Context, call action.Call) (*docker.Engine, tagOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return nil, tagOutputs{}, err
	}
	i, err := find(ctx, e, p.Image)
	if err != nil {
		return nil, tagOutputs{}, err
	}
	before, err := e.ImageID(ctx, p.Name)
	return e, tagOutputs{Name: p.Name, ID: i.ID, BeforeID: before}, err
}
