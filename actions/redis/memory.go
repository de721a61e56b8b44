package redis

import (
	"context"
	"strconv"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type memoryOutputs struct {
	UsedBytes          *int     `yaml:"used_bytes" doc:"Memory that Redis allocated; nil where the server does not tell, as of each figure."`
	PeakBytes          *int     `yaml:"peak_bytes" doc:"The most that it ever was."`
	ResidentBytes      *int     `yaml:"resident_bytes" doc:"Memory of the process, as the kernel counts it."`
	DatasetBytes       *int     `yaml:"dataset_bytes" doc:"What keys and values use of it."`
	OverheadBytes      *int     `yaml:"overhead_bytes" doc:"What the server needs beside them: buffers, tables of keys."`
	ClientsBytes       *int     `yaml:"clients_bytes" doc:"What the connections of usual clients use."`
	LimitBytes         *int     `yaml:"limit_bytes" doc:"maxmemory; 0 is no limit."`
	UsedPercent        *float64 `yaml:"used_percent" doc:"Used, in percent of the limit; nil without one."`
	FragmentationRatio *float64 `yaml:"fragmentation_ratio" doc:"Memory of the process, divided by what is used; far below 1 it is swapped out, far above 1.5 fragmented."`
	HostBytes          *int     `yaml:"host_bytes" doc:"All memory of its host."`
	Policy             string   `yaml:"policy" doc:"What is evicted at the limit, as allkeys-lru; empty where the server does not tell."`
	EvictedKeys        *int     `yaml:"evicted_keys" doc:"Keys evicted since the start."`
}

func (o memoryOutputs) Summary() string {
	if o.UsedBytes == nil {
		return "the server does not tell"
	}
	text := schema.HumanBytes(float64(*o.UsedBytes)) + " used"
	switch {
	case o.UsedPercent != nil:
		text += " of " + schema.HumanBytes(float64(*o.LimitBytes)) + ", " + schema.HumanPercent(*o.UsedPercent)
	case o.LimitBytes != nil:
		text += ", no limit"
	}
	if o.FragmentationRatio != nil {
		text += ", fragmentation " + strconv.FormatFloat(*o.FragmentationRatio, 'f', 2, 64)
	}
	return text
}

// Memory tells what a server needs its memory for.
var Memory = action.New(action.Spec[action.None, memoryOutputs]{
	Name:    "redis.memory",
	Summary: "Tells how much memory a Redis server uses, of which limit, and for what.",
	Example: `
action: redis.memory
verify: [(outputs.used_percent ?? 0) < 90]
`,
	Target: Target,
	Effect: action.Read,
	Run:    memory,
})

func memory(ctx context.Context, call action.Call, _ action.None) (memoryOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return memoryOutputs{}, err
	}
	text, err := s.Info(ctx)
	if err != nil {
		return memoryOutputs{}, err
	}
	return memoryOf(server.ParseInfo(text)), nil
}

func memoryOf(f map[string]string) memoryOutputs {
	o := memoryOutputs{
		UsedBytes: server.Figure(f, "used_memory"), PeakBytes: server.Figure(f, "used_memory_peak"), ResidentBytes: server.Figure(f, "used_memory_rss"),
		DatasetBytes: server.Figure(f, "used_memory_dataset"), OverheadBytes: server.Figure(f, "used_memory_overhead"), ClientsBytes: server.Figure(f, "mem_clients_normal"),
		LimitBytes: server.Figure(f, "maxmemory"), HostBytes: server.Figure(f, "total_system_memory"), Policy: f["maxmemory_policy"], EvictedKeys: server.Figure(f, "evicted_keys"),
	}
	if ratio, err := strconv.ParseFloat(f["mem_fragmentation_ratio"], 64); err == nil {
		o.FragmentationRatio = &ratio
	}
	if o.UsedBytes != nil && o.LimitBytes != nil && *o.LimitBytes > 0 {
		percent := 100 * float64(*o.UsedBytes) / float64(*o.LimitBytes)
		o.UsedPercent = &percent
	}
	return o
}
