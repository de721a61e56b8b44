package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/engine/schema"
)

// replay answers each path with what Prometheus 2.42 answered, and notes the
// requests: "POST /api/v1/query query=up".
type replay struct {
	status  int
	answers map[string]string
	asked   []string
	header  http.Header
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.asked = append(r.asked, req.Method+" "+req.URL.Path+" query="+req.FormValue("query"))
	r.header = req.Header.Clone()
	w.Header().Set("Content-Type", "application/json")
	if r.status != 0 {
		w.WriteHeader(r.status)
	}
	fmt.Fprint(w, r.answers[req.URL.Path])
}

func serve(t *testing.T, status int, path, answer string, more ...any) (action.Call, *replay) {
	t.Helper()
	r := &replay{status: status, answers: map[string]string{path: answer}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	target := map[string]any{"url": server.URL}
	for i := 0; i < len(more); i += 2 {
		target[more[i].(string)] = more[i+1]
	}
	return actiontest.Call(t, target), r
}

func success(data string) string { return `{"status":"success","data":` + data + `}` }

func TestQuery(t *testing.T) {
	for name, c := range map[string]struct {
		data               string
		value, low, high   any
		count, notNumbers  int
		summary, unfitWhat string
	}{
		"one":       {data: `{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"app"},"value":[1795505271.591,"1"]}]}`, value: 1.0, low: 1.0, high: 1.0, count: 1, summary: "1"},
		"two":       {data: `{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1795505271.591,"0.25"]},{"metric":{"job":"b"},"value":[1795505271.591,"48211"]}]}`, low: 0.25, high: 48211.0, count: 2, summary: "2 samples from 0.25 to 48,211"},
		"none":      {data: `{"resultType":"vector","result":[]}`, summary: "no sample"},
		"NaN":       {data: `{"resultType":"vector","result":[{"metric":{},"value":[1795505271.624,"NaN"]}]}`, count: 1, notNumbers: 1, summary: "1 sample, no number (NaN or infinite)"},
		"infinite":  {data: `{"resultType":"vector","result":[{"metric":{},"value":[1795505271.624,"+Inf"]},{"metric":{"job":"b"},"value":[1795505271.624,"3"]}]}`, low: 3.0, high: 3.0, count: 2, notNumbers: 1, summary: "2 samples from 3 to 3"},
		"scalar":    {data: `{"resultType":"scalar","result":[1795505271.598,"1.5"]}`, value: 1.5, low: 1.5, high: 1.5, count: 1, summary: "1.5"},
		"text":      {data: `{"resultType":"string","result":[1795505271.605,"x"]}`, unfitWhat: "the query gives text"},
		"nothing":   {data: `null`, unfitWhat: "the answer holds no result"},
		"range":     {data: `{"resultType":"matrix","result":[{"metric":{},"values":[[1795505270.918,"0"]]}]}`, unfitWhat: "a range of values for each series"},
		"histogram": {data: `{"resultType":"vector","result":[{"metric":{},"histogram":[1795505270.918,{"count":"1","sum":"2","buckets":[[0,"1","2","1"]]}]}]}`, unfitWhat: "the query gives histograms"},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := serve(t, 0, "/api/v1/query", success(c.data))
			result, err := actiontest.Bind(t, Query, call, map[string]any{"query": "up"}).Run(t.Context(), call)
			if c.unfitWhat != "" {
				var f *action.Failure
				if !errors.As(err, &f) || !strings.Contains(f.What, c.unfitWhat) || !f.Final || len(f.Do) == 0 {
					t.Errorf("%#v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			o := result.Outputs
			if o["value"] != c.value || o["min"] != c.low || o["max"] != c.high || o["count"] != c.count || o["not_numbers"] != c.notNumbers || result.Summary != c.summary {
				t.Errorf("%v, summary %q", o, result.Summary)
			}
		})
	}
}

func TestQueryKeepsABoundedNumberOfSamples(t *testing.T) {
	var result strings.Builder
	for i := range 2500 {
		fmt.Fprintf(&result, `,{"metric":{"i":"%d"},"value":[1795505271.591,"%d"]}`, i, i)
	}
	call, _ := serve(t, 0, "/api/v1/query", success(`{"resultType":"vector","result":[`+result.String()[1:]+`]}`))
	o := actiontest.Run(t, Query, call, map[string]any{"query": "x"}).Outputs
	if o["count"] != 2500 || len(o["samples"].([]any)) != keptSamples || o["max"] != 2499.0 {
		t.Errorf("%v of %v samples, max %v", len(o["samples"].([]any)), o["count"], o["max"])
	}
}

func TestQuerySendsTimeWarningsAndCredentials(t *testing.T) {
	answer := `{"status":"success","warnings":["a store is away"],"data":{"resultType":"vector","result":[]}}`
	call, r := serve(t, 0, "/api/v1/query", answer, "token", schema.NewSecret("prom_token", "token-of-test"), "headers", map[string]any{"X-Scope-OrgID": "shop"})
	o := actiontest.Run(t, Query, call, map[string]any{"query": "up", "time": time.Unix(1795505271, 0)}).Outputs
	if warnings := o["warnings"].([]any); len(warnings) != 1 || warnings[0] != "a store is away" {
		t.Errorf("warnings %v", warnings)
	}
	if r.header.Get("Authorization") != "Bearer token-of-test" || r.header.Get("X-Scope-OrgID") != "shop" || r.asked[0] != "POST /api/v1/query query=up" {
		t.Errorf("%v, header %v", r.asked, r.header)
	}
}

const matrix = `{"resultType":"matrix","result":[
	{"metric":{"job":"a"},"values":[[1795505270,"10"],[1795505280,"20"],[1795505290,"NaN"],[1795505300,"40"]]},
	{"metric":{"job":"b"},"values":[[1795505270,"NaN"]]}%s]}`

func TestQueryRange(t *testing.T) {
	call, r := serve(t, 0, "/api/v1/query_range", success(fmt.Sprintf(matrix, "")))
	result := actiontest.Run(t, QueryRange, call, map[string]any{"query": "x", "for": time.Minute, "every": 10 * time.Second})
	o := result.Outputs
	if o["count"] != 1 || o["empty"] != 1 || o["points"] != 3 || o["min"] != 10.0 || o["max"] != 40.0 || o["last"] != 40.0 || o["slope_per_second"] != 1.0 {
		t.Errorf("%v", o)
	}
	series := o["series"].([]any)[0].(map[string]any)
	if series["first"] != 10.0 || series["last"] != 40.0 || series["slope_per_second"] != 1.0 || series["mean"].(float64) < 23.3 || series["mean"].(float64) > 23.4 {
		t.Errorf("series %v", series)
	}
	if result.Summary != "3 points from 10 to 40, last 40" || !strings.HasPrefix(r.asked[0], "POST /api/v1/query_range") {
		t.Errorf("summary %q, asked %v", result.Summary, r.asked)
	}
	call, _ = serve(t, 0, "/api/v1/query_range", success(fmt.Sprintf(matrix, `,{"metric":{"job":"c"},"values":[[1795505270,"-5"]]}`)))
	result = actiontest.Run(t, QueryRange, call, map[string]any{"query": "x"})
	if o := result.Outputs; o["count"] != 2 || o["last"] != nil || o["slope_per_second"] != nil || o["min"] != -5.0 || result.Summary != "2 series from -5 to 40" {
		t.Errorf("%v, summary %q", o, result.Summary)
	}
}

func TestQueryRangeHasFewEnoughPoints(t *testing.T) {
	call, r := serve(t, 0, "/", "")
	_, err := actiontest.Bind(t, QueryRange, call, map[string]any{"query": "x", "for": 24 * time.Hour, "every": time.Second}).Run(t.Context(), call)
	if err == nil || !strings.Contains(err.Error(), "86,401 points") || !strings.Contains(err.Error(), "take 8s") || len(r.asked) != 0 {
		t.Errorf("%v, asked %v", err, r.asked)
	}
}

const alerts = `{"alerts":[
	{"labels":{"alertname":"InstanceDown","instance":"b:1","severity":"critical"},"annotations":{"summary":"b:1 is down"},"state":"firing","activeAt":"2026-11-24T07:27:51.632510205Z","value":"0e+00"},
	{"labels":{"alertname":"InstanceDown","instance":"a:1","severity":"critical"},"annotations":{},"state":"firing","activeAt":"2026-11-24T07:20:51Z","value":"NaN"},
	{"labels":{"alertname":"Slow"},"annotations":{"description":"It is slow"},"state":"pending","activeAt":"2026-11-24T07:27:51Z","value":"5.5e+00"}]}`

func TestListAlerts(t *testing.T) {
	for name, c := range map[string]struct {
		with    map[string]any
		summary string
	}{
		"firing":  {nil, "2 alerts: InstanceDown"},
		"pending": {map[string]any{"state": "pending"}, "1 alert: Slow"},
		"any":     {map[string]any{"state": "any"}, "3 alerts: InstanceDown, Slow"},
		"name":    {map[string]any{"name": "Slow"}, "no alert"},
		"labels":  {map[string]any{"labels": map[string]any{"instance": "b:1"}}, "1 alert: InstanceDown"},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := serve(t, 0, "/api/v1/alerts", success(alerts))
			if got := actiontest.Run(t, ListAlerts, call, c.with); got.Summary != c.summary {
				t.Errorf("%q", got.Summary)
			}
		})
	}
	call, _ := serve(t, 0, "/api/v1/alerts", success(alerts))
	list := actiontest.Run(t, ListAlerts, call, map[string]any{"state": "any"}).Outputs["alerts"].([]any)
	oldest, newer, slow := list[0].(map[string]any), list[1].(map[string]any), list[2].(map[string]any)
	if oldest["value"] != nil || newer["value"] != 0.0 || newer["summary"] != "b:1 is down" || slow["value"] != 5.5 || slow["summary"] != "It is slow" {
		t.Errorf("%v", list)
	}
	if labels := newer["labels"].(map[string]any); labels["alertname"] != nil || labels["instance"] != "b:1" {
		t.Errorf("labels %v", labels)
	}
}

