package host

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// CPUParams are the parameters of host.cpu.
type CPUParams struct {
	For time.Duration `yaml:"for" default:"1s" min:"100ms" max:"10m" doc:"How long the use is measured."`
}

// CPUOutputs are the outputs of host.cpu. The load averages are nil on Windows,
// which has none.
type CPUOutputs struct {
	UsedPercent float64  `yaml:"used_percent" doc:"Use of all cores together, from 0 to 100."`
	Cores       int      `yaml:"cores" doc:"Logical cores."`
	Load1       *float64 `yaml:"load1" doc:"Load average of one minute; nil on Windows."`
	Load5       *float64 `yaml:"load5" doc:"Load average of five minutes; nil on Windows."`
	Load15      *float64 `yaml:"load15" doc:"Load average of fifteen minutes; nil on Windows."`
}

// Summary returns the figures in one line.
func (o CPUOutputs) Summary() string {
	text := fmt.Sprintf("%s of %d cores", schema.HumanPercent(o.UsedPercent), o.Cores)
	if o.Load1 != nil {
		text += fmt.Sprintf(", load %.2f", *o.Load1)
	}
	return text
}

// CPU measures the machine's CPU use for a while.
var CPU = action.New(action.Spec[CPUParams, CPUOutputs]{
	Name:    "host.cpu",
	Summary: "Measures the CPU use of a host for a while, and reads its load averages.",
	Example: `
action: host.cpu
with: {for: 2s}
verify: [outputs.used_percent < 80]
`,
	Target: Target,
	Effect: action.Read,
	Takes:  func(p CPUParams) time.Duration { return p.For },
	Run:    measureCPU,
})

func measureCPU(ctx context.Context, call action.Call, p CPUParams) (CPUOutputs, error) {
	if m, ok, err := remote(ctx, call); err != nil {
		return CPUOutputs{}, err
	} else if ok {
		return remoteCPU(ctx, call, m, p)
	}
	before, err := times(ctx)
	if err != nil {
		return CPUOutputs{}, unreadable("CPU use", err)
	}
	if err := call.Clock.Sleep(ctx, p.For); err != nil {
		return CPUOutputs{}, unreadable("CPU use", err)
	}
	after, err := times(ctx)
	if err != nil {
		return CPUOutputs{}, unreadable("CPU use", err)
	}
	cores, err := cpu.CountsWithContext(ctx, true)
	if err != nil {
		return CPUOutputs{}, unreadable("the number of cores", err)
	}
	o := CPUOutputs{UsedPercent: used(before, after), Cores: cores}
	if runtime.GOOS == "windows" {
		return o, nil
	}
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return CPUOutputs{}, unreadable("the load average", err)
	}
	o.Load1, o.Load5, o.Load15 = &average.Load1, &average.Load5, &average.Load15
	return o, nil
}

func times(ctx context.Context) (cpu.TimesStat, error) {
	all, err := cpu.TimesWithContext(ctx, false)
	if err != nil {
		return cpu.TimesStat{}, err
	}
	if len(all) == 0 {
		return cpu.TimesStat{}, fmt.Errorf("the system gives no times")
	}
	return all[0], nil
}

// used is the share of time that was not idle. Guest time is part of user time
// already (proc_stat(5)).
func used(before, after cpu.TimesStat) float64 {
	whole := func(t cpu.TimesStat) float64 {
		return t.User + t.System + t.Idle + t.Nice + t.Iowait + t.Irq + t.Softirq + t.Steal
	}
	all := whole(after) - whole(before)
	idle := after.Idle + after.Iowait - before.Idle - before.Iowait
	if all <= 0 {
		return 0
	}
	return min(100, max(0, 100*(all-idle)/all))
}
