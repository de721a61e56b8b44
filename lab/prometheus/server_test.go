package prometheus_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/model"
	"runbook/lab/prometheus"
	"runbook/playbooks"
)

// lab is a model that Prometheus watches.
type lab struct {
	*prometheus.Server
	t     *testing.T
	clock *clock.Clock
	model *model.Model
	fired map[string]bool // until now
}

func start(t *testing.T, seed uint64) *lab {
	t.Helper()
	l := &lab{t: t, clock: clock.Step(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC), 0), fired: map[string]bool{}}
	g := gate.New("prometheus", l.clock, &gate.Log{})
	l.model = model.New(seed, l.clock.Now)
	var err error
	if l.Server, err = prometheus.Serve(l.model, g, "127.0.0.1:0", playbooks.AlertRules()); err != nil {
		t.Fatal(err)
	}
	l.OnChange(func(name string, firing bool, _ time.Time) { l.fired[name] = l.fired[name] || firing })
	t.Cleanup(func() {
		l.Close()
		g.Close()
		l.clock.Close()
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t)
	})
	return l
}

func (l *lab) pass(d time.Duration) {
	l.clock.Advance(d)
	l.model.Look(func(*model.World) {})
}

func (l *lab) inject(fault string, o model.Options) {
	l.t.Helper()
	l.model.Change(func(w *model.World) {
		if err := w.Inject(fault, o); err != nil {
			l.t.Error(err)
		}
	})
}

// get returns the answer to a request, and its status.
func (l *lab) get(path string, parameters ...string) (string, int) {
	l.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	response, err := http.Get("http://" + l.Addr() + path + "?" + values.Encode())
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(body), response.StatusCode
}

// TestFaultsAlert wants of each fault exactly the alerts that tell of it.
func TestFaultsAlert(t *testing.T) {
	want := map[string][]string{
		"memory-leak":          {"HighMemoryUsage"},
		"memory-leak returns":  {"HighMemoryUsage"},
		"cache-leak":           {"HighMemoryUsage"},
		"pool-exhaustion":      {"HighErrorRate", "HighLatency", "PoolExhaustion", "PoolWait"},
		"n-plus-one":           {"HighLatency"},
		"api-down":             {"APIDown"},
		"bad-deploy":           {"HighErrorRate"},
		"cpu-hot":              {"HighCPU", "HighLatency"},
		"cpu-hot loop":         {"HighCPU", "HighLatency"},
		"redis-down":           {"HighErrorRate", "HighLatency", "LowCacheHitRate", "RedisDown"},
		"mongo-down":           {"HighErrorRate", "MongoDown"},
		"slow-queries":         {"HighLatency", "SlowQueries"},
		"missing-index":        {"HighLatency", "SlowQueries"},
		"cache-churn":          {"CacheEvictions", "LowCacheHitRate"},
		"stuck-downloads":      {"DownloadFailures"},
		"stuck-downloads hung": {"DownloadFailures", "QueueBacklog"},
		"stuck-downloads lost": {"DownloadFailures"},
		"worker-down":          {"WorkerDown"},
		"queue-backlog":        {"QueueBacklog"},
		"disk-full":            {"HighDiskUsage"},
		"data-loss":            nil,
		"intruder":             nil,
		"insecure-container":   nil,
		"none":                 nil,
	}
	for _, f := range model.Faults() {
		if f.AtConnection() {
			continue
		}
		for _, option := range append([]string{""}, f.Options...) {
			name, o := f.Name, model.Options{}
			if option != "" {
				name, o = name+" "+option, model.Options{option: true}
			}
			t.Run(name, func(t *testing.T) {
				alerts, known := want[name]
				if !known {
					t.Fatalf("add the alerts that tell of it to this test: %q: {…}, nil for none", name)
				}
				l := start(t, 1)
				l.pass(10 * time.Minute)
				l.inject(f.Name, o)
				l.pass(f.Settles + 2*time.Minute)
				if fired := slices.Sorted(maps.Keys(l.fired)); !slices.Equal(fired, alerts) {
					t.Errorf("fired %v, want %v", fired, alerts)
				}
			})
		}
	}
}

func TestAHealthyHourIsQuiet(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := start(t, seed)
			l.pass(time.Hour)
			if len(l.fired) > 0 || len(l.Alerts()) > 0 {
				t.Errorf("fired %v, now %v", l.fired, l.Alerts())
			}
		})
	}
}

func TestAnAlertPendsFiresAndEnds(t *testing.T) {
	l := start(t, 1)
	l.pass(5 * time.Minute)
	l.inject("redis-down", nil)
	l.pass(16 * time.Second)
	state := func() string {
		for _, a := range l.Alerts() {
			if a.Name == "RedisDown" {
				return a.State
			}
		}
		return ""
	}
	if got := state(); got != prometheus.Pending {
		t.Errorf("after 16s it is %q", got)
	}
	l.pass(31 * time.Second)
	if got := state(); got != prometheus.Firing {
		t.Errorf("after 47s it is %q", got)
	}
	if text, _ := l.get("/api/v1/query", "query", `ALERTS{alertname="RedisDown"}`); !strings.Contains(text, `"alertstate":"firing"`) || strings.Contains(text, "pending") {
		t.Error(text)
	}
	l.model.Change(func(w *model.World) { _ = w.Heal("redis-down") })
	l.pass(30 * time.Second)
	if got := state(); got != "" {
		t.Errorf("healed it is %q", got)
	}
	if text, _ := l.get("/api/v1/query", "query", `ALERTS{alertname="RedisDown"}`); !strings.Contains(text, `"result":[]`) {
		t.Error(text)
	}
}

