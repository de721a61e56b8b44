package prometheus

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/lab/model"
)

// rulesFile is where the rules stand in the container.
const rulesFile = "/etc/prometheus/alerts.rules.yml"

// scrapeTimeout is how long a target may take to answer.
const scrapeTimeout = 5 * time.Second

type targetJSON struct {
	Discovered map[string]string `json:"discoveredLabels"`
	Labels     map[string]string `json:"labels"`
	Pool       string            `json:"scrapePool"`
	URL        string            `json:"scrapeUrl"`
	GlobalURL  string            `json:"globalUrl"`
	LastError  string            `json:"lastError"`
	LastScrape time.Time         `json:"lastScrape"`
	Took       float64           `json:"lastScrapeDuration"`
	Health     string            `json:"health"`
	Interval   string            `json:"scrapeInterval"`
	Timeout    string            `json:"scrapeTimeout"`
}

func (s *Server) targets(r *http.Request) (any, error) {
	s.now()
	active, pool := []targetJSON{}, r.FormValue("scrapePool")
	for _, t := range s.scraper.state() {
		if pool == "" || pool == t.Job {
			active = append(active, t.json())
		}
	}
	if strings.ToLower(r.FormValue("state")) == "dropped" {
		active = []targetJSON{}
	}
	return map[string]any{"activeTargets": active, "droppedTargets": []targetJSON{}, "droppedTargetCounts": map[string]int{}}, nil
}

// json is the target as the API has it.
func (t *scraped) json() targetJSON {
	interval, timeout := model.ScrapeEvery.String(), scrapeTimeout.String()
	j := targetJSON{
		Discovered: map[string]string{
			"__address__": t.Instance, "__metrics_path__": "/metrics", "__scheme__": "http", "__scrape_interval__": interval, "__scrape_timeout__": timeout, "job": t.Job,
		},
		Labels: map[string]string{"instance": t.Instance, "job": t.Job},
		Pool:   t.Job, URL: "http://" + t.Instance + "/metrics", LastScrape: t.at, Took: latency.Seconds(),
		Health: "up", Interval: interval, Timeout: timeout,
	}
	j.GlobalURL = strings.Replace(j.URL, "localhost", "prometheus", 1)
	switch host, _, _ := strings.Cut(t.Instance, ":"); {
	case t.Up:
	case t.hangs:
		j.Health, j.LastError, j.Took = "down", fmt.Sprintf("Get %q: context deadline exceeded", j.URL), scrapeTimeout.Seconds()
	default:
		j.Health, j.LastError = "down", fmt.Sprintf("Get %q: dial tcp: lookup %s: no such host", j.URL, host)
	}
	return j
}

type alertJSON struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    time.Time         `json:"activeAt"`
	Value       string            `json:"value"`
}

func alertsJSON(alerts []Alert) []alertJSON {
	all := make([]alertJSON, len(alerts))
	for i, a := range alerts {
		all[i] = alertJSON{a.Labels, a.Annotations, a.State, a.ActiveAt, strconv.FormatFloat(a.Value, 'e', -1, 64)}
	}
	return all
}

func (s *Server) listAlerts(*http.Request) (any, error) {
	s.now()
	return map[string]any{"alerts": alertsJSON(s.Alerts())}, nil
}

type ruleJSON struct {
	State         string            `json:"state"`
	Name          string            `json:"name"`
	Query         string            `json:"query"`
	Duration      float64           `json:"duration"`
	KeepFiringFor float64           `json:"keepFiringFor"`
	Labels        map[string]string `json:"labels"`
	Annotations   map[string]string `json:"annotations"`
	Alerts        []alertJSON       `json:"alerts"`
	Health        string            `json:"health"`
	LastError     string            `json:"lastError,omitempty"`
	Took          float64           `json:"evaluationTime"`
	Last          time.Time         `json:"lastEvaluation"`
	Type          string            `json:"type"`
}

type groupJSON struct {
	Name     string     `json:"name"`
	File     string     `json:"file"`
	Rules    []ruleJSON `json:"rules"`
	Interval float64    `json:"interval"`
	Limit    int        `json:"limit"`
	Took     float64    `json:"evaluationTime"`
	Last     time.Time  `json:"lastEvaluation"`
}

func (s *Server) listRules(r *http.Request) (any, error) {
	s.now()
	groups, names := []groupJSON{}, r.Form["rule_name[]"]
	e := s.rules
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range e.groups {
		made := groupJSON{Name: g.name, File: rulesFile, Rules: []ruleJSON{}, Interval: evaluateEvery.Seconds(), Last: e.last}
		for _, one := range g.rules {
			if len(names) == 0 || slices.Contains(names, one.name) {
				made.Rules = append(made.Rules, one.json(e.last))
			}
		}
		groups = append(groups, made)
	}
	return map[string]any{"groups": groups}, nil
}

// json is the rule as the API has it. The evaluator's lock is held.
func (r *rule) json(last time.Time) ruleJSON {
	j := ruleJSON{
		State: "inactive", Name: r.name, Query: r.expr, Duration: r.hold.Seconds(), KeepFiringFor: 0,
		Labels: plain(r.labels), Annotations: plain(r.annotations), Alerts: alertsJSON(r.alerts()), Health: "ok", Last: last, Type: "alerting",
	}
	states := map[string]int{"inactive": 0, Pending: 1, Firing: 2}
	for a := range maps.Values(r.active) {
		j.State = slices.MaxFunc([]string{j.State, a.State}, func(x, y string) int { return cmp.Compare(states[x], states[y]) })
	}
	switch {
	case last.IsZero():
		j.Health = "unknown"
	case r.err != nil:
		j.Health, j.LastError = "err", r.err.Error()
	}
	return j
}

func plain(texts []text) map[string]string {
	all := map[string]string{}
	for _, t := range texts {
		all[t.name] = t.text
	}
	return all
}
