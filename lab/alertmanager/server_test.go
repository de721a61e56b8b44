package alertmanager_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"runbook/lab/alertmanager"
	"runbook/lab/clock"
	"runbook/lab/gate"
	"runbook/lab/prometheus"
)

// start is the time of the lab when a test begins.
var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// source has two alerts that fire and one that does not.
type source struct{}

// Alerts are those.
func (source) Alerts() []prometheus.Alert {
	one := func(name, severity, state string) prometheus.Alert {
		return prometheus.Alert{
			Name: name, State: state, Labels: map[string]string{"alertname": name, "severity": severity}, Annotations: map[string]string{"summary": "It is so"},
			FiredAt: start.Add(-time.Minute), EvaluatedAt: start, Expr: "up == 0",
		}
	}
	return []prometheus.Alert{one("APIDown", "critical", "firing"), one("HighCPU", "warning", "firing"), one("RedisDown", "critical", "pending")}
}

// lab is an Alertmanager and a client of it.
type lab struct {
	t     *testing.T
	clock *clock.Clock
	url   string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	c := clock.Step(start, 0)
	g := gate.New("alertmanager", c, &gate.Log{})
	at, err := alertmanager.Serve(source{}, g, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		c.Close()
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t)
	})
	return &lab{t, c, "http://" + at.String()}
}

