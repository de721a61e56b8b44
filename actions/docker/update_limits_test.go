package docker

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/moby/moby/api/types/container"

	"runbook/engine/action"
	"runbook/engine/schema"
)

func TestUpdateLimits(t *testing.T) {
	for name, test := range map[string]struct {
		params  map[string]any
		preview string
		summary string
		sent    int
		swap    int64
	}{
		"memory": {map[string]any{"memory": schema.Size(2 << 30)}, "container app: memory limit 1.00 GiB → 2.00 GiB",
			"container app: memory limit 1.00 GiB → 2.00 GiB", 1, 4 << 30},
		"both": {map[string]any{"memory": schema.Size(2 << 30), "cpus": 1.5}, "container app: memory limit 1.00 GiB → 2.00 GiB, cpus none → 1.5",
			"container app: memory limit 1.00 GiB → 2.00 GiB, cpus none → 1.5", 1, 4 << 30},
		"as it is": {map[string]any{"memory": schema.Size(1 << 30)}, "container app: memory limit 1.00 GiB → 1.00 GiB",
			"container app: limits were so already: nothing changed", 0, 2 << 30},
		"below its use": {map[string]any{"memory": schema.Size(8 << 20)}, "container app: memory limit 1.00 GiB → 8.00 MiB; uses 9.54 MiB, so the kernel may kill it",
			"container app: memory limit 1.00 GiB → 8.00 MiB", 1, 16 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, app())
			f.stats = []container.StatsResponse{statsOf(10_000_000, 0)}
			call := f.call(t)
			test.params["container"] = "app"
			b := bound(t, UpdateLimits, call, test.params)
			p, err := b.Preview(context.Background(), call)
			if err != nil || p.Summary != test.preview {
				t.Errorf("preview %q, %v", p.Summary, err)
			}
			subjects, _ := b.Subjects(context.Background(), call)
			r := mustRun(t, UpdateLimits, call, test.params)
			if r.Summary != test.summary || len(f.changes()) != test.sent || f.containers[0].HostConfig.MemorySwap != test.swap {
				t.Errorf("got %q, sent %v, swap %d", r.Summary, f.changes(), f.containers[0].HostConfig.MemorySwap)
			}
			if applied, _, err := b.Settle(context.Background(), call, subjects); applied != action.AppliedFully || err != nil {
				t.Errorf("settled as %s, %v", applied, err)
			}
			f.containers[0].HostConfig.Memory, f.containers[0].HostConfig.NanoCPUs = 7, 7
			if applied, _, _ := b.Settle(context.Background(), call, subjects); applied != action.AppliedLost {
				t.Errorf("settled other limits as %s", applied)
			}
		})
	}
	f := newFake(t, app())
	if _, err := run(t, UpdateLimits, f.call(t), byApp); err == nil || !action.AsFailure(err).Final || action.ClassOf(err) != action.AppliedNot {
		t.Errorf("no limit at all gives %v", err)
	}
}

func TestSwapFor(t *testing.T) {
	for _, test := range []struct{ memory, oldMemory, oldSwap, want int64 }{
		{200, 100, 200, 400}, {200, 100, 100, 200}, {200, 100, -1, -1}, {200, 0, 0, 400}, {200, 100, 0, 400},
		{50, 100, 150, 75}, {math.MaxInt64 / 2, 1, 3, -1},
	} {
		if got := swapFor(test.memory, container.Resources{Memory: test.oldMemory, MemorySwap: test.oldSwap}); got != test.want {
			t.Errorf("swapFor(%v) = %d", test, got)
		}
	}
}

// TestQuotaStaysQuota: Docker refuses to change a quota by a number of processors.
func TestQuotaStaysQuota(t *testing.T) {
	cpus := 2.0
	r := updateLimitsParams{CPUs: &cpus}.resources(container.Resources{CPUQuota: 50_000, CPUPeriod: 50_000})
	if got := fmt.Sprint(r.NanoCPUs, r.CPUQuota, r.CPUPeriod); got != "0 100000 50000" {
		t.Errorf("got %s", got)
	}
}
