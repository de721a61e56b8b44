package daemon

import (
	"cmp"
	"context"
	"slices"

	"github.com/moby/moby/client"

	"runbook/actions/docker"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// usage is what things of a kind take of the disk.
type usage struct {
	Count            int   `yaml:"count" doc:"How many."`
	ActiveCount      int   `yaml:"active_count" doc:"How many of them are in use."`
	SizeBytes        int64 `yaml:"size_bytes" doc:"What they take; layers that images share are counted once."`
	ReclaimableBytes int64 `yaml:"reclaimable_bytes" doc:"What those that are not in use take."`
}

type sized struct {
	Kind      string `yaml:"kind" enum:"image,container,volume,build_cache" doc:"What it is."`
	Name      string `yaml:"name" doc:"Its name, or its id where it has none."`
	SizeBytes int64  `yaml:"size_bytes" doc:"Of a container what it wrote beside its image."`
	InUse     bool   `yaml:"in_use" doc:"A container uses it; of a container: it runs."`
}

type diskUsageParams struct {
	Largest int `yaml:"largest" default:"10" min:"0" max:"1000" doc:"How many of the largest things to name."`
}

type diskUsageOutputs struct {
	Images           usage   `yaml:"images" doc:"Images."`
	Containers       usage   `yaml:"containers" doc:"Containers: what they wrote beside their images and volumes."`
	Volumes          usage   `yaml:"volumes" doc:"Volumes, as far as the engine can measure them."`
	BuildCache       usage   `yaml:"build_cache" doc:"The cache of builds."`
	TotalBytes       int64   `yaml:"total_bytes" doc:"All of these."`
	ReclaimableBytes int64   `yaml:"reclaimable_bytes" doc:"What nothing uses, without volumes, which docker.prune never takes."`
	Largest          []sized `yaml:"largest" doc:"The largest things, the largest first."`
}

func (o diskUsageOutputs) Summary() string {
	return schema.HumanBytes(float64(o.TotalBytes)) + ", " + schema.HumanBytes(float64(o.ReclaimableBytes)) + " of it not in use"
}

// DiskUsage measures what the engine has on its disk.
var DiskUsage = action.New(action.Spec[diskUsageParams, diskUsageOutputs]{
	Name:    "docker.disk_usage",
	Summary: "Measures what images, containers, volumes and the build cache take of an engine's disk, and names the largest.",
	Example: "action: docker.disk_usage\nverify: [outputs.reclaimable_bytes < bytes(\"20GiB\")]",
	Target:  docker.Target,
	Effect:  action.Read,
	Run:     diskUsage,
})

func diskUsage(ctx context.Context, call action.Call, p diskUsageParams) (diskUsageOutputs, error) {
	e, err := docker.Open(call)
	if err != nil {
		return diskUsageOutputs{}, err
	}
	r, err := docker.Ask(ctx, e, func(ctx context.Context) (client.DiskUsageResult, error) {
		return e.API.DiskUsage(ctx, client.DiskUsageOptions{Containers: true, Images: true, BuildCache: true, Volumes: true, Verbose: true})
	})
	if err != nil {
		return diskUsageOutputs{}, err
	}
	o := diskUsageOutputs{
		Images:     usage{int(r.Images.TotalCount), int(r.Images.ActiveCount), r.Images.TotalSize, r.Images.Reclaimable},
		Containers: usage{int(r.Containers.TotalCount), int(r.Containers.ActiveCount), r.Containers.TotalSize, r.Containers.Reclaimable},
		Volumes:    usage{int(r.Volumes.TotalCount), int(r.Volumes.ActiveCount), max(0, r.Volumes.TotalSize), max(0, r.Volumes.Reclaimable)},
		BuildCache: usage{int(r.BuildCache.TotalCount), int(r.BuildCache.ActiveCount), r.BuildCache.TotalSize, r.BuildCache.Reclaimable},
	}
	o.TotalBytes = o.Images.SizeBytes + o.Containers.SizeBytes + o.Volumes.SizeBytes + o.BuildCache.SizeBytes
	o.ReclaimableBytes = o.Images.ReclaimableBytes + o.Containers.ReclaimableBytes + o.BuildCache.ReclaimableBytes
	o.Largest = largest(r, p.Largest)
	return o, nil
}

func largest(r client.DiskUsageResult, limit int) []sized {
	all := []sized{}
	for _, i := range r.Images.Items {
		name := i.ID
		if len(i.RepoTags) > 0 && i.RepoTags[0] != "<none>:<none>" {
			name = i.RepoTags[0]
		}
		all = append(all, sized{"image", name, i.Size, i.Containers > 0})
	}
	for _, c := range r.Containers.Items {
		all = append(all, sized{"container", docker.NameOf(c), c.SizeRw, c.State == "running" || c.State == "paused"})
	}
	for _, v := range r.Volumes.Items {
		if v.UsageData != nil {
			all = append(all, sized{"volume", v.Name, max(0, v.UsageData.Size), v.UsageData.RefCount > 0})
		}
	}
	for _, b := range r.BuildCache.Items {
		all = append(all, sized{"build_cache", b.ID, b.Size, b.InUse})
	}
	slices.SortStableFunc(all, func(a, b sized) int { return cmp.Compare(b.SizeBytes, a.SizeBytes) })
	return all[:min(limit, len(all))]
}
