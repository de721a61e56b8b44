package realtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// Monitoring is a Prometheus server and an Alertmanager of one test. Prometheus
// scrapes itself each second (job prometheus), a service of the test (job app,
// with the gauge app_load, which rises by 1 a scrape) and one that does not answer
// (job gone). For that one the alert InstanceDown fires, labelled
// severity=critical, and is sent to the Alertmanager.
type Monitoring struct {
	PrometheusURL   string
	AlertmanagerURL string
}

const prometheusConfig = `
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%[2]d"]}]}]}
scrape_configs:
  - {job_name: prometheus, static_configs: [{targets: ["127.0.0.1:%[1]d"]}]}
  - {job_name: app, static_configs: [{targets: ["%[3]s"]}]}
  - {job_name: gone, static_configs: [{targets: ["127.0.0.1:1"]}]}
`

const prometheusRules = `
groups:
  - name: instances
    rules:
      - alert: InstanceDown
        expr: up == 0
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.instance }} does not answer"}
`

const alertmanagerConfig = `
route: {receiver: none, group_wait: 1s}
receivers: [{name: none}]
`

// StartMonitoring starts both servers on loopback, for this test alone, and waits
// until the alert has reached the Alertmanager. It takes Debian's programs.
func StartMonitoring(t testing.TB) *Monitoring {
	t.Helper()
	var scrapes atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "# TYPE app_load gauge\napp_load %d\n", scrapes.Add(1))
	}))
	t.Cleanup(app.Close)
	dir, prometheus, alertmanager := t.TempDir(), FreePort(t), FreePort(t)
	for name, text := range map[string]string{
		"prometheus.yml":   fmt.Sprintf(prometheusConfig, prometheus, alertmanager, app.Listener.Addr()),
		"rules.yml":        prometheusRules,
		"alertmanager.yml": alertmanagerConfig,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatalf("write %s: %v", name, err)
		}
	}
	startChild(t, child{name: "prometheus-alertmanager", dir: dir, flags: []string{
		"--config.file=alertmanager.yml", "--storage.path=" + filepath.Join(dir, "silences"), "--cluster.listen-address=",
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", alertmanager),
	}})
	startChild(t, child{name: "prometheus", dir: dir, flags: []string{
		"--config.file=prometheus.yml", "--storage.tsdb.path=" + filepath.Join(dir, "series"),
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", prometheus),
	}})
	m := &Monitoring{
		PrometheusURL:   fmt.Sprintf("http://127.0.0.1:%d", prometheus),
		AlertmanagerURL: fmt.Sprintf("http://127.0.0.1:%d", alertmanager),
	}
	if err := poll(t.Context(), time.Minute, m.alerted); err != nil {
		t.Fatalf("no alert has reached the Alertmanager: %v", err)
	}
	return m
}

// alerted wants an alert in the Alertmanager, and some scrapes of the service.
func (m *Monitoring) alerted(ctx context.Context) error {
	var alerts []json.RawMessage
	if err := ask(ctx, http.MethodGet, m.AlertmanagerURL+"/api/v2/alerts", &alerts); err != nil {
		return err
	}
	var points struct {
		Data struct {
			Result []json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := ask(ctx, http.MethodGet, m.PrometheusURL+"/api/v1/query?query=app_load%3E%3D3", &points); err != nil {
		return err
	}
	if len(alerts) == 0 || len(points.Data.Result) == 0 {
		return fmt.Errorf("%d alerts, %d series", len(alerts), len(points.Data.Result))
	}
	return nil
}
