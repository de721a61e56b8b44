package image

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type removeOutputs struct {
	ID        string   `yaml:"id" doc:"The whole id that it had."`
	Untagged  []string `yaml:"untagged" doc:"Names that were taken away."`
	Deleted   bool     `yaml:"deleted" doc:"false: it has other names, and only this one is gone."`
	SizeBytes int64    `yaml:"size_bytes" doc:"That it had, with the layers that it shares with others."`
}

func (o removeOutputs) Summary() string {
	if !o.Deleted {
		return "the name " + strings.Join(o.Untagged, ", ") + " is gone; image " + short(o.ID) + " has others"
	}
	return "image " + nameOf(o.Untagged, o.ID) + " removed, " + schema.HumanBytes(float64(o.SizeBytes))
}

// Remove removes an image that no container was made of, never by force.
var Remove = action.New(action.Spec[one, removeOutputs]{
	Name:     "docker.remove_image",
	Summary:  "Removes one image that no container was made of; where it has other names, only the given one.",
	Example:  "action: docker.remove_image\nwith: {image: \"mltb/app:1.4.1\"}\napprove: {message: Remove the image?}",
	Target:   docker.Target,
	Effect:   action.Destructive,
	Run:      removeImage,
	Preview:  previewRemove,
	Subjects: subjectsOfRemove,
	Settle: func(ctx context.Context, call action.Call, p one, subjects []action.Subject) (action.Applied, *removeOutputs, error) {
		e, err := docker.Open(call)
		if err != nil || len(subjects) != 1 {
			return action.AppliedLost, nil, err
		}
		now, err := e.ImageID(ctx, p.Image)
		if err != nil || now != "" {
			return action.AppliedLost, nil, err
		}
		whole, err := e.ImageID(ctx, subjects[0].ID)
		return action.AppliedFully, &removeOutputs{ID: subjects[0].ID, Untagged: []string{p.Image}, Deleted: whole == ""}, err
	},
	Look: func(call action.Call, p one, _ []action.Subject) string {
		return docker.Looking(call, "image ls "+action.Quote(p.Image))
	},
})

// open finds the image, and refuses one in use.
func (p one) open(ctx context.Context, call action.Call) (*docker.Engine, *image.InspectResponse, error) {
	e, err := docker.Open(call)
	if err != nil {
		return nil, nil, err
	}
	i, err := find(ctx, e, p.Image)
	if err != nil {
		return nil, nil, err
	}
	all, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.API.ContainerList(ctx, client.ContainerListOptions{All: true})
	})
	if err != nil {
		return nil, nil, err
	}
	users := slices.DeleteFunc(all.Items, func(c container.Summary) bool { return c.ImageID != i.ID })
	if len(users) > 0 && (len(named(i.RepoTags)) < 2 || !slices.Contains(i.RepoTags, p.Image)) {
		return nil, nil, e.WrongParam("image", fmt.Sprintf("%d containers were made of %s, as %s", len(users), nameOf(i.RepoTags, i.ID), docker.NameOf(users[0])), "remove these before, or leave it")
	}
	return e, i, nil
}

func removeImage(ctx context.Context, call action.Call, p one) (removeOutputs, error) {
	e, i, err := p.open(ctx, call)
	if err != nil {
		return removeOutputs{}, action.NotApplied(err)
	}
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ImageRemoveResult, error) {
		return e.API.ImageRemove(ctx, p.Image, client.ImageRemoveOptions{PruneChildren: true})
	})
	if err != nil {
		return removeOutputs{}, err
	}
	o := removeOutputs{ID: i.ID, Untagged: []string{}, SizeBytes: i.Size}
	for _, item := range r.Items {
		if item.Untagged != "" && !strings.Contains(item.Untagged, "@") {
			o.Untagged = append(o.Untagged, item.Untagged)
		}
		o.Deleted = o.Deleted || item.Deleted == i.ID
	}
	return o, nil
}

func previewRemove(ctx context.Context, call action.Call, p one) (action.Preview, error) {
	_, i, err := p.open(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{Touches: []action.Object{object(i)}}
	if others := slices.DeleteFunc(named(i.RepoTags), func(tag string) bool { return tag == p.Image }); len(others) > 0 && slices.Contains(i.RepoTags, p.Image) {
		preview.Summary = "take the name " + p.Image + " from image " + short(i.ID) + ", which keeps " + strings.Join(others, ", ")
		preview.Changes = []action.Change{{Name: "names", Before: strings.Join(named(i.RepoTags), ", "), After: strings.Join(others, ", ")}}
		return preview, nil
	}
	preview.Summary = "remove image " + nameOf(i.RepoTags, i.ID) + " (" + short(i.ID) + "), " + schema.HumanBytes(float64(i.Size))
	preview.Changes = []action.Change{{Name: "image", Before: schema.HumanBytes(float64(i.Size)), After: "gone"}}
	if len(i.RepoDigests) == 0 {
		preview.Summary += "; no registry is known to have it"
	}
	return preview, nil
}

func subjectsOfRemove(ctx context.Context, call action.Call, p one) ([]action.Subject, error) {
	_, i, err := p.open(ctx, call)
	if err != nil {
		return nil, err
	}
	return []action.Subject{subject(i)}, nil
}
