package docker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/engine/action"
)

var byApp = map[string]any{"container": "app"}

func TestRestart(t *testing.T) {
	f := newFake(t, app())
	call := f.call(t)
	b := bound(t, Restart, call, byApp)
	p, err := b.Preview(context.Background(), call)
	if err != nil {
		t.Fatal(err)
	}
	if want := "container app (3f9c2b71a0de, mltb/app:1.42): stop within 10s, start; interrupts app"; p.Summary != want || !slices.Equal(p.Interrupts, []string{"app"}) {
		t.Errorf("preview %q, %v", p.Summary, p.Interrupts)
	}
	if want := (action.Object{Kind: "container", Name: "app", ID: "3f9c2b71a0de", Note: "mltb/app:1.42"}); !slices.Equal(p.Touches, []action.Object{want}) {
		t.Errorf("touches %+v", p.Touches)
	}
	before, err := b.Subjects(context.Background(), call)
	if err != nil || len(before) != 1 || before[0].Version != startedText {
		t.Fatalf("subjects %+v, %v", before, err)
	}
	if sent := f.changes(); len(sent) > 0 {
		t.Errorf("a preview changed: %v", sent)
	}
	r := mustRun(t, Restart, call, byApp)
	after, err := b.Subjects(context.Background(), call)
	if err != nil || after[0] == before[0] || fmt.Sprint(f.changes()) != "[POST /containers/"+before[0].ID+"/restart]" {
		t.Errorf("subjects %+v, changes %v", after, f.changes())
	}
	if started := r.Outputs["started_at"].(time.Time); !started.After(parseTime(startedText)) {
		t.Errorf("started at %s", started)
	}
	if text := (restartOutputs{Name: "app", AwayMS: 4200}).Summary(); text != "container app restarted, away for 4.2s" {
		t.Errorf("summary %q", text)
	}
}

func TestStateChanges(t *testing.T) {
	exited := app()
	exited.State.Running, exited.State.Status = false, "exited"
	paused := app()
	paused.State.Paused, paused.State.Status = true, "paused"
	for _, test := range []struct {
		action  *action.Action
		from    string
		sent    int
		summary string
		preview string
	}{
		{Stop, "running", 1, "container app stopped in ", "stop within 10s; interrupts app"},
		{Stop, "exited", 0, "container app was stopped already: nothing changed", "stop within 10s"},
		{Start, "exited", 1, "container app started in ", "start"},
		{Start, "running", 0, "container app was started already: nothing changed", "start"},
		{Pause, "running", 1, "container app paused in ", "pause; interrupts app"},
		{Pause, "paused", 0, "container app was paused already: nothing changed", "pause; interrupts app"},
		{Unpause, "paused", 1, "container app unpaused in ", "unpause"},
		{Unpause, "running", 0, "container app was unpaused already: nothing changed", "unpause"},
	} {
		t.Run(test.action.Name+" from "+test.from, func(t *testing.T) {
			f := newFake(t, app())
			switch test.from {
			case "exited":
				state := *exited.State
				f.containers[0].State = &state
			case "paused":
				state := *paused.State
				f.containers[0].State = &state
			}
			call := f.call(t)
			b := bound(t, test.action, call, byApp)
			subjects, err := b.Subjects(context.Background(), call)
			if err != nil {
				t.Fatal(err)
			}
			p, err := b.Preview(context.Background(), call)
			if err != nil || !strings.HasSuffix(p.Summary, ": "+test.preview) {
				t.Errorf("preview %q, %v", p.Summary, err)
			}
			applied, _, err := b.Settle(context.Background(), call, subjects)
			if want := map[bool]action.Applied{true: action.AppliedFully, false: action.AppliedLost}[test.sent == 0]; applied != want || err != nil {
				t.Errorf("settled before as %s, %v", applied, err)
			}
			r := mustRun(t, test.action, call, byApp)
			if !strings.HasPrefix(r.Summary, test.summary) || len(f.changes()) != test.sent || r.Outputs["changed"] != (test.sent == 1) {
				t.Errorf("got %q, %v, sent %v", r.Summary, r.Outputs, f.changes())
			}
			if applied, result, err := b.Settle(context.Background(), call, subjects); applied != action.AppliedFully || err != nil || result.Outputs["name"] != "app" {
				t.Errorf("settled after as %s, %v, %v", applied, result, err)
			}
		})
	}
}

