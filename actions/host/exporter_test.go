package host

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// exporter is a node_exporter of a host with two processors and two disks. Each
// time it is asked a second of one processor has passed.
func exporter(t *testing.T) map[string]any {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
			return
		}
		n := float64(asked.Add(1))
		fmt.Fprintf(w, `# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 100
node_cpu_seconds_total{cpu="0",mode="user"} %v
node_cpu_seconds_total{cpu="1",mode="idle"} %v
node_load1 0.5
# TYPE node_filesystem_size_bytes gauge
node_filesystem_size_bytes{mountpoint="/"} 1000
node_filesystem_free_bytes{mountpoint="/"} 300
node_filesystem_avail_bytes{mountpoint="/"} 200
node_filesystem_size_bytes{mountpoint="/data"} 500
node_filesystem_free_bytes{mountpoint="/data"} 500
node_filesystem_avail_bytes{mountpoint="/data"} 500
node_memory_MemTotal_bytes 4e9
node_memory_MemAvailable_bytes 1e9
node_memory_SwapTotal_bytes 0
node_memory_SwapFree_bytes 0
`, 50+n, 100+n)
	}))
	t.Cleanup(server.Close)
	return map[string]any{"node_exporter": server.URL}
}

func TestFiguresOfANodeExporter(t *testing.T) {
	call := actiontest.Call(t, exporter(t))
	for path, want := range map[string]float64{"/": 100 * 700.0 / 900, "/database": 100 * 700.0 / 900, "/data": 0, "/data/db": 0} {
		if got := actiontest.Run(t, Disk, call, map[string]any{"path": path}).Outputs["used_percent"]; got != want {
			t.Errorf("%s is used to %v, want %v", path, got, want)
		}
	}
	if got := actiontest.Run(t, Memory, call, nil).Outputs; got["used_percent"] != 75.0 || got["swap_used_percent"] != 0.0 {
		t.Errorf("memory %v", got)
	}
	got := actiontest.Run(t, CPU, call, map[string]any{"for": 100 * time.Millisecond}).Outputs
	if got["used_percent"] != 50.0 || got["cores"] != 2 || got["load1"] != 0.5 {
		t.Errorf("cpu %v", got)
	}
}

func TestANodeExporterThatIsNone(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>hello</html>") }))
	defer page.Close()
	call := actiontest.Call(t, map[string]any{"node_exporter": page.URL})
	_, err := actiontest.Bind(t, Memory, call, nil).Run(t.Context(), call)
	if f := action.AsFailure(err); err == nil || !strings.Contains(f.What, "text format") || len(f.Do) == 0 {
		t.Errorf("%+v", err)
	}
}

func TestUnreachable(t *testing.T) {
	scheme := map[bool]string{false: "http://", true: "https://"}
	actiontest.Unreachable(t, Memory, nil, func(address string, tls bool) map[string]any {
		return map[string]any{"node_exporter": scheme[tls] + address}
	})
}
