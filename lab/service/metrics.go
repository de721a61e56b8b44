package service

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// pageTime is how long a page of metrics takes.
const pageTime = 3 * time.Millisecond

// ServeMetrics serves the app's metrics at address on /metrics, behind g, until g
// is closed. It returns where it listens.
func ServeMetrics(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	return servePage(m, g, address, "app")
}

// ServeNode serves the figures of the host and its containers, as node_exporter
// and cAdvisor name them, at address on /metrics, behind g, until g is closed. It
// returns where it listens.
func ServeNode(m *model.Model, g *gate.Gate, address string) (net.Addr, error) {
	return servePage(m, g, address, "node", "cadvisor")
}

func servePage(m *model.Model, g *gate.Gate, address string, jobs ...string) (net.Addr, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		var all []model.Metric
		m.Look(func(world *model.World) { all = world.Metrics() })
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = io.WriteString(w, page(all, jobs))
	})
	return g.Serve("tcp", address, gate.Taking(pageTime, mux), gate.ByMethod)
}

// page is the text format of Prometheus, version 0.0.4, of the metrics of jobs.
func page(all []model.Metric, jobs []string) string {
	var b strings.Builder
	for _, f := range model.Families() {
		headed := false
		for _, m := range all {
			if !slices.Contains(jobs, m.Job) || !belongs(m.Name, f) {
				continue
			}
			if !headed {
				fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.Name, f.Help, f.Name, f.Kind)
				headed = true
			}
			b.WriteString(m.Name)
			writeLabels(&b, m.Labels)
			b.WriteString(" " + strconv.FormatFloat(m.Value, 'g', -1, 64) + "\n")
		}
	}
	return b.String()
}

func belongs(name string, f model.Family) bool {
	if name == f.Name {
		return true
	}
	suffix, ok := strings.CutPrefix(name, f.Name)
	return ok && f.Kind == "histogram" && (suffix == "_bucket" || suffix == "_sum" || suffix == "_count")
}

func writeLabels(b *strings.Builder, labels [][2]string) {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for i, l := range labels {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(b, `%s%s="%s"`, separator, l[0], escape.Replace(l[1]))
	}
	if len(labels) > 0 {
		b.WriteString("}")
	}
}
