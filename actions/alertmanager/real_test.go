package alertmanager

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/endpoint"
	"runbook/internal/realtest"
)

func TestContractReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	contract(t, map[string]any{"url": realtest.StartMonitoring(t).AlertmanagerURL})
}

// contract holds a server to what the actions rely on. At least one alert is
// active on it; the contract silences it and ends the silence.
func contract(t *testing.T, target map[string]any) {
	call := actiontest.Call(t, target)
	active := actiontest.Run(t, ListAlerts, call, nil).Outputs
	if active["count"].(int) < 1 {
		t.Fatal("no alert is active")
	}
	first := active["alerts"].([]any)[0].(map[string]any)
	name := first["name"].(string)
	if name == "" || first["state"] != "active" || first["since"].(time.Time).IsZero() || len(first["silenced_by"].([]any)) != 0 {
		t.Fatalf("the first alert: %v", first)
	}
	count := actiontest.Run(t, ListAlerts, call, map[string]any{"name": name}).Outputs["count"]
	with := map[string]any{"matchers": map[string]any{"alertname": name}, "for": 10 * time.Minute, "comment": "Contract"}
	contractDryRun(t, target, with)
	id := contractCreate(t, call, with)
	contractStates(t, call, name, id, count)
	contractExpire(t, call, id)
	contractRefusals(t, call)
	waitFor(t, call, map[string]any{"name": name}, count)
}

func contractDryRun(t *testing.T, target, with map[string]any) {
	dry := actiontest.Call(t, target)
	dry.DryRun = true
	bound := actiontest.Bind(t, CreateSilence, dry, with)
	preview, err := bound.Preview(t.Context(), dry)
	if err != nil || len(preview.Touches) == 0 || strings.Contains(preview.Summary, "; 0 active alerts now") {
		t.Errorf("preview %+v, %v", preview, err)
	}
	if _, err := bound.Run(t.Context(), dry); !errors.Is(err, action.ErrDryRun) {
		t.Errorf("a silence in a dry run: %v", err)
	}
}

// contractCreate makes a silence, and has a reply taken for lost.
func contractCreate(t *testing.T, call action.Call, with map[string]any) (id string) {
	bound := actiontest.Bind(t, CreateSilence, call, with)
	before, err := bound.Subjects(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	made, err := bound.Run(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	id = made.Outputs["id"].(string)
	ends := made.Outputs["ends_at"].(time.Time)
	if left := ends.Sub(call.Clock.Now()); id == "" || left < 9*time.Minute || left > 10*time.Minute {
		t.Errorf("made %v", made.Outputs)
	}
	applied, found, err := bound.Settle(t.Context(), call, before)
	if err != nil || applied != action.AppliedFully || found.Outputs["id"] != id {
		t.Errorf("settled %v, %v, %v", applied, found.Outputs, err)
	}
	preview, err := bound.Preview(t.Context(), call)
	if err != nil || !strings.Contains(preview.Summary, "silenced already until ") {
		t.Errorf("preview %+v, %v", preview, err)
	}
	return id
}

// contractStates holds the server to list the alerts by what mutes them.
func contractStates(t *testing.T, call action.Call, name, id string, count any) {
	waitFor(t, call, map[string]any{"name": name}, 0)
	waitFor(t, call, map[string]any{"name": name, "state": "any"}, count)
	silenced := actiontest.Run(t, ListAlerts, call, map[string]any{"name": name, "state": "silenced"}).Outputs
	if silenced["count"] != count {
		t.Fatalf("silenced %v", silenced)
	}
	if by := silenced["alerts"].([]any)[0].(map[string]any)["silenced_by"].([]any); len(by) != 1 || by[0] != id {
		t.Errorf("silenced by %v", by)
	}
	other := actiontest.Run(t, ListAlerts, call, map[string]any{"name": name, "labels": map[string]any{"no_such_label": "x"}, "state": "any"}).Outputs
	if other["count"] != 0 {
		t.Errorf("with another label: %v", other)
	}
}

func contractExpire(t *testing.T, call action.Call, id string) {
	bound := actiontest.Bind(t, ExpireSilence, call, map[string]any{"id": id})
	before, err := bound.Subjects(t.Context(), call)
	if err != nil || len(before) != 1 || before[0].ID != id || before[0].Version == "" {
		t.Errorf("subjects %v, %v", before, err)
	}
	if preview, err := bound.Preview(t.Context(), call); err != nil || len(preview.Changes) != 1 {
		t.Errorf("preview %+v, %v", preview, err)
	}
	if applied, _, err := bound.Settle(t.Context(), call, before); err != nil || applied != action.AppliedLost {
		t.Errorf("settled before: %v, %v", applied, err)
	}
	for already := range 2 {
		done := actiontest.Run(t, ExpireSilence, call, map[string]any{"id": id}).Outputs
		if done["already"] != (already == 1) || done["matchers"] == "" || done["ended_at"].(time.Time).After(call.Clock.Now().Add(time.Minute)) {
			t.Errorf("expired %v", done)
		}
	}
	if applied, _, err := bound.Settle(t.Context(), call, before); err != nil || applied != action.AppliedFully {
		t.Errorf("settled: %v, %v", applied, err)
	}
}

func contractRefusals(t *testing.T, call action.Call) {
	_, err := actiontest.Bind(t, ExpireSilence, call, map[string]any{"id": "00000000-0000-4000-8000-000000000000"}).Run(t.Context(), call)
	var f *action.Failure
	if !errors.As(err, &f) || f.Applied != action.AppliedNot || !f.Final || !strings.HasPrefix(f.What, "there is no silence ") {
		t.Errorf("an id that is none: %#v", err)
	}
	s, err := serverOf(call)
	if err != nil {
		t.Fatal(err)
	}
	now := call.Clock.Now()
	late := silence{Matchers: matchersOf(map[string]string{"alertname": "X"}), StartsAt: now.Add(time.Hour), EndsAt: now.Add(time.Minute), Comment: "c", CreatedBy: "c"}
	err = s.Ask(t.Context(), call, endpoint.Request{Method: http.MethodPost, Path: "/api/v2/silences", Body: late, Change: true, Limit: limit, Explain: explain}, nil)
	if !errors.As(err, &f) || f.Applied != action.AppliedNot || !strings.HasPrefix(f.What, "the request is refused: ") {
		t.Errorf("a silence that ends before it begins: %#v", err)
	}
}

// waitFor waits until that many alerts are listed.
func waitFor(t *testing.T, call action.Call, with map[string]any, count any) {
	t.Helper()
	var got action.Result
	for until := call.Clock.Now().Add(10 * time.Second); call.Clock.Now().Before(until); {
		if got = actiontest.Run(t, ListAlerts, call, with); got.Outputs["count"] == count {
			return
		}
		if err := call.Clock.Sleep(t.Context(), 50*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("with %v: %s; want %v", with, got.Summary, count)
}