// What is sent again changes nothing more, whatever happened between: where
// somebody took a change back meanwhile, either its subject tells, which is
// compared before a repeat, or it is not declared to be idempotent.
func TestNoRepeatUndoesAnother(t *testing.T) {
	limits := map[string]any{"container": "app", "memory": "2GiB"}
	for _, test := range []struct {
		does, back *action.Action
		with, undo map[string]any
	}{
		{Stop, Start, byApp, byApp}, {Start, Stop, byApp, byApp}, {Pause, Unpause, byApp, byApp}, {Unpause, Pause, byApp, byApp},
		{Restart, Restart, byApp, byApp}, {UpdateLimits, UpdateLimits, limits, map[string]any{"container": "app", "memory": "1GiB"}},
		{Exec, Restart, map[string]any{"container": "app", "argv": []any{"true"}}, byApp},
	} {
		f := newFake(t, app())
		call := f.call(t)
		if test.does == Start || test.does == Unpause {
			mustRun(t, test.back, call, byApp)
		}
		b := bound(t, test.does, call, test.with)
		before, err := b.Subjects(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if test.does != Exec {
			mustRun(t, test.does, call, test.with)
		}
		mustRun(t, test.back, call, test.undo)
		after, err := b.Subjects(t.Context(), call)
		if err != nil || b.Idempotent && slices.Equal(before, after) {
			t.Errorf("%s is sent again after %s: %v, %v", test.does.Name, test.back.Name, after, err)
		}
		if test.does == Start {
			if applied, _, err := b.Settle(t.Context(), call, before); applied != action.AppliedFully || err != nil {
				t.Errorf("started, and stopped since: settled as %s, %v", applied, err)
			}
		}
	}
}

// Who approves a restart sees that the container is ill.
func TestTouchesSayUnhealthy(t *testing.T) {
	for _, health := range []container.HealthStatus{container.Unhealthy, container.Healthy, container.Starting, container.NoHealthcheck} {
		f := newFake(t, app())
		f.containers[0].State.Health = &container.Health{Status: health}
		for _, a := range []*action.Action{Restart, Stop, Pause} {
			call := f.call(t)
			p, err := bound(t, a, call, byApp).Preview(t.Context(), call)
			if err != nil || strings.HasSuffix(p.Touches[0].Note, ", unhealthy") != (health == container.Unhealthy) {
				t.Errorf("%s of what is %s: %+v, %v", a.Name, health, p.Touches, err)
			}
			if c := p.Changes[0]; c.Before == c.After {
				t.Errorf("%s would change nothing: %+v", a.Name, c)
			}
		}
	}
}

func TestStateChangeFails(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		half   bool
		want   action.Applied
	}{
		"refused":        {409, false, action.AppliedNot},
		"tried, same":    {500, false, action.AppliedNot},
		"tried, changed": {500, true, action.AppliedPart},
		"a proxy's":      {504, false, action.AppliedLost},
	} {
		f := newFake(t, app())
		f.answer = func(w http.ResponseWriter, r *http.Request, _ string) bool {
			if r.Method != http.MethodPost {
				return false
			}
			if test.half {
				f.mu.Lock()
				f.containers[0].State.Status = "dead"
				f.mu.Unlock()
			}
			reply(w, test.status, map[string]string{"message": "no"})
			return true
		}
		if _, err := run(t, Stop, f.call(t), byApp); action.ClassOf(err) != test.want {
			t.Errorf("%s: got %s, %v", name, action.ClassOf(err), err)
		}
	}
}

func TestSettleRestart(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fakeEngine)
		want   action.Applied
	}{
		"started later":      {func(f *fakeEngine) { f.containers[0].State.StartedAt = "2026-11-24T02:14:08Z" }, action.AppliedFully},
		"runs on, unchanged": {func(*fakeEngine) {}, action.AppliedNot},
		"stopped":            {func(f *fakeEngine) { f.containers[0].State.Running = false }, action.AppliedLost},
		"paused":             {func(f *fakeEngine) { f.containers[0].State.Paused = true }, action.AppliedLost},
		"created anew":       {func(f *fakeEngine) { f.containers[0] = fakeContainer("app", "999999999999", nil) }, action.AppliedLost},
		"the engine is away": {func(f *fakeEngine) {
			f.answer = func(w http.ResponseWriter, _ *http.Request, _ string) bool { hijackAndClose(w); return true }
		}, action.AppliedLost},
		"started while asked": {func(f *fakeEngine) { f.answer = f.startAtThird() }, action.AppliedFully},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, app())
			call := f.call(t)
			b := bound(t, Restart, call, byApp)
			subjects, err := b.Subjects(context.Background(), call)
			if err != nil {
				t.Fatal(err)
			}
			f.mu.Lock()
			test.change(f)
			f.mu.Unlock()
			began := call.Clock.Now()
			applied, r, _ := b.Settle(context.Background(), call, subjects)
			if applied != test.want || (applied == action.AppliedFully) != (r.Outputs != nil) {
				t.Errorf("got %s, %+v", applied, r)
			}
			if waited := call.Clock.Now().Sub(began); applied == action.AppliedNot && waited < 20*time.Second {
				t.Errorf("said %s after %s", applied, waited)
			}
		})
	}
}