func TestAnswers(t *testing.T) {
	l := start(t, 1)
	l.pass(10*time.Minute + 2*time.Second)
	for _, c := range []struct {
		path, parameters string
		status           int
		want             string
	}{
		{"/-/ready", "", 200, "Prometheus Server is Ready.\n"},
		{"/api/v1/query", `query=up{job="app"}`, 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"app:9090","job":"app"},"value":[1767604202.`},
		{"/api/v1/query", `query=count(up == 1)&time=1767604200`, 200, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1767604200,"6"]}]}}`},
		{"/api/v1/query", `query=scalar(sum(up))&time=1767604200`, 200, `{"resultType":"scalar","result":[1767604200,"6"]}`},
		{"/api/v1/query", `query=up{job="none"}`, 200, `{"status":"success","data":{"resultType":"vector","result":[]}}`},
		{"/api/v1/query", `query=sum(rate(mltb_http_requests_total{status="2xx"}[5m])) > bool 10`, 200, `"1"]`},
		{"/api/v1/query", `query=histogram_quantile(0.9, rate(mltb_query_duration_seconds_bucket[5m])) < 0.1`, 200, `"instance":"app:9090"`},
		{"/api/v1/query", `query=predict_linear(container_memory_usage_bytes{name="mltb-app-1"}[5m], 600)`, 200, `"name":"mltb-app-1"`},
		{"/api/v1/query", `query=node_filesystem_avail_bytes offset 1h`, 200, `"result":[]`},
		{"/api/v1/query", `query=sum((`, 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:6: parse error: unclosed left parenthesis"}`},
		{"/api/v1/query", `query=up&time=soon`, 400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": Invalid time value for 'time': cannot parse \"soon\" to a valid timestamp"}`},
		{"/api/v1/query", `query=up + on(job) group_left() ALERTS or up / on() up`, 422, `"errorType":"execution"`},
		{"/api/v1/query_range", `query=sum(up)&start=1767604190&end=1767604200&step=5`, 200, `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1767604190,"6"],[1767604195,"6"],[1767604200,"6"]]}]}}`},
		{"/api/v1/query_range", `query=none&start=1767604190&end=1767604200&step=5`, 200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`},
		{"/api/v1/query_range", `query=up&start=1767604190&end=1767604100&step=5`, 400, `invalid parameter \"end\": end timestamp must not be before start time`},
		{"/api/v1/query_range", `query=up&start=1&end=1767604100&step=5`, 400, `exceeded maximum resolution of 11,000 points per timeseries`},
		{"/api/v1/targets", ``, 200, `"scrapePool":"app","scrapeUrl":"http://app:9090/metrics","globalUrl":"http://app:9090/metrics","lastError":"","lastScrape":"2026-01-05T09:10:01Z"`},
		{"/api/v1/rules", `rule_name[]=HighMemoryUsage`, 200, `{"state":"inactive","name":"HighMemoryUsage","query":"container_memory_usage_bytes / (container_spec_memory_limit_bytes \u003e 0) \u003e 0.85","duration":60,"keepFiringFor":0,"labels":{"severity":"warning"}`},
		{"/api/v1/alerts", ``, 200, `{"status":"success","data":{"alerts":[]}}`},
		{"/api/v1/nothing", ``, 404, "404 page not found\n"},
	} {
		var parameters []string
		for _, p := range strings.Split(c.parameters, "&") {
			if name, value, ok := strings.Cut(p, "="); ok {
				parameters = append(parameters, name, value)
			}
		}
		if got, status := l.get(c.path, parameters...); status != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %d %s\nwant %s", c.path, c.parameters, status, got, c.want)
		}
	}
}

func TestATargetThatIsDownIsStale(t *testing.T) {
	l := start(t, 1)
	l.pass(5 * time.Minute)
	l.inject("api-down", nil)
	l.pass(11 * time.Second)
	if text, _ := l.get("/api/v1/query", "query", `count({job="app"}) unless count(up)`); !strings.Contains(text, `"result":[]`) {
		t.Error(text)
	}
	if text, _ := l.get("/api/v1/query", "query", `mltb_workers`); !strings.Contains(text, `"result":[]`) {
		t.Errorf("what the target told before: %s", text)
	}
	if text, _ := l.get("/api/v1/targets"); !strings.Contains(text, `"lastError":"Get \"http://app:9090/metrics\": context deadline exceeded"`) || !strings.Contains(text, `"health":"down"`) {
		t.Error(text)
	}
}

func TestTwoHoursAreKept(t *testing.T) {
	l := start(t, 1)
	l.pass(3 * time.Hour)
	if text, _ := l.get("/api/v1/query", "query", `count_over_time(redis_up[3h])`); !strings.Contains(text, `"1441"`) {
		t.Error(text)
	}
}

func TestRefusesRulesThatAreNone(t *testing.T) {
	c := clock.Step(time.Now(), 0)
	defer c.Close()
	for rules, want := range map[string]string{
		"groups: [{name: g, rules: [{alert: A, expr: \"up ==\"}]}]":                  `rule "A" of group "g": expr: `,
		"groups: [{name: g, rules: [{record: A, expr: up}]}]":                        "read the rules: ",
		"groups: [{name: g, rules: [{alert: A, expr: up, for: soon}]}]":              "not a valid duration",
		"groups: [{name: g, rules: [{alert: A, expr: up, labels: {a: \"{{ . \"}}]}]": `rule "A" of group "g": template`,
	} {
		_, err := prometheus.Serve(model.New(1, c.Now), gate.New("prometheus", c, &gate.Log{}), "127.0.0.1:0", []byte(rules))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", rules, err, want)
		}
	}
}
