package image

import (
	"context"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// list are the images of the engine.
func list(ctx context.Context, e *docker.Engine, all bool, filters client.Filters) ([]image.Summary, error) {
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ImageListResult, error) {
		return e.API.ImageList(ctx, client.ImageListOptions{All: all, Filters: filters})
	})
	return r.Items, err
}

// find reads the image that a reference names: a name with its tag, where none is latest,
// a digest, an id or its beginning.
func find(ctx context.Context, e *docker.Engine, reference string) (*image.InspectResponse, error) {
	if strings.TrimSpace(reference) == "" || strings.ContainsAny(reference, " \t\n?#%") {
		return nil, e.WrongParam("image", "\""+reference+"\" is no name of an image")
	}
	ctx, a := e.Try(ctx)
	r, err := e.API.ImageInspect(ctx, reference)
	switch {
	case err == nil:
		return &r.InspectResponse, nil
	case a.Status() == 404:
		all, err := list(ctx, e, false, nil)
		if err != nil {
			return nil, err
		}
		var known []string
		for _, i := range all {
			known = append(known, named(i.RepoTags)...)
		}
		return nil, e.NoSuch("image", reference, known, "images")
	}
	return nil, e.Failed(a, err, nil)
}

// named are the names of an image; engines give <none>:<none> for none.
func named(tags []string) []string {
	return slices.DeleteFunc(slices.Concat([]string{}, tags), func(tag string) bool { return strings.Contains(tag, "<none>") })
}

// nameOf is how an image is told: its first name, else its short id.
func nameOf(tags []string, id string) string {
	if names := named(tags); len(names) > 0 {
		return names[0]
	}
	return short(id)
}

// short is an id as docker images prints it.
func short(id string) string { return docker.ShortID(strings.TrimPrefix(id, "sha256:")) }

// object is an image as people are shown it before it is touched.
func object(i *image.InspectResponse) action.Object {
	return action.Object{Kind: "image", Name: nameOf(i.RepoTags, i.ID), ID: short(i.ID), Note: schema.HumanBytes(float64(i.Size))}
}

// subject is an image with its names as its version.
func subject(i *image.InspectResponse) action.Subject {
	return action.Subject{Kind: "image", Name: nameOf(i.RepoTags, i.ID), ID: i.ID, Version: strings.Join(slices.Sorted(slices.Values(i.RepoTags)), " ")}
}