// startAtThird starts the container anew when it is looked at for the third time.
func (f *fakeEngine) startAtThird() func(http.ResponseWriter, *http.Request, string) bool {
	asked := 0
	return func(_ http.ResponseWriter, _ *http.Request, path string) bool {
		if path == "/containers/json" {
			return false
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if asked++; asked == 3 {
			f.containers[0].State.StartedAt = "2026-11-24T02:14:08Z"
		}
		return false
	}
}

func TestWaitHealthy(t *testing.T) {
	sick := func(f *fakeEngine) { f.containers[0].State.Running, f.containers[0].State.Status = false, "exited" }
	f := newFake(t, app())
	if o := mustRun(t, WaitHealthy, f.call(t), byApp).Outputs; o["healthy"] != true || o["has_health_check"] != false {
		t.Errorf("running without a check: %v", o)
	}
	sick(f)
	r := mustRun(t, WaitHealthy, f.call(t), byApp)
	if r.Outputs["healthy"] != false || r.Summary != "container app not healthy after 1m 00s: exited, health none" {
		t.Errorf("never healthy: %v, %q", r.Outputs, r.Summary)
	}
	f.answer = f.startAtThird()
	started := f.startAtThird()
	f.answer = func(w http.ResponseWriter, r *http.Request, path string) bool {
		started(w, r, path)
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.containers[0].State.StartedAt != startedText {
			f.containers[0].State.Running, f.containers[0].State.Status = true, "running"
		}
		return false
	}
	if r := mustRun(t, WaitHealthy, f.call(t), byApp); r.Summary != "container app healthy after 2.0s" {
		t.Errorf("healthy in the end: %q", r.Summary)
	}
	if _, err := run(t, WaitHealthy, f.call(t), map[string]any{"container": "ap"}); err == nil {
		t.Error("a missing container is waited for")
	}
}

func TestWaitHealthyWhileEngineIsAway(t *testing.T) {
	f := newFake(t, app())
	f.containers[0].State.Running = false
	asked := 0
	f.answer = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		if asked++; asked > 1 {
			hijackAndClose(w)
			return true
		}
		return false
	}
	_, err := run(t, WaitHealthy, f.call(t), map[string]any{"container": "app", "for": 3 * time.Second})
	if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "closed the connection") {
		t.Errorf("got %v", err)
	}
}

// A container knows best how long it needs to stop.
func TestTimeToStopIsTheContainersOwn(t *testing.T) {
	slow := func() container.InspectResponse {
		c, own := app(), 120
		c.Config.StopTimeout = &own
		return c
	}
	if got := newFound(slow()).grace(nil); got != 2*time.Minute {
		t.Errorf("it is watched for %v", got)
	}
	for _, a := range []*action.Action{Restart, Stop} {
		for given, want := range map[time.Duration][2]string{-1: {"", "within 120s"}, 0: {"t=0", "within 0s"}, 2500 * time.Millisecond: {"t=3", "within 3s"}} {
			f := newFake(t, slow())
			query := "none"
			f.answer = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
				if r.Method == http.MethodPost {
					query = r.URL.RawQuery
				}
				return false
			}
			with := map[string]any{"container": "app"}
			if given >= 0 {
				with["timeout"] = given
			}
			call := f.call(t)
			preview, err := bound(t, a, call, with).Preview(t.Context(), call)
			mustRun(t, a, call, with)
			if err != nil || query != want[0] || !strings.Contains(preview.Summary, want[1]) {
				t.Errorf("%s within %v: query %q, preview %q, %v", a.Name, given, query, preview.Summary, err)
			}
		}
	}
}
