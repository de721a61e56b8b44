package docker

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// statsEvery is how often the engine samples.
const statsEvery = time.Second

// stats answers docker stats: one sample at once, one with the sample before
// it, or one each second.
func (s *Server) stats(w http.ResponseWriter, r *http.Request) error {
	sample := func() (o container.StatsResponse, err error) {
		err = s.look(r, func(world *model.World, c *model.Container) error {
			o = figures(world, c)
			return nil
		})
		return o, err
	}
	now, err := sample()
	if err != nil {
		return err
	}
	stream := r.FormValue("stream") == "" || flag(r, "stream")
	if flag(r, "one-shot") && stream {
		return failure{http.StatusBadRequest, "cannot have stream=true and one-shot=true"}
	}
	if flag(r, "one-shot") || now.Read.IsZero() && !stream {
		if err := s.take(r, 5*time.Millisecond); err != nil {
			return err
		}
		reply(w, http.StatusOK, now)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	out := json.NewEncoder(w)
	for {
		if gate.VisitOf(r).Pause(r.Context(), statsEvery) != nil {
			return errGone
		}
		before := now
		if now, err = sample(); err != nil {
			return nil //nolint:nilerr // it was removed; the stream ends
		}
		now.PreRead, now.PreCPUStats = before.Read, before.CPUStats
		if !send(out, now) || !stream {
			return nil
		}
		_ = http.NewResponseController(w).Flush()
	}
}

// pageCache is what a container's files take of memory that can be dropped.
const pageCache = 12 * model.MiB

// figures are the figures of the kernel's control groups (version 2); of a
// container that does not run the engine has none.
func figures(w *model.World, c *model.Container) container.StatsResponse {
	o := container.StatsResponse{ID: c.ID, Name: "/" + c.Name}
	if !c.Running() {
		return o
	}
	o.Read = w.Now.UTC()
	o.PidsStats.Current = uint64(len(c.Processes) + 7)
	o.CPUStats = processors(w, c)
	o.MemoryStats = memory(c)
	o.BlkioStats.IoServiceBytesRecursive = []container.BlkioStatEntry{
		{Major: 8, Op: "read", Value: 4 << 20}, {Major: 8, Op: "write", Value: uint64(c.Written)},
	}
	if name := networkOf(c); name == projectNetwork {
		o.Networks = map[string]container.NetworkStats{"eth0": {
			RxBytes: uint64(c.Received), RxPackets: uint64(c.Received / 700), TxBytes: uint64(c.Sent), TxPackets: uint64(c.Sent / 700),
		}}
	}
	return o
}

func processors(w *model.World, c *model.Container) container.CPUStats {
	used := uint64(w.UsedCPU(c))
	up := w.Now.Sub(w.Began()) + 36*time.Hour
	o := container.CPUStats{
		CPUUsage:    container.CPUUsage{TotalUsage: used, UsageInKernelmode: used / 5, UsageInUsermode: used - used/5},
		SystemUsage: uint64(up) * model.HostProcessors, OnlineCPUs: model.HostProcessors,
	}
	if c.CPULimit > 0 {
		throttled := c.ThrottledPeriods()
		periods := uint64(w.Now.Sub(c.Started) / (100 * time.Millisecond))
		o.ThrottlingData = container.ThrottlingData{Periods: max(periods, throttled), ThrottledPeriods: throttled, ThrottledTime: throttled * uint64(40*time.Millisecond)}
	}
	return o
}

func memory(c *model.Container) container.MemoryStats {
	limit := c.MemoryLimit
	if limit <= 0 {
		limit = model.HostMemory()
	}
	used := int64(c.Memory)
	files := max(0, min(pageCache, limit-used))
	return container.MemoryStats{
		Usage: uint64(used + files), Limit: uint64(limit),
		Stats: map[string]uint64{
			"anon": uint64(used), "file": uint64(files), "inactive_file": uint64(files), "active_file": 0,
			"inactive_anon": uint64(used), "active_anon": 0, "kernel_stack": 131072, "slab": 1 << 20, "pgfault": uint64(used >> 12), "pgmajfault": 12,
		},
	}
}
