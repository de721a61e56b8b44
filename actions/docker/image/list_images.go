package image

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type listParams struct {
	Reference string            `yaml:"reference,omitempty" doc:"Only images of this name; * stands for any part, as in mltb/*:1.*."`
	Dangling  *bool             `yaml:"dangling,omitempty" doc:"true: only images without a name; false: only those with one."`
	Labels    map[string]string `yaml:"labels,omitempty" doc:"Only images with all these labels; an empty value takes any."`
}

func (p listParams) Brief() string { return p.Reference }

type listedImage struct {
	ID             string    `yaml:"id" doc:"The whole id, sha256:…."`
	Tags           []string  `yaml:"tags" doc:"Its names; empty: it is dangling."`
	Digests        []string  `yaml:"digests" doc:"Names by digest, of images that were pulled or pushed."`
	SizeBytes      int64     `yaml:"size_bytes" doc:"With the layers that it shares with others."`
	CreatedAt      time.Time `yaml:"created_at" doc:"When it was built."`
	ContainerCount int       `yaml:"container_count" doc:"Containers that were made of it, running or not."`
}

type listOutputs struct {
	Images        []listedImage `yaml:"images" doc:"The newest first."`
	Count         int           `yaml:"count" doc:"How many."`
	UnusedCount   int           `yaml:"unused_count" doc:"How many of them no container was made of."`
	DanglingCount int           `yaml:"dangling_count" doc:"How many of them have no name."`
}

func (o listOutputs) Summary() string {
	return fmt.Sprintf("%s images, %s unused", schema.HumanCount(int64(o.Count)), schema.HumanCount(int64(o.UnusedCount)))
}

// List lists images. No match is no error.
var List = action.New(action.Spec[listParams, listOutputs]{
	Name:    "docker.list_images",
	Summary: "Lists the images of an engine, their size, and how many containers were made of each.",
	Example: "action: docker.list_images\nwith: {dangling: true}\nverify: [outputs.count < 20]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     listImages,
})

func listImages(ctx context.Context, call action.Call, p listParams) (listOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return listOutputs{}, err
	}
	filters := client.Filters{}
	if p.Reference != "" {
		filters.Add("reference", p.Reference)
	}
	if p.Dangling != nil {
		filters.Add("dangling", fmt.Sprint(*p.Dangling))
	}
	docker.AddLabels(filters, p.Labels)
	all, err := list(ctx, e, false, filters)
	if err != nil {
		return listOutputs{}, err
	}
	made, err := docker.MadeOf(ctx, e)
	if err != nil {
		return listOutputs{}, err
	}
	o := listOutputs{Images: []listedImage{}, Count: len(all)}
	for _, i := range all {
		row := listedImage{
			ID: i.ID, Tags: named(i.RepoTags), Digests: named(i.RepoDigests), SizeBytes: i.Size, CreatedAt: time.Unix(i.Created, 0).UTC(), ContainerCount: made[i.ID],
		}
		if row.ContainerCount == 0 {
			o.UnusedCount++
		}
		if len(row.Tags) == 0 {
			o.DanglingCount++
		}
		o.Images = append(o.Images, row)
	}
	slices.SortStableFunc(o.Images, func(a, b listedImage) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return o, nil
}