const targets = `{"activeTargets":[
	{"discoveredLabels":{},"labels":{"instance":"b:1","job":"app"},"scrapePool":"app","lastError":"connection refused","lastScrape":"2026-11-24T07:27:50.9Z","lastScrapeDuration":0.0004,"health":"down"},
	{"discoveredLabels":{},"labels":{"instance":"a:1","job":"app"},"scrapePool":"app","lastError":"","lastScrape":"2026-11-24T07:27:50.7Z","lastScrapeDuration":0.004,"health":"up"},
	{"discoveredLabels":{},"labels":{"instance":"c:1","job":"new"},"scrapePool":"new","lastError":"","lastScrape":"0001-01-01T00:00:00Z","lastScrapeDuration":0,"health":"unknown"}],"droppedTargets":[]}`

func TestListTargets(t *testing.T) {
	call, _ := serve(t, 0, "/api/v1/targets", success(targets))
	all := actiontest.Run(t, ListTargets, call, nil)
	if first := all.Outputs["targets"].([]any)[0].(map[string]any); all.Summary != "1 up, 1 down, 1 not scraped yet" || first["instance"] != "a:1" {
		t.Errorf("%q, %v", all.Summary, all.Outputs)
	}
	down := actiontest.Run(t, ListTargets, call, map[string]any{"only_down": true, "job": "app"})
	list := down.Outputs["targets"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["last_error"] != "connection refused" || down.Outputs["up"] != 1 {
		t.Errorf("%v", down.Outputs)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		answer      string
		what, tried string
		final       bool
	}{
		"bad PromQL":  {400, `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:6: parse error: unclosed left parenthesis"}`, "the query is refused: 1:6: parse error: unclosed left parenthesis", "POST /api/v1/query, once, 400", true},
		"evaluation":  {422, `{"status":"error","errorType":"execution","error":"found duplicate series"}`, "the query could not be evaluated: found duplicate series", "422", false},
		"slow":        {503, `{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}`, "the server gave the query up: query timed out", "503", false},
		"starts":      {503, "Service Unavailable", "the server is not ready (503): Service Unavailable", "503", false},
		"forbidden":   {403, "no", "the credentials were refused (403)", "as user ann with (secret prom_password)", true},
		"none":        {404, "404 page not found", "there is no API of prometheus below this URL (404)", "404", true},
		"broken":      {500, "oops", "the server answered 500", "500", false},
		"other":       {200, "<html>", "the answer (200) is none of prometheus", "200", false},
		"login page":  {302, "", "it answered with a redirect (302)", "302", true},
		"wrong shape": {200, success(`{"resultType":"vector","result":{}}`), "the answer (200) is none of prometheus", "200", false},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := serve(t, c.status, "/api/v1/query", c.answer, "username", "ann", "password", schema.NewSecret("prom_password", "hunter2222"))
			_, err := actiontest.Bind(t, Query, call, map[string]any{"query": "it's"}).Run(t.Context(), call)
			var f *action.Failure
			if !errors.As(err, &f) {
				t.Fatalf("%v is no failure", err)
			}
			if !strings.Contains(f.What, c.what) || !strings.Contains(f.Tried, c.tried) || f.Final != c.final || !strings.HasPrefix(f.Where, "prometheus at http://127.0.0.1:") {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestQueryIsGivenUpWithItsContext(t *testing.T) {
	asked := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		close(asked)
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	call := actiontest.Call(t, map[string]any{"url": server.URL})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	_, err := actiontest.Bind(t, Query, call, map[string]any{"query": "up"}).Run(ctx, call)
	var f *action.Failure
	if !errors.As(err, &f) || !strings.HasPrefix(f.What, "cancelled after ") || !strings.Contains(f.Tried, "request sent, no first byte") {
		t.Errorf("%+v", err)
	}
}

func TestOnlyReadsPassInADryRun(t *testing.T) {
	for request, want := range map[string]bool{
		"GET /api/v1/alerts": true, "HEAD /-/ready": true, "POST /api/v1/query": true, "POST /api/v1/query_range": true, "POST /api/v1/series": true, "POST /api/v1/labels": true,
		"POST /api/v1/admin/tsdb/snapshot": false, "PUT /-/reload": false, "POST /-/quit": false, "DELETE /api/v1/series": false, "POST /api/v1/query/": false, "get /api/v1/query": false,
	} {
		method, path, _ := strings.Cut(request, " ")
		if isRead(method, path) != want {
			t.Errorf("%s: %v", request, !want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	scheme := map[bool]string{false: "http://", true: "https://"}
	actiontest.Unreachable(t, Query, map[string]any{"query": "up"}, func(address string, tls bool) map[string]any {
		return map[string]any{"url": scheme[tls] + address}
	})
}
