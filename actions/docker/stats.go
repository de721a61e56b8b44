package docker

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// cpuWindow is the time between the two samples of docker.stats.
const cpuWindow = 500 * time.Millisecond

type statsOutputs struct {
	ID               string  `yaml:"id" doc:"The whole id."`
	Name             string  `yaml:"name" doc:"Name of the container."`
	MemoryBytes      int64   `yaml:"memory_bytes" doc:"Used, without inactive page cache, as docker stats counts it."`
	MemoryLimitBytes int64   `yaml:"memory_limit_bytes" doc:"The limit; without one the memory of the engine's host."`
	MemoryPercent    float64 `yaml:"memory_percent" doc:"Of the limit."`
	FreeBytes        int64   `yaml:"free_bytes" doc:"Left below the limit."`
	CPUPercent       float64 `yaml:"cpu_percent" doc:"Over half a second; 100 is one processor."`
	PIDs             int64   `yaml:"pids" doc:"Processes and threads."`
	NetworkRxBytes   *int64  `yaml:"network_rx_bytes" doc:"Received since the start; nil where the engine does not count, as in the network of the host."`
	NetworkTxBytes   *int64  `yaml:"network_tx_bytes" doc:"Sent since the start; nil where the engine does not count."`
	BlockReadBytes   *int64  `yaml:"block_read_bytes" doc:"Read from block devices since the start; nil where the engine does not count."`
	BlockWriteBytes  *int64  `yaml:"block_write_bytes" doc:"Written to block devices since the start; nil where the engine does not count."`
}

func (o statsOutputs) Summary() string {
	return "memory " + schema.HumanPercent(o.MemoryPercent) + " of " + schema.HumanBytes(float64(o.MemoryLimitBytes)) +
		"   CPU " + schema.HumanPercent(o.CPUPercent)
}

// Stats measures what a running container uses.
var Stats = action.New(action.Spec[one, statsOutputs]{
	Name:    "docker.stats",
	Summary: "Measures the memory, CPU, network and disk use of one running container.",
	Example: "action: docker.stats\nwith: {container: app}\nverify: [outputs.memory_percent < 85]",
	Target:  Target,
	Effect:  action.Read,
	Run:     stats,
})

func stats(ctx context.Context, call action.Call, p one) (statsOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return statsOutputs{}, err
	}
	c, err := e.Find(ctx, p.Container)
	if err != nil {
		return statsOutputs{}, err
	}
	if !c.running() {
		return statsOutputs{}, e.notRunning(c)
	}
	first, err := e.sample(ctx, c)
	if err != nil {
		return statsOutputs{}, err
	}
	if err := call.Clock.Sleep(ctx, cpuWindow); err != nil {
		return statsOutputs{}, e.interrupted(c, err, "1 of 2 samples")
	}
	last, err := e.sample(ctx, c)
	if err != nil {
		return statsOutputs{}, err
	}
	return statsOutputs{
		ID: c.id, Name: c.name,
		MemoryBytes: int64(last.memory), MemoryLimitBytes: int64(last.memoryLimit), MemoryPercent: last.percent(),
		FreeBytes: int64(last.memoryLimit - last.memory), CPUPercent: last.cpuPercent(first), PIDs: last.pids,
		NetworkRxBytes: last.received, NetworkTxBytes: last.sent, BlockReadBytes: last.read, BlockWriteBytes: last.written,
	}, nil
}
