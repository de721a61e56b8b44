// Package host reads figures of a host: of the machine that runbook runs on, or
// of one with a node_exporter.
package host

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v4/mem"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// MemoryOutputs are the outputs of host.memory.
type MemoryOutputs struct {
	TotalBytes      int     `yaml:"total_bytes" doc:"Physical memory."`
	AvailableBytes  int     `yaml:"available_bytes" doc:"What programs can have without swapping."`
	UsedBytes       int     `yaml:"used_bytes" doc:"Total without available."`
	UsedPercent     float64 `yaml:"used_percent" doc:"Used in percent of total."`
	SwapTotalBytes  int     `yaml:"swap_total_bytes" doc:"Swap space; 0 where there is none."`
	SwapUsedBytes   int     `yaml:"swap_used_bytes" doc:"Swap space in use."`
	SwapUsedPercent float64 `yaml:"swap_used_percent" doc:"Used swap in percent; 0 where there is none."`
}

// Summary returns the figures in one line.
func (o MemoryOutputs) Summary() string {
	return fmt.Sprintf("%s of %s, swap %s", schema.HumanPercent(o.UsedPercent), schema.HumanBytes(float64(o.TotalBytes)), schema.HumanPercent(o.SwapUsedPercent))
}

// Memory reads the machine's memory and swap.
var Memory = action.New(action.Spec[action.None, MemoryOutputs]{
	Name:    "host.memory",
	Summary: "Reads memory and swap of a host.",
	Example: `
action: host.memory
verify: [outputs.used_percent < 85, outputs.swap_used_percent < 80]
`,
	Target: Target,
	Effect: action.Read,
	Run:    memory,
})

func memory(ctx context.Context, call action.Call, _ action.None) (MemoryOutputs, error) {
	if m, ok, err := remote(ctx, call); err != nil {
		return MemoryOutputs{}, err
	} else if ok {
		return m.memory()
	}
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return MemoryOutputs{}, unreadable("memory", err)
	}
	o := MemoryOutputs{TotalBytes: int(m.Total), AvailableBytes: int(m.Available), UsedBytes: int(m.Total - min(m.Available, m.Total))}
	o.UsedPercent = percent(o.UsedBytes, o.TotalBytes)
	swap, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return MemoryOutputs{}, unreadable("swap", err)
	}
	o.SwapTotalBytes, o.SwapUsedBytes = int(swap.Total), int(swap.Used)
	o.SwapUsedPercent = percent(o.SwapUsedBytes, o.SwapTotalBytes)
	return o, nil
}

func percent(part, whole int) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