// ask returns the status of an answer and its text: "200 []".
func (l *lab) ask(method, path, body string) string {
	l.t.Helper()
	request, err := http.NewRequest(method, l.url+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		l.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return fmt.Sprint(response.StatusCode, " ", strings.TrimSpace(string(text)))
}

// silence makes a silence of some minutes and returns its ID.
func (l *lab) silence(matchers string, minutes int) string {
	l.t.Helper()
	now := l.clock.Now()
	got := l.ask("POST", "/api/v2/silences", fmt.Sprintf(`{"matchers":[%s],"startsAt":%q,"endsAt":%q,"createdBy":"me","comment":"c"}`,
		matchers, now.Format(time.RFC3339Nano), now.Add(time.Duration(minutes)*time.Minute).Format(time.RFC3339Nano)))
	id, ok := strings.CutPrefix(got, `200 {"silenceID":"`)
	if !ok {
		l.t.Fatal(got)
	}
	return strings.TrimSuffix(id, `"}`)
}

// alerts are the names of the alerts that a query finds.
func (l *lab) alerts(query string) string {
	l.t.Helper()
	text, names := l.ask("GET", "/api/v2/alerts?"+query, ""), ""
	for _, name := range []string{"APIDown", "HighCPU", "RedisDown", "Posted"} {
		if strings.Contains(text, `"alertname":"`+name+`"`) {
			names += name + " "
		}
	}
	return strings.TrimSpace(names)
}

func TestSilences(t *testing.T) {
	for matchers, active := range map[string]string{
		`{"name":"alertname","value":"APIDown","isRegex":false}`:                                                                  "HighCPU",
		`{"name":"alertname","value":"API.*|X","isRegex":true}`:                                                                   "HighCPU",
		`{"name":"alertname","value":"API","isRegex":true}`:                                                                       "APIDown HighCPU",
		`{"name":"severity","value":"critical","isRegex":false,"isEqual":false},{"name":"alertname","value":".+","isRegex":true}`: "APIDown",
		`{"name":"severity","value":"crit.*","isRegex":true,"isEqual":false},{"name":"alertname","value":".+","isRegex":true}`:    "APIDown",
		`{"name":"alertname","value":".+","isRegex":true}`:                                                                        "",
		`{"name":"severity","value":"warning","isRegex":false},{"name":"alertname","value":"APIDown","isRegex":false}`:            "APIDown HighCPU",
		`{"name":"alertname","value":"APIDown","isRegex":false},{"name":"no_such_label","value":"","isRegex":false}`:              "HighCPU",
	} {
		t.Run(matchers, func(t *testing.T) {
			l := newLab(t)
			id := l.silence(matchers, 10)
			if got := l.alerts("silenced=false"); got != active {
				t.Errorf("active %q, want %q", got, active)
			}
			if got := l.alerts(""); got != "APIDown HighCPU" {
				t.Errorf("all are %q", got)
			}
			l.clock.Advance(10 * time.Minute)
			if got := l.alerts("silenced=false"); got != "APIDown HighCPU" {
				t.Errorf("after its end %q", got)
			}
			if got := l.ask("GET", "/api/v2/silence/"+id, ""); !strings.Contains(got, `"state":"expired"`) {
				t.Error(got)
			}
		})
	}
}

func TestASilenceIsEndedAndReplaced(t *testing.T) {
	l := newLab(t)
	id := l.silence(`{"name":"alertname","value":"APIDown","isRegex":false}`, 10)
	if got := l.alerts("active=false"); got != "APIDown" {
		t.Errorf("silenced %q", got)
	}
	if got := l.ask("GET", "/api/v2/silences?filter=alertname%3D%22APIDown%22", ""); !strings.Contains(got, id) || !strings.Contains(got, `"endsAt":"2026-01-05T09:10:00.000Z"`) {
		t.Error(got)
	}
	if got := l.ask("GET", "/api/v2/silences?filter=alertname%3D%22HighCPU%22", ""); got != "200 []" {
		t.Error(got)
	}
	other := fmt.Sprintf(`{"id":%q,"matchers":[{"name":"alertname","value":"HighCPU","isRegex":false}],"startsAt":"2026-01-05T09:00:00Z","endsAt":"2026-01-05T10:00:00Z","createdBy":"me","comment":"c"}`, id)
	if got := l.ask("POST", "/api/v2/silences", other); strings.Contains(got, id) || !strings.HasPrefix(got, "200 ") {
		t.Errorf("replaced: %s", got)
	}
	if got := l.alerts("active=false"); got != "HighCPU" {
		t.Errorf("silenced now %q", got)
	}
	if got := l.ask("DELETE", "/api/v2/silence/"+id, ""); got != "200 " {
		t.Error(got)
	}
}

func TestAnswers(t *testing.T) {
	l := newLab(t)
	const none = "00000000-0000-4000-8000-000000000000"
	body := func(id, matchers, from, to string) string {
		return fmt.Sprintf(`{"id":%q,"matchers":[%s],"startsAt":%q,"endsAt":%q,"createdBy":"me","comment":"c"}`, id, matchers, from, to)
	}
	const matcher, from, to = `{"name":"a","value":"b","isRegex":false}`, "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/-/healthy", "", "200 OK"},
		{"GET", "/-/ready", "", "200 OK"},
		{"GET", "/api/v2/status", "", `"version":"0.27.0"`},
		{"GET", "/api/v2/alerts?filter=severity%3D%22critical%22", "", `"receivers":[{"name":"operators"}],"startsAt":"2026-01-05T08:59:00.000Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-01-05T09:00:00.000Z","generatorURL":"http://prometheus:9090/graph?g0.expr=up+%3D%3D+0\u0026g0.tab=1","labels":{"alertname":"APIDown","severity":"critical"}}]`},
		{"GET", "/api/v2/alerts?filter=bad", "", `400 "bad matcher format: bad"`},
		{"GET", "/api/v2/alerts?receiver=nobody", "", "200 []"},
		{"GET", "/api/v2/silence/" + none, "", "404 "},
		{"GET", "/api/v2/silence/abc", "", `422 {"code":601,"message":"silenceID in path must be of type uuid: \"abc\""}`},
		{"DELETE", "/api/v2/silence/" + none, "", "404 "},
		{"GET", "/api/v2/nope", "", `404 {"code":404,"message":"path /api/v2/nope was not found"}`},
		{"POST", "/api/v2/silences", `{}`, `422 {"code":602,"message":"comment in body is required"}`},
		{"POST", "/api/v2/silences", `{bad`, `400 {"code":400,"message":"parsing silence body from \"\" failed, because invalid character 'b' looking for beginning of object key string"}`},
		{"POST", "/api/v2/silences", body("", "", from, to), `422 {"code":612,"message":"matchers in body should have at least 1 items"}`},
		{"POST", "/api/v2/silences", body("", matcher, to, from), `400 "Failed to create silence: start time must be before end time"`},
		{"POST", "/api/v2/silences", body("", matcher, "2025-01-05T09:00:00Z", "2025-01-05T10:00:00Z"), `400 "Failed to create silence: end time can't be in the past"`},
		{"POST", "/api/v2/silences", body("", `{"name":"a","value":"(","isRegex":true}`, from, to), "400 \"silence invalid: invalid label matcher 0: invalid regular expression \\\"(\\\": error parsing regexp: missing closing ): `(`\""},
		{"POST", "/api/v2/silences", body("", `{"name":"a","value":"","isRegex":false}`, from, to), `400 "silence invalid: at least one matcher must not match the empty string"`},
		{"POST", "/api/v2/silences", body(none, matcher, from, to), `404 "silence not found"`},
	} {
		if got := l.ask(c.method, c.path, c.body); !strings.Contains(got, c.want) {
			t.Errorf("%s %s %s: %s\nwant %s", c.method, c.path, c.body, got, c.want)
		}
	}
}
