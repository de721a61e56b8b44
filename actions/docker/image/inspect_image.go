package image

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/image"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// one are the parameters of an action on one image.
type one struct {
	Image string `yaml:"image" doc:"Its name, where no tag is latest, its name by digest, its id, or the beginning of one."`
}

// Brief returns the image.
func (p one) Brief() string { return p.Image }

type inspectOutputs struct {
	ID           string     `yaml:"id" doc:"The whole id, sha256:…."`
	Tags         []string   `yaml:"tags" doc:"Its names."`
	Digests      []string   `yaml:"digests" doc:"Names by digest; empty for an image that was never pulled or pushed."`
	CreatedAt    *time.Time `yaml:"created_at" doc:"When it was built; nil where it does not say."`
	SizeBytes    int64      `yaml:"size_bytes" doc:"With the layers that it shares with others."`
	LayerCount   int        `yaml:"layer_count" doc:"How many layers it has."`
	OS           string     `yaml:"os" doc:"As linux."`
	Architecture string     `yaml:"architecture" doc:"As amd64."`
	configured
}

// configured is what containers of an image get from it.
type configured struct {
	User           string            `yaml:"user" doc:"Who runs in its containers; empty: root."`
	Workdir        string            `yaml:"workdir" doc:"Where they begin; empty: /."`
	Entrypoint     []string          `yaml:"entrypoint" doc:"Of its containers."`
	Command        []string          `yaml:"command" doc:"Of its containers, behind the entrypoint."`
	EnvNames       []string          `yaml:"env_names" doc:"Names of its environment variables, sorted; their values are never read."`
	ExposedPorts   []string          `yaml:"exposed_ports" doc:"As 8080/tcp, sorted."`
	Volumes        []string          `yaml:"volumes" doc:"Paths for which its containers get volumes, sorted."`
	Labels         map[string]string `yaml:"labels" doc:"Its labels."`
	HasHealthCheck bool              `yaml:"has_health_check" doc:"It declares one."`
}

func (o inspectOutputs) Summary() string {
	return "image " + nameOf(o.Tags, o.ID) + ", " + schema.HumanBytes(float64(o.SizeBytes))
}

// Inspect reads one image.
var Inspect = action.New(action.Spec[one, inspectOutputs]{
	Name:    "docker.inspect_image",
	Summary: "Reads the digests, size and configuration of one image.",
	Example: "action: docker.inspect_image\nwith: {image: \"mltb/app:1.4.2\"}\nverify: [outputs.has_health_check]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run: func(ctx context.Context, call action.Call, p one) (inspectOutputs, error) {
		e, err := docker.Open(call)
		if err != nil {
			return inspectOutputs{}, err
		}
		i, err := find(ctx, e, p.Image)
		if err != nil {
			return inspectOutputs{}, err
		}
		return inspected(i), nil
	},
})

func inspected(i *image.InspectResponse) inspectOutputs {
	o := inspectOutputs{
		ID: i.ID, Tags: named(i.RepoTags), Digests: named(i.RepoDigests), SizeBytes: i.Size, LayerCount: len(i.RootFS.Layers), OS: i.Os, Architecture: i.Architecture,
		configured: configured{Entrypoint: []string{}, Command: []string{}, EnvNames: []string{}, ExposedPorts: []string{}, Volumes: []string{}, Labels: map[string]string{}},
	}
	if at, err := time.Parse(time.RFC3339Nano, i.Created); err == nil && at.Year() > 1 {
		at = at.UTC()
		o.CreatedAt = &at
	}
	c := i.Config
	if c == nil {
		return o
	}
	o.User, o.Workdir, o.HasHealthCheck = c.User, c.WorkingDir, c.Healthcheck != nil && len(c.Healthcheck.Test) > 0 && c.Healthcheck.Test[0] != "NONE"
	o.Entrypoint, o.Command = append(o.Entrypoint, c.Entrypoint...), append(o.Command, c.Cmd...)
	for _, v := range c.Env {
		name, _, _ := strings.Cut(v, "=")
		o.EnvNames = append(o.EnvNames, name)
	}
	for port := range c.ExposedPorts {
		o.ExposedPorts = append(o.ExposedPorts, port)
	}
	for path := range c.Volumes {
		o.Volumes = append(o.Volumes, path)
	}
	for key, value := range c.Labels {
		o.Labels[key] = value
	}
	slices.Sort(o.EnvNames)
	slices.Sort(o.ExposedPorts)
	slices.Sort(o.Volumes)
	return o
}
