package prometheus

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"runbook/lab/model"
)

// rulesFile is where the rules stand in the container.
const rulesFile = "/etc/prometheus/alerts.rules.yml"

// version is that of the image of the container.
func (s *Server) version() string {
	version := ""
	s.model.Look(func(w *model.World) {
		for _, c := range w.Service("prometheus") {
			if len(c.Image.Tags) > 0 {
				_, version, _ = strings.Cut(c.Image.Tags[0], ":v")
			}
		}
	})
	return version
}

func (s *Server) buildInfo(*http.Request) (any, error) {
	return map[string]string{
		"version": s.version(), "revision": "", "branch": "HEAD", "buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	}, nil
}

func (s *Server) runtimeInfo(*http.Request) (any, error) {
	return map[string]any{
		"startTime": s.started, "CWD": "/prometheus", "reloadConfigSuccess": true, "lastConfigTime": s.started, "corruptionCount": 0,
		"goroutineCount": runtime.NumGoroutine(), "GOMAXPROCS": runtime.GOMAXPROCS(0), "GOGC": "", "GODEBUG": "",
		"storageRetention": "2h",
	}, nil
}

func (s *Server) config(*http.Request) (any, error) {
	s.now()
	var b strings.Builder
	fmt.Fprintf(&b, "global:\n  scrape_interval: %s\n  scrape_timeout: %s\n  evaluation_interval: %s\n", model.ScrapeEvery, scrapeTimeout, evaluateEvery)
	b.WriteString("alerting:\n  alertmanagers:\n  - scheme: http\n    timeout: 10s\n    api_version: v2\n    static_configs:\n    - targets:\n      - alertmanager:9093\n")
	fmt.Fprintf(&b, "rule_files:\n- %s\nscrape_configs:\n", rulesFile)
	for _, t := range s.scraper.state() {
		fmt.Fprintf(&b, "- job_name: %s\n  metrics_path: /metrics\n  scheme: http\n  static_configs:\n  - targets:\n    - %s\n", t.Job, t.Instance)
	}
	return map[string]string{"yaml": b.String()}, nil
}

func (s *Server) flags(*http.Request) (any, error) {
	return map[string]string{
		"config.file":                 "/etc/prometheus/prometheus.yml",
		"query.lookback-delta":        minutes(lookBack),
		"query.max-samples":           fmt.Sprint(querySamples),
		"query.timeout":               minutes(queryTimeout),
		"storage.tsdb.path":           "/prometheus",
		"storage.tsdb.retention.time": "2h",
		"web.enable-admin-api":        "false",
		"web.enable-lifecycle":        "false",
		"web.listen-address":          "0.0.0.0:9090",
	}, nil
}

func minutes(d time.Duration) string { return fmt.Sprintf("%dm", int(d.Minutes())) }
