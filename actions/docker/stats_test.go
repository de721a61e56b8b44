package docker

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/engine/action"
)

func TestUsedMemory(t *testing.T) {
	for name, test := range map[string]struct {
		stats container.MemoryStats
		want  float64
	}{
		"cgroup v1":          {container.MemoryStats{Usage: 100, Stats: map[string]uint64{"total_inactive_file": 30, "inactive_file": 10}}, 70},
		"cgroup v2":          {container.MemoryStats{Usage: 100, Stats: map[string]uint64{"inactive_file": 10}}, 90},
		"cache above usage":  {container.MemoryStats{Usage: 100, Stats: map[string]uint64{"inactive_file": 200}}, 100},
		"no figure of cache": {container.MemoryStats{Usage: 100}, 100},
	} {
		if got := usedMemory(test.stats); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestTrend(t *testing.T) {
	for name, test := range map[string]struct {
		x, y       []float64
		slope, low float64
	}{
		// y = 1, 3, 2: slope 0.5, residuals -0.5, 1, -0.5; error sqrt(1.5/1/2).
		"by hand":    {[]float64{0, 1, 2}, []float64{1, 3, 2}, 0.5, 0.5 - 6.314*math.Sqrt(0.75)},
		"exact":      {[]float64{0, 1, 2, 3}, []float64{5, 7, 9, 11}, 2, 2},
		"flat":       {[]float64{0, 1, 2, 3}, []float64{5e9, 5e9, 5e9, 5e9}, 0, 0},
		"two points": {[]float64{0, 1}, []float64{5, 7}, 0, 0},
		"one time":   {[]float64{1, 1, 1}, []float64{5, 7, 9}, 0, 0},
	} {
		got := fitTrend(test.x, test.y)
		if math.Abs(got.slope-test.slope) > 1e-9 || math.Abs(got.low-test.low) > 1e-9 {
			t.Errorf("%s: got %+v, want %v and %v", name, got, test.slope, test.low)
		}
	}
}

// TestTrendOfNoise holds the point of the lower bound: noise without growth is
// seldom taken for growth, and a leak within the noise is found.
func TestTrendOfNoise(t *testing.T) {
	seed := uint64(1)
	random := func() float64 { // xorshift, uniform in [-1, 1)
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return float64(seed>>11)/(1<<52) - 1
	}
	const trials = 2000
	falseAlarms, found := 0, 0
	for range trials {
		var x, flat, leak []float64
		for i := range 11 {
			noise := 1e6 * random()
			x, flat, leak = append(x, float64(i)), append(flat, 1e8+noise), append(leak, 1e8+noise+4e6*float64(i))
		}
		if fitTrend(x, flat).low > 0 {
			falseAlarms++
		}
		if fitTrend(x, leak).low > 3e6 {
			found++
		}
	}
	if rate := float64(falseAlarms) / trials; rate < 0.03 || rate > 0.07 {
		t.Errorf("noise was taken for growth in %.1f %% of trials, want about 5 %%", 100*rate)
	}
	if found < trials*99/100 {
		t.Errorf("a leak was found in %d of %d trials", found, trials)
	}
}

func TestStudent(t *testing.T) {
	for freedom, want := range map[int]float64{1: 6.314, 9: 1.833, 30: 1.697, 31: 1.6955, 60: 1.6706, 120: 1.6577, 9998: 1.6450} {
		if got := student95(freedom); math.Abs(got-want) > 5e-4 {
			t.Errorf("student95(%d) = %v, want %v", freedom, got, want)
		}
	}
}

func statsOf(memory, cpu uint64) container.StatsResponse {
	return container.StatsResponse{
		CPUStats:    container.CPUStats{CPUUsage: container.CPUUsage{TotalUsage: cpu}},
		MemoryStats: container.MemoryStats{Usage: memory + 5, Limit: 1000, Stats: map[string]uint64{"inactive_file": 5}},
		PidsStats:   container.PidsStats{Current: 3},
		Networks:    map[string]container.NetworkStats{"a": {RxBytes: 1, TxBytes: 10}, "b": {RxBytes: 2, TxBytes: 20}},
		BlkioStats:  container.BlkioStats{IoServiceBytesRecursive: []container.BlkioStatEntry{{Op: "Read", Value: 7}, {Op: "write", Value: 8}, {Op: "Total", Value: 15}}},
	}
}

func TestStats(t *testing.T) {
	f := newFake(t, app())
	f.stats = []container.StatsResponse{statsOf(100, 0), statsOf(250, uint64(cpuWindow/2))}
	o := mustRun(t, Stats, f.call(t), map[string]any{"container": "app"}).Outputs
	for key, want := range map[string]any{
		"memory_bytes": 250, "memory_limit_bytes": 1000, "memory_percent": 25.0, "free_bytes": 750, "cpu_percent": 50.0, "pids": 3,
		"network_rx_bytes": 3, "network_tx_bytes": 30, "block_read_bytes": 7, "block_write_bytes": 8,
	} {
		if fmt.Sprint(o[key]) != fmt.Sprint(want) {
			t.Errorf("%s = %v, want %v", key, o[key], want)
		}
	}
}

// What the engine does not count, as the traffic in the network of the host, is not 0.
func TestFiguresThatTheEngineDoesNotCount(t *testing.T) {
	f := newFake(t, app())
	first, last := statsOf(100, 0), statsOf(250, 1)
	last.Networks, last.BlkioStats = nil, container.BlkioStats{}
	f.stats = []container.StatsResponse{first, last}
	o := mustRun(t, Stats, f.call(t), map[string]any{"container": "app"}).Outputs
	for _, key := range []string{"network_rx_bytes", "network_tx_bytes", "block_read_bytes", "block_write_bytes"} {
		if o[key] != nil {
			t.Errorf("%s = %v", key, o[key])
		}
	}
}

func TestSampleStats(t *testing.T) {
	f := newFake(t, app())
	f.stats = []container.StatsResponse{statsOf(100, 0), statsOf(200, 1e9), statsOf(300, 3e9), statsOf(400, 3e9)}
	call := f.call(t)
	var progress []action.Progress
	call.Progress = func(p action.Progress) { progress = append(progress, p) }
	r := mustRun(t, SampleStats, call, map[string]any{"container": "app", "for": 30 * time.Second, "every": 10 * time.Second})
	o := r.Outputs
	want := "4 10 40 10 40 10 600"
	if got := fmt.Sprint(o["count"], o["first_percent"], o["last_percent"], o["slope_bytes_per_second"], o["max_percent"], o["slope_low_bytes_per_second"], o["free_bytes"]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i, want := range []string{"0 10", "10 10", "20 20", "30 0"} {
		s := o["samples"].([]any)[i].(map[string]any)
		if got := fmt.Sprint(s["at_seconds"], s["cpu_percent"]); got != want {
			t.Errorf("sample %d: got %s, want %s", i, got, want)
		}
	}
	if len(progress) != 4 || progress[3] != (action.Progress{Done: 4, Total: 4, Note: "memory 40.0 %"}) {
		t.Errorf("progress %v", progress)
	}
	if r.Summary != "slope 10 bytes/s   last 40.0 %   limit 0.98 KiB" {
		t.Errorf("summary %q", r.Summary)
	}
}

func TestSampleStatsFailures(t *testing.T) {
	for name, test := range map[string]struct {
		params map[string]any
		change func(*fakeEngine) // at the third sample
		what   string
	}{
		"too few":   {params: map[string]any{"for": 19 * time.Second}, what: "fewer than 3 samples"},
		"too many":  {params: map[string]any{"for": 24 * time.Hour, "every": time.Second}, what: "too many"},
		"restarted": {change: func(f *fakeEngine) { f.containers[0].State.StartedAt = "2026-11-24T02:12:10Z" }, what: "was restarted while it was sampled"},
		"vanished":  {change: func(f *fakeEngine) { f.containers = nil }, what: "vanished"},
		"stopped": {change: func(f *fakeEngine) {
			f.containers[0].State.Running, f.containers[0].State.Status, f.containers[0].State.ExitCode = false, "exited", 137
			f.stats = []container.StatsResponse{{}}
		}, what: "is not running"},
		"no accounting": {change: func(f *fakeEngine) { f.stats = []container.StatsResponse{{}} }, what: "no memory figures"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, app())
			f.stats = []container.StatsResponse{statsOf(100, 0)}
			asked := 0
			f.answer = func(_ http.ResponseWriter, _ *http.Request, path string) bool {
				if !strings.HasSuffix(path, "/stats") {
					return false
				}
				if asked++; asked == 3 && test.change != nil {
					f.mu.Lock()
					test.change(f)
					f.mu.Unlock()
				}
				return false
			}
			params := map[string]any{"container": "app", "for": time.Minute, "every": 10 * time.Second}
			for k, v := range test.params {
				params[k] = v
			}
			_, err := run(t, SampleStats, f.call(t), params)
			if err == nil || !strings.Contains(action.AsFailure(err).What, test.what) {
				t.Errorf("got %v", err)
			}
		})
	}
}
