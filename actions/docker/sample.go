package docker

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/engine/action"
)

// sample is one look at a container's use of its resources.
type sample struct {
	at          time.Time // by the run's clock, in the middle of the request
	memory      float64   // bytes, without the page cache that can be dropped
	memoryLimit float64   // bytes; the host's memory where there is no limit
	cpu         time.Duration
	pids        int64
	received    *int64 // bytes over all networks since the start; nil, as each below, where the engine does not count
	sent        *int64
	read        *int64 // bytes from block devices since the start
	written     *int64
}

func (s sample) percent() float64 { return 100 * s.memory / s.memoryLimit }

// cpuPercent is the use of the processors since an earlier sample: 100 is one
// processor, as in docker stats.
func (s sample) cpuPercent(since sample) float64 {
	passed := s.at.Sub(since.at)
	if passed <= 0 || s.cpu < since.cpu {
		return 0
	}
	return 100 * float64(s.cpu-since.cpu) / float64(passed)
}

// sample takes one sample without waiting for another (one-shot, which has no
// CPU percentage: it needs two).
func (e *Engine) sample(ctx context.Context, c *Container) (sample, error) {
	ctx, a := e.Try(ctx)
	before := e.call.Clock.Now()
	r, err := e.API.ContainerStats(ctx, c.id, client.ContainerStatsOptions{})
	if err != nil {
		if a.progress().status == 404 {
			return sample{}, e.gone(c)
		}
		return sample{}, e.Failed(a, err, c)
	}
	defer r.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(r.Body).Decode(&stats); err != nil {
		return sample{}, e.Failed(a, err, c)
	}
	after := e.call.Clock.Now()
	if stats.MemoryStats.Usage == 0 || stats.MemoryStats.Limit == 0 {
		return sample{}, e.noFigures(ctx, c)
	}
	return newSample(stats, before.Add(after.Sub(before)/2)), nil
}

func newSample(s container.StatsResponse, at time.Time) sample {
	out := sample{
		at: at, memory: usedMemory(s.MemoryStats), memoryLimit: float64(s.MemoryStats.Limit),
		cpu: time.Duration(s.CPUStats.CPUUsage.TotalUsage), pids: int64(s.PidsStats.Current),
	}
	for _, n := range s.Networks {
		out.received, out.sent = plus(out.received, n.RxBytes), plus(out.sent, n.TxBytes)
	}
	for _, b := range s.BlkioStats.IoServiceBytesRecursive {
		switch strings.ToLower(b.Op) {
		case "read":
			out.read = plus(out.read, b.Value)
		case "write":
			out.written = plus(out.written, b.Value)
		}
	}
	return out
}

// plus adds to a count, which begins with what is counted first: what an engine
// does not count, as the traffic in the network of the host, is not 0.
func plus(sum *int64, n uint64) *int64 {
	total := int64(n)
	if sum != nil {
		total += *sum
	}
	return &total
}

// usedMemory is the usage less the inactive page cache, as docker stats counts
// it (calculateMemUsageUnixNoCache in docker/cli): total_inactive_file under
// cgroup v1, inactive_file under v2.
func usedMemory(m container.MemoryStats) float64 {
	for _, name := range []string{"total_inactive_file", "inactive_file"} {
		if cache, ok := m.Stats[name]; ok && cache < m.Usage {
			return float64(m.Usage - cache)
		}
	}
	return float64(m.Usage)
}

// noFigures tells why the engine gave zeros: it does for a container that does not run.
func (e *Engine) noFigures(ctx context.Context, c *Container) error {
	now, ok, err := e.inspect(ctx, c.id)
	switch {
	case err != nil:
		return err
	case !ok:
		return e.gone(c)
	case !now.running():
		return e.notRunning(now)
	}
	return &action.Failure{
		Applied: action.AppliedNot, Where: e.whereOf(c), Tried: "GET /containers/{id}/stats, once",
		What: "the engine gave no memory figures",
		Seen: []string{"usage or limit is 0 although the container runs: the memory controller of its host is off"},
		Do:   []string{e.Command("info"), "boot the host with cgroup_enable=memory"},
	}
}

func (e *Engine) notRunning(c *Container) error {
	f := &action.Failure{
		Applied: action.AppliedNot, Where: e.whereOf(c), What: "container " + c.name + " is not running",
		Tried: "to inspect it, once", Seen: []string{"state " + c.state()},
		Do: []string{e.Command("logs --tail 50 " + c.name)},
	}
	if ended := parseTime(c.is.State.FinishedAt); !ended.IsZero() {
		f.Seen = append(f.Seen, "ended at "+ended.Format(time.RFC3339))
	}
	if c.is.State.OOMKilled {
		f.Seen = append(f.Seen, "it was killed for its use of memory")
	}
	return f
}

func (e *Engine) gone(c *Container) error {
	return &action.Failure{
		Applied: action.AppliedNot, Where: e.whereOf(c), Tried: "to look at it again",
		What: fmt.Sprintf("container %s vanished meanwhile", c.name), Do: []string{e.Command("ps -a")},
	}
}
