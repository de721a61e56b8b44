package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

const id = "5f66e09e-609f-48e9-95d2-fc88769187f2"

// What Alertmanager 0.25 answered: one alert that is active, one that is
// silenced, one that is inhibited.
const alerts = `[
{"annotations":{"summary":"a:1 is down"},"endsAt":"2026-11-24T07:32:52.632Z","fingerprint":"5e93ddb5a56eee50","receivers":[{"name":"none"}],"startsAt":"2026-11-24T07:27:51.632Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-24T07:28:52.633Z","generatorURL":"http://vm:29091/graph","labels":{"alertname":"InstanceDown","instance":"a:1","severity":"critical"}},
{"annotations":{},"endsAt":"2026-11-24T07:32:52.632Z","fingerprint":"6e93ddb5a56eee50","receivers":[{"name":"none"}],"startsAt":"2026-11-24T07:26:51.632Z","status":{"inhibitedBy":["x"],"silencedBy":["` + id + `"],"state":"suppressed"},"updatedAt":"2026-11-24T07:28:52.633Z","labels":{"alertname":"InstanceDown","instance":"b:1"}},
{"annotations":{"message":"slow"},"endsAt":"2026-11-24T07:32:52.632Z","fingerprint":"7e93ddb5a56eee50","receivers":[{"name":"none"}],"startsAt":"2026-11-24T07:26:51.632Z","status":{"inhibitedBy":["x"],"silencedBy":[],"state":"suppressed"},"updatedAt":"2026-11-24T07:28:52.633Z","labels":{"alertname":"Slow"}}]`

// silenceOf is a silence in the format of Alertmanager 0.25.
func silenceOf(state, comment string) string {
	return `{"id":"` + id + `","status":{"state":"` + state + `"},"updatedAt":"2026-11-24T07:29:01.794Z","comment":"` + comment +
		`","createdBy":"x","endsAt":"2026-11-24T23:00:00.000Z","matchers":[{"isEqual":true,"isRegex":false,"name":"alertname","value":"InstanceDown"}],"startsAt":"2026-11-24T07:29:01.794Z"}`
}

type answer struct {
	status int
	body   string
}

// replay answers "METHOD path" with what stands there; after 0 it hangs up.
type replay struct {
	mu      sync.Mutex
	answers map[string]answer
	asked   []string
	bodies  []string
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	request := req.Method + " " + req.URL.Path
	r.asked = append(r.asked, strings.TrimSuffix(request+"?"+req.URL.RawQuery, "?"))
	r.bodies = append(r.bodies, string(body))
	a, ok := r.answers[request]
	if ok && a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		a = answer{404, fmt.Sprintf(`{"code":404,"message":"path %s was not found"}`, req.URL.Path)}
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (r *replay) changes() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, request := range r.asked {
		if !strings.HasPrefix(request, "GET ") {
			n++
		}
	}
	return n
}

func serve(t *testing.T, answers map[string]answer) (action.Call, *replay) {
	t.Helper()
	r := &replay{answers: answers}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	call := actiontest.Call(t, map[string]any{"url": server.URL})
	call.Clock = quick{now: &now{at: time.Date(2026, 11, 24, 7, 30, 0, 0, time.UTC)}}
	return call, r
}

// quick is a clock on which waiting takes no time.
type quick struct{ now *now }

type now struct {
	mu sync.Mutex
	at time.Time
}

func (q quick) Now() time.Time {
	q.now.mu.Lock()
	defer q.now.mu.Unlock()
	return q.now.at
}

func (q quick) Sleep(ctx context.Context, d time.Duration) error {
	q.now.mu.Lock()
	defer q.now.mu.Unlock()
	q.now.at = q.now.at.Add(d)
	return ctx.Err()
}

