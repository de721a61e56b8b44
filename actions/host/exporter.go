package host

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"runbook/engine/action"
	"runbook/internal/endpoint"
)

// exporterLimit is how long a node_exporter may take to answer.
const exporterLimit = 10 * time.Second

// metrics are what a node_exporter tells, by name.
type metrics struct {
	families map[string]*dto.MetricFamily
	where    string
}

// remote returns what the target's node_exporter tells; ok is false where the
// target is this machine.
func remote(ctx context.Context, call action.Call) (m metrics, ok bool, err error) {
	url := call.Target.Config["node_exporter"]
	if url == nil || url == "" {
		return m, false, nil
	}
	call.Target.Config = maps.Clone(call.Target.Config)
	delete(call.Target.Config, "node_exporter")
	call.Target.Config["url"] = url
	server, err := endpoint.Open(call, endpoint.Protocol{Kind: Target.Name, IsRead: func(method, _ string) bool { return method == http.MethodGet }})
	if err != nil {
		return m, true, err
	}
	var page []byte
	if err := server.Ask(ctx, call, endpoint.Request{Method: http.MethodGet, Path: "metrics", Limit: exporterLimit}, &page); err != nil {
		return m, true, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	m.where = server.Where()
	m.families, err = parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return m, true, &action.Failure{
			Applied: action.AppliedNot, Final: true, Err: err, Where: server.Where(), Tried: "GET /metrics, once",
			What: "the answer is not in the text format of Prometheus: " + err.Error(),
			Do:   []string{"check node_exporter of the target " + call.Target.Name + " in runbook.yaml"},
		}
	}
	return m, true, nil
}

// sample is one value with its labels.
type sample struct {
	labels map[string]string
	value  float64
}

func (m metrics) samples(name string) []sample {
	var all []sample
	for _, metric := range m.families[name].GetMetric() {
		s := sample{labels: map[string]string{}}
		for _, l := range metric.GetLabel() {
			s.labels[l.GetName()] = l.GetValue()
		}
		switch {
		case metric.Gauge != nil:
			s.value = metric.GetGauge().GetValue()
		case metric.Counter != nil:
			s.value = metric.GetCounter().GetValue()
		default:
			s.value = metric.GetUntyped().GetValue()
		}
		all = append(all, s)
	}
	return all
}

// value returns the one value of a name whose labels hold those given.
func (m metrics) value(name string, labels ...string) (float64, error) {
	for _, s := range m.samples(name) {
		matches := true
		for i := 0; i+1 < len(labels); i += 2 {
			matches = matches && s.labels[labels[i]] == labels[i+1]
		}
		if matches {
			return s.value, nil
		}
	}
	return 0, &action.Failure{
		Applied: action.AppliedNot, Final: true, Where: m.where, Tried: "GET /metrics, once",
		What: "it does not tell " + name + strings.TrimSuffix(" "+strings.Join(labels, " "), " "), Do: []string{"run node_exporter with its default collectors"},
	}
}

// values returns several values in order.
func (m metrics) values(names ...string) ([]int, error) {
	out := make([]int, len(names))
	for i, name := range names {
		v, err := m.value(name)
		if err != nil {
			return nil, err
		}
		out[i] = int(v)
	}
	return out, nil
}

// memory reads the figures of host.memory.
func (m metrics) memory() (MemoryOutputs, error) {
	v, err := m.values("node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes", "node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes")
	if err != nil {
		return MemoryOutputs{}, err
	}
	o := MemoryOutputs{TotalBytes: v[0], AvailableBytes: v[1], UsedBytes: v[0] - min(v[1], v[0]), SwapTotalBytes: v[2], SwapUsedBytes: v[2] - v[3]}
	o.UsedPercent, o.SwapUsedPercent = percent(o.UsedBytes, o.TotalBytes), percent(o.SwapUsedBytes, o.SwapTotalBytes)
	return o, nil
}

// disk reads the figures of host.disk for the file system that path is on.
func (m metrics) disk(path string) (DiskOutputs, error) {
	mount := ""
	for _, s := range m.samples("node_filesystem_size_bytes") {
		point := s.labels["mountpoint"]
		below := point == path || strings.HasPrefix(path, strings.TrimSuffix(point, "/")+"/")
		if below && len(point) > len(mount) {
			mount = point
		}
	}
	if mount == "" {
		return DiskOutputs{}, &action.Failure{Applied: action.AppliedNot, Final: true, Where: m.where, Tried: "GET /metrics, once", What: fmt.Sprintf("no file system holds %q", path), Do: []string{"give a path of that host"}}
	}
	var v [3]float64
	for i, name := range []string{"node_filesystem_size_bytes", "node_filesystem_free_bytes", "node_filesystem_avail_bytes"} {
		var err error
		if v[i], err = m.value(name, "mountpoint", mount); err != nil {
			return DiskOutputs{}, err
		}
	}
	o := DiskOutputs{TotalBytes: int(v[0]), UsedBytes: int(v[0] - v[1]), FreeBytes: int(v[2])}
	o.UsedPercent = percent(o.UsedBytes, o.UsedBytes+o.FreeBytes)
	files, err := m.value("node_filesystem_files", "mountpoint", mount)
	free, err2 := m.value("node_filesystem_files_free", "mountpoint", mount)
	if err == nil && err2 == nil && files > 0 {
		used := 100 * (files - free) / files
		o.InodesUsedPercent = &used
	}
	return o, nil
}

// processors sums the time of all processors: how long they were idle, and all
// of it, in seconds; and counts them.
func (m metrics) processors() (idle, all float64, cores int, err error) {
	seen := map[string]bool{}
	for _, s := range m.samples("node_cpu_seconds_total") {
		seen[s.labels["cpu"]] = true
		all += s.value
		if mode := s.labels["mode"]; mode == "idle" || mode == "iowait" {
			idle += s.value
		}
	}
	if len(seen) == 0 {
		_, err = m.value("node_cpu_seconds_total")
	}
	return idle, all, len(seen), err
}

// remoteCPU reads the figures of host.cpu from a node_exporter, twice.
func remoteCPU(ctx context.Context, call action.Call, first metrics, p CPUParams) (CPUOutputs, error) {
	idle, all, cores, err := first.processors()
	if err != nil {
		return CPUOutputs{}, err
	}
	if err := call.Clock.Sleep(ctx, p.For); err != nil {
		return CPUOutputs{}, unreadable("CPU use", err)
	}
	second, _, err := remote(ctx, call)
	if err != nil {
		return CPUOutputs{}, err
	}
	idleAfter, allAfter, _, err := second.processors()
	if err != nil {
		return CPUOutputs{}, err
	}
	o := CPUOutputs{Cores: cores}
	if passed := allAfter - all; passed > 0 {
		o.UsedPercent = min(100, max(0, 100*(passed-(idleAfter-idle))/passed))
	}
	for name, to := range map[string]**float64{"node_load1": &o.Load1, "node_load5": &o.Load5, "node_load15": &o.Load15} {
		if v, err := second.value(name); err == nil {
			*to = &v
		}
	}
	return o, nil
}
