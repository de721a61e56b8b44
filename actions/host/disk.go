package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/shirou/gopsutil/v4/disk"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// DiskParams are the parameters of host.disk.
type DiskParams struct {
	Path string `yaml:"path" default:"/" doc:"A path on the file system that is measured."`
}

// Brief returns the path.
func (p DiskParams) Brief() string { return p.Path }

// DiskOutputs are the outputs of host.disk.
type DiskOutputs struct {
	TotalBytes        int      `yaml:"total_bytes" doc:"Size of the file system."`
	UsedBytes         int      `yaml:"used_bytes" doc:"What is in use."`
	FreeBytes         int      `yaml:"free_bytes" doc:"What users other than root can still write."`
	UsedPercent       float64  `yaml:"used_percent" doc:"Used in percent of used and free, as df(1) shows it."`
	InodesUsedPercent *float64 `yaml:"inodes_used_percent" doc:"Used inodes in percent; nil where the file system has no fixed number."`
}

// Summary returns the figures in one line.
func (o DiskOutputs) Summary() string {
	return fmt.Sprintf("%s, %s free", schema.HumanPercent(o.UsedPercent), schema.HumanBytes(float64(o.FreeBytes)))
}

// Disk reads how full a file system is.
var Disk = action.New(action.Spec[DiskParams, DiskOutputs]{
	Name:    "host.disk",
	Summary: "Reads how full a file system of a host is.",
	Example: `
action: host.disk
with: {path: /}
verify: [outputs.used_percent < 85]
`,
	Target: Target,
	Effect: action.Read,
	Run:    measureDisk,
})

func measureDisk(ctx context.Context, call action.Call, p DiskParams) (DiskOutputs, error) {
	if m, ok, err := remote(ctx, call); err != nil {
		return DiskOutputs{}, err
	} else if ok {
		return m.disk(p.Path)
	}
	usage, err := disk.UsageWithContext(ctx, p.Path)
	if errors.Is(err, fs.ErrNotExist) {
		f := *action.AsFailure(unreadable("disk "+p.Path, err))
		f.What, f.Final = fmt.Sprintf("no path %q", p.Path), true
		return DiskOutputs{}, &f
	}
	if err != nil {
		return DiskOutputs{}, unreadable("disk "+p.Path, err)
	}
	o := DiskOutputs{
		TotalBytes: int(usage.Total), UsedBytes: int(usage.Used), FreeBytes: int(usage.Free),
		UsedPercent: percent(int(usage.Used), int(usage.Used+usage.Free)),
	}
	if usage.InodesTotal > 0 {
		o.InodesUsedPercent = &usage.InodesUsedPercent
	}
	return o, nil
}