func (q quick) WithTimeout(ctx context.Context, _ time.Duration) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func TestListAlerts(t *testing.T) {
	call, r := serve(t, map[string]answer{"GET /api/v2/alerts": {200, alerts}})
	for name, c := range map[string]struct {
		with    map[string]any
		summary string
	}{
		"active":    {nil, "1 alert: InstanceDown"},
		"silenced":  {map[string]any{"state": "silenced"}, "1 alert: InstanceDown"},
		"inhibited": {map[string]any{"state": "inhibited"}, "1 alert: Slow"},
		"any":       {map[string]any{"state": "any"}, "3 alerts: InstanceDown, Slow"},
	} {
		if got := actiontest.Run(t, ListAlerts, call, c.with); got.Summary != c.summary {
			t.Errorf("%s: %q", name, got.Summary)
		}
	}
	r.asked = nil
	o := actiontest.Run(t, ListAlerts, call, map[string]any{"name": "Instance\"Down", "labels": map[string]any{"severity": "critical"}}).Outputs
	first := o["alerts"].([]any)[0].(map[string]any)
	if first["summary"] != "a:1 is down" || first["labels"].(map[string]any)["instance"] != "a:1" || first["since"] != time.Date(2026, 11, 24, 7, 27, 51, 632e6, time.UTC) {
		t.Errorf("%v", first)
	}
	want := `GET /api/v2/alerts?active=true&filter=alertname%3D%22Instance%5C%22Down%22&filter=severity%3D%22critical%22&inhibited=true&silenced=true&unprocessed=true`
	if len(r.asked) != 1 || r.asked[0] != want {
		t.Errorf("asked %v", r.asked)
	}
}

var wanted = map[string]any{"matchers": map[string]any{"alertname": "InstanceDown"}, "for": 30 * time.Minute, "comment": "Restart"}

func TestCreateSilence(t *testing.T) {
	call, r := serve(t, map[string]answer{"POST /api/v2/silences": {200, `{"silenceID":"` + id + `"}`}})
	got := actiontest.Run(t, CreateSilence, call, wanted)
	if got.Outputs["id"] != id || got.Summary != "silence "+id+" until 2026-11-24 08:00 UTC" {
		t.Errorf("%v, %q", got.Outputs, got.Summary)
	}
	var sent map[string]any
	if err := json.Unmarshal([]byte(r.bodies[0]), &sent); err != nil {
		t.Fatal(err)
	}
	if sent["comment"] != "Restart (runbook run 20261124-test, step step)" || sent["createdBy"] != "runbook" ||
		sent["startsAt"] != "2026-11-24T07:30:00Z" || sent["endsAt"] != "2026-11-24T08:00:00Z" {
		t.Errorf("sent %s", r.bodies[0])
	}
	if !strings.Contains(r.bodies[0], `"matchers":[{"name":"alertname","value":"InstanceDown","isRegex":false,"isEqual":true}]`) {
		t.Errorf("sent %s", r.bodies[0])
	}
}

func TestCreateSilenceNeverSilencesAll(t *testing.T) {
	for _, matchers := range []map[string]any{{}, {"alertname": ""}} {
		call, r := serve(t, nil)
		bound := actiontest.Bind(t, CreateSilence, call, map[string]any{"matchers": matchers, "for": time.Hour, "comment": "c"})
		for name, try := range map[string]func() error{
			"run":      func() error { _, err := bound.Run(t.Context(), call); return err },
			"preview":  func() error { _, err := bound.Preview(t.Context(), call); return err },
			"subjects": func() error { _, err := bound.Subjects(t.Context(), call); return err },
		} {
			if err := try(); err == nil || action.ClassOf(err) != action.AppliedNot || len(r.asked) != 0 {
				t.Errorf("%s of %v: %v, asked %v", name, matchers, err, r.asked)
			}
		}
	}
}

