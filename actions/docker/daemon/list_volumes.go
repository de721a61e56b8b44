package daemon

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type listVolumesParams struct {
	Name    string            `yaml:"name,omitempty" doc:"Only the volumes whose name holds this."`
	Project string            `yaml:"project,omitempty" doc:"Only volumes of this Compose project."`
	Labels  map[string]string `yaml:"labels,omitempty" doc:"Only volumes with all these labels; an empty value takes any."`
	Unused  bool              `yaml:"unused" default:"false" doc:"Only volumes that no container has."`
}

func (p listVolumesParams) Brief() string { return p.Name }

type listedVolume struct {
	Name       string            `yaml:"name" doc:"Its name; 64 digits for one that nobody named."`
	Driver     string            `yaml:"driver" doc:"As local."`
	Mountpoint string            `yaml:"mountpoint" doc:"Its folder on the host of the engine; empty where it has none."`
	CreatedAt  *time.Time        `yaml:"created_at" doc:"nil where the engine does not say."`
	Labels     map[string]string `yaml:"labels" doc:"Its labels."`
	Containers []string          `yaml:"containers" doc:"Names of the containers that have it, running or not, sorted."`
}

type listVolumesOutputs struct {
	Volumes     []listedVolume `yaml:"volumes" doc:"By name."`
	Count       int            `yaml:"count" doc:"How many."`
	UnusedCount int            `yaml:"unused_count" doc:"How many of them no container has."`
}

func (o listVolumesOutputs) Summary() string {
	return schema.HumanCount(int64(o.Count)) + " volumes, " + schema.HumanCount(int64(o.UnusedCount)) + " unused"
}

// ListVolumes lists volumes. No match is no error.
var ListVolumes = action.New(action.Spec[listVolumesParams, listVolumesOutputs]{
	Name:    "docker.list_volumes",
	Summary: "Lists the volumes of an engine and the containers that have them; docker.disk_usage measures them.",
	Example: "action: docker.list_volumes\nwith: {project: mltb}\nverify: [outputs.unused_count == 0]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     listVolumes,
})

func listVolumes(ctx context.Context, call action.Call, p listVolumesParams) (listVolumesOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return listVolumesOutputs{}, err
	}
	filters := docker.Having(p.Name, p.Project, p.Labels)
	all, err := docker.Ask(ctx, e, func(ctx context.Context) (client.VolumeListResult, error) {
		return e.API.VolumeList(ctx, client.VolumeListOptions{Filters: filters})
	})
	if err != nil {
		return listVolumesOutputs{}, err
	}
	containers, err := docker.Ask(ctx, e, func(ctx context.Context) (client.ContainerListResult, error) {
		return e.API.ContainerList(ctx, client.ContainerListOptions{All: true})
	})
	if err != nil {
		return listVolumesOutputs{}, err
	}
	users := usersOf(containers.Items)
	o := listVolumesOutputs{Volumes: []listedVolume{}}
	for _, v := range all.Items {
		row := listedVolume{Name: v.Name, Driver: v.Driver, Mountpoint: v.Mountpoint, Labels: map[string]string{}, Containers: append([]string{}, users[v.Name]...)}
		for key, value := range v.Labels {
			row.Labels[key] = value
		}
		if at, err := time.Parse(time.RFC3339, v.CreatedAt); err == nil {
			at = at.UTC()
			row.CreatedAt = &at
		}
		if p.Unused && len(row.Containers) > 0 {
			continue
		}
		o.Volumes = append(o.Volumes, row)
		o.Count++
		if len(row.Containers) == 0 {
			o.UnusedCount++
		}
	}
	slices.SortFunc(o.Volumes, func(a, b listedVolume) int { return cmp.Compare(a.Name, b.Name) })
	return o, nil
}

// usersOf are the names of the containers of each volume, sorted.
func usersOf(containers []container.Summary) map[string][]string {
	users := map[string][]string{}
	for _, c := range containers {
		for _, m := range c.Mounts {
			if m.Type == "volume" && m.Name != "" {
				users[m.Name] = append(users[m.Name], docker.NameOf(c))
			}
		}
	}
	for _, names := range users {
		slices.Sort(names)
	}
	return users
}