func TestPreviewOfASilence(t *testing.T) {
	call, r := serve(t, map[string]answer{
		"GET /api/v2/alerts":   {200, alerts},
		"GET /api/v2/silences": {200, "[" + silenceOf("active", "by hand") + "]"},
	})
	call.DryRun = true
	bound := actiontest.Bind(t, CreateSilence, call, wanted)
	preview, err := bound.Preview(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	want := `silence alertname="InstanceDown" until 2026-11-24 08:00 UTC (30m); 1 active alert now; silenced already until 2026-11-24 23:00 UTC`
	if preview.Summary != want || len(preview.Touches) != 3 || preview.Touches[0].Note != "active, instance=a:1, severity=critical" {
		t.Errorf("%+v", preview)
	}
	if bound.Effect != action.Write || r.changes() != 0 {
		t.Errorf("effect %s, asked %v", bound.Effect, r.asked)
	}
}

func TestSettleOfASilence(t *testing.T) {
	own := "Restart (runbook run 20261124-test, step step)"
	for name, c := range map[string]struct {
		before, after string
		want          action.Applied
	}{
		"made":             {"[]", "[" + silenceOf("active", own) + "]", action.AppliedFully},
		"not made":         {"[]", "[]", action.AppliedNot},
		"another's":        {"[]", "[" + silenceOf("active", "by hand") + "]", action.AppliedNot},
		"ended":            {"[]", "[" + silenceOf("expired", own) + "]", action.AppliedNot},
		"of an earlier go": {"[" + silenceOf("active", own) + "]", "[" + silenceOf("active", own) + "]", action.AppliedNot},
		"no answer":        {"[]", "", action.AppliedLost},
	} {
		t.Run(name, func(t *testing.T) {
			call, r := serve(t, map[string]answer{"GET /api/v2/silences": {200, c.before}, "POST /api/v2/silences": {}})
			bound := actiontest.Bind(t, CreateSilence, call, wanted)
			subjects, err := bound.Subjects(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bound.Run(t.Context(), call); action.ClassOf(err) != action.AppliedLost || r.changes() != 1 {
				t.Fatalf("a lost reply: %v after %d changes", err, r.changes())
			}
			r.answers["GET /api/v2/silences"] = answer{200, c.after}
			applied, found, _ := bound.Settle(t.Context(), call, subjects)
			if applied != c.want || (applied == action.AppliedFully && found.Outputs["id"] != id) {
				t.Errorf("%s, %v", applied, found.Outputs)
			}
		})
	}
}

func TestExpireSilence(t *testing.T) {
	call, r := serve(t, map[string]answer{
		"GET /api/v2/silence/" + id:    {200, silenceOf("active", "c")},
		"DELETE /api/v2/silence/" + id: {200, ""},
	})
	bound := actiontest.Bind(t, ExpireSilence, call, map[string]any{"id": id})
	if !bound.Idempotent || bound.Effect != action.Write {
		t.Errorf("%+v", bound)
	}
	done, err := bound.Run(t.Context(), call)
	if err != nil || done.Outputs["already"] != false || done.Summary != `the silence of alertname="InstanceDown" is ended` || r.changes() != 1 {
		t.Errorf("%v, %v, asked %v", done, err, r.asked)
	}
	r.answers["GET /api/v2/silence/"+id] = answer{200, silenceOf("expired", "c")}
	done, err = bound.Run(t.Context(), call)
	if err != nil || done.Outputs["already"] != true || r.changes() != 1 {
		t.Errorf("%v, %v, asked %v", done, err, r.asked)
	}
	if preview, err := bound.Preview(t.Context(), call); err != nil || !strings.HasPrefix(preview.Summary, "nothing: ") {
		t.Errorf("%+v, %v", preview, err)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		get, post answer
		what      string
		applied   action.Applied
	}{
		"refused text":    {post: answer{400, `"Failed to create silence: start time must be before end time"`}, what: "the request is refused: Failed to create silence: start", applied: action.AppliedNot},
		"refused object":  {post: answer{422, `{"code":612,"message":"matchers in body should have at least 1 items"}`}, what: "the request is refused: matchers in body", applied: action.AppliedNot},
		"server":          {post: answer{500, `"disk full"`}, what: "the server failed: disk full", applied: action.AppliedLost},
		"not ready":       {post: answer{503, ""}, what: "the server is not ready (503)", applied: action.AppliedLost},
		"no Alertmanager": {post: answer{404, "404 page not found"}, what: "there is no API of alertmanager below this URL (404)", applied: action.AppliedNot},
		"password":        {post: answer{401, ""}, what: "the server asks for credentials (401)", applied: action.AppliedNot},
		"another type":    {post: answer{200, "[]"}, what: "the answer (200) is none of alertmanager: it is of another type: array", applied: action.AppliedLost},
		"a member":        {post: answer{200, `{"silenceID": 1}`}, what: "silenceID in it is of another type: number", applied: action.AppliedLost},
		"other":           {post: answer{200, "<html>"}, what: "the answer (200) is none of alertmanager: it is no JSON", applied: action.AppliedLost},
		"hangs up":        {post: answer{}, what: "the server closed the connection without an answer", applied: action.AppliedLost},
	} {
		t.Run(name, func(t *testing.T) {
			call, _ := serve(t, map[string]answer{"POST /api/v2/silences": c.post})
			_, err := actiontest.Bind(t, CreateSilence, call, wanted).Run(t.Context(), call)
			var f *action.Failure
			if !errors.As(err, &f) || !strings.Contains(f.What, c.what) || f.Applied != c.applied || !strings.HasPrefix(f.Where, "alertmanager at http://127.0.0.1:") {
				t.Errorf("%+v", err)
			}
		})
	}
}

func TestExpireOfNoSilence(t *testing.T) {
	call, _ := serve(t, map[string]answer{"GET /api/v2/silence/" + id: {404, ""}})
	_, err := actiontest.Bind(t, ExpireSilence, call, map[string]any{"id": id}).Run(t.Context(), call)
	if !errors.Is(err, errNoSilence) || action.ClassOf(err) != action.AppliedNot {
		t.Errorf("%v", err)
	}
	call, _ = serve(t, nil)
	_, err = actiontest.Bind(t, ExpireSilence, call, map[string]any{"id": id}).Run(t.Context(), call)
	if errors.Is(err, errNoSilence) || !strings.Contains(err.Error(), "there is no API of alertmanager") {
		t.Errorf("of another server: %v", err)
	}
}

func TestDryRunSendsNoChange(t *testing.T) {
	call, r := serve(t, map[string]answer{"GET /api/v2/silence/" + id: {200, silenceOf("active", "c")}})
	call.DryRun = true
	for a, with := range map[*action.Action]map[string]any{CreateSilence: wanted, ExpireSilence: {"id": id}} {
		if _, err := actiontest.Bind(t, a, call, with).Run(t.Context(), call); !errors.Is(err, action.ErrDryRun) {
			t.Errorf("%s: %v", a.Name, err)
		}
	}
	if r.changes() != 0 {
		t.Errorf("asked %v", r.asked)
	}
}

func TestMatchersAreWrittenAsAmtoolTakesThem(t *testing.T) {
	no := false
	got := matchersText([]matcher{{Name: "z", Value: "1"}, {Name: "b", Value: "x|y", IsRegex: true}, {Name: "c", Value: "q\"", IsEqual: &no}, {Name: "d", Value: "r", IsRegex: true, IsEqual: &no}})
	if got != `b=~"x|y", c!="q\"", d!~"r", z="1"` {
		t.Error(got)
	}
}

func TestUnreachable(t *testing.T) {
	scheme := map[bool]string{false: "http://", true: "https://"}
	actiontest.Unreachable(t, CreateSilence, wanted, func(address string, tls bool) map[string]any {
		return map[string]any{"url": scheme[tls] + address}
	})
}
