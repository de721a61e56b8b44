package prometheus

import (
	"errors"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
	"runbook/internal/realtest"
)

func TestContractReal(t *testing.T) {
	if !realtest.Enabled() {
		return
	}
	contract(t, map[string]any{"url": realtest.StartMonitoring(t).PrometheusURL})
}

// contract holds a server to what the actions rely on. The server scrapes
// something that is up, and at least one alert fires on it.
func contract(t *testing.T, target map[string]any) {
	t.Run("query", func(t *testing.T) { contractQuery(t, target) })
	t.Run("query_range", func(t *testing.T) { contractRange(t, target) })
	t.Run("alerts and targets", func(t *testing.T) { contractLists(t, target) })
	t.Run("refusals", func(t *testing.T) { contractRefusals(t, target) })
}

func contractQuery(t *testing.T, target map[string]any) {
	call := actiontest.Call(t, target)
	ask := func(query string, more ...any) map[string]any {
		with := map[string]any{"query": query}
		if len(more) > 0 {
			with["time"] = more[0]
		}
		return actiontest.Run(t, Query, call, with).Outputs
	}
	up := ask("up")
	samples := up["samples"].([]any)
	if up["count"].(int) < 1 || len(samples) != up["count"] || up["max"] != 1.0 {
		t.Fatalf("up: %v", up)
	}
	labels := samples[0].(map[string]any)["labels"].(map[string]any)
	if labels["__name__"] != "up" || labels["job"] == nil || labels["instance"] == nil {
		t.Errorf("labels of up: %v", labels)
	}
	if got := ask("sum(up)")["value"]; got == nil || got.(float64) < 1 {
		t.Errorf("sum(up) is %v", got)
	}
	if got := ask(`up{job="no such job"}`); got["count"] != 0 || got["value"] != nil || got["min"] != nil {
		t.Errorf("of no such job: %v", got)
	}
	if got := ask("up", call.Clock.Now().Add(-10*365*24*time.Hour)); got["count"] != 0 {
		t.Errorf("up of ten years ago: %v", got)
	}
}

func contractRange(t *testing.T, target map[string]any) {
	call := actiontest.Call(t, target)
	got := actiontest.Run(t, QueryRange, call, map[string]any{"query": "sum(up)", "for": 10 * time.Second, "every": time.Second}).Outputs
	if got["count"] != 1 || got["points"].(int) < 1 || got["last"] == nil || got["max"].(float64) < 1 || got["min"].(float64) > got["max"].(float64) {
		t.Errorf("sum(up) over 10s: %v", got)
	}
	none := actiontest.Run(t, QueryRange, call, map[string]any{"query": `up{job="no such job"}`, "for": time.Minute}).Outputs
	if none["count"] != 0 || none["min"] != nil || len(none["series"].([]any)) != 0 {
		t.Errorf("of no such job: %v", none)
	}
}

func contractLists(t *testing.T, target map[string]any) {
	call := actiontest.Call(t, target)
	firing := actiontest.Run(t, ListAlerts, call, nil).Outputs
	if firing["count"].(int) < 1 {
		t.Fatal("no alert fires")
	}
	first := firing["alerts"].([]any)[0].(map[string]any)
	if first["name"] == "" || first["state"] != "firing" || first["value"] == nil || !first["since"].(time.Time).Before(call.Clock.Now().Add(time.Minute)) {
		t.Errorf("the first alert: %v", first)
	}
	if of := first["since"].(time.Time); call.Clock.Now().Sub(of) > 10*365*24*time.Hour {
		t.Errorf("it fires since %v", of)
	}
	named := actiontest.Run(t, ListAlerts, call, map[string]any{"name": first["name"], "labels": first["labels"], "state": "any"}).Outputs
	if named["count"] != 1 {
		t.Errorf("by name and labels: %v", named)
	}
	if other := actiontest.Run(t, ListAlerts, call, map[string]any{"name": "NoSuchAlert", "state": "any"}).Outputs; other["count"] != 0 {
		t.Errorf("of no such name: %v", other)
	}
	targets := actiontest.Run(t, ListTargets, call, nil).Outputs
	if targets["up"].(int) < 1 || len(targets["targets"].([]any)) != targets["up"].(int)+targets["down"].(int)+targets["unknown"].(int) {
		t.Errorf("targets: %v", targets)
	}
	down := actiontest.Run(t, ListTargets, call, map[string]any{"only_down": true}).Outputs
	for _, each := range down["targets"].([]any) {
		if one := each.(map[string]any); one["health"] != "down" || one["last_error"] == "" {
			t.Errorf("a target that is down: %v", one)
		}
	}
}

func contractRefusals(t *testing.T, target map[string]any) {
	call := actiontest.Call(t, target)
	_, err := actiontest.Bind(t, Query, call, map[string]any{"query": "sum(("}).Run(t.Context(), call)
	var f *action.Failure
	if !errors.As(err, &f) || !f.Final || !strings.Contains(f.What, "the query is refused: ") || !strings.Contains(f.Tried, "400") {
		t.Errorf("PromQL that is none: %#v", err)
	}
	dry := actiontest.Call(t, target)
	dry.DryRun = true
	if got := actiontest.Run(t, Query, dry, map[string]any{"query": "sum(up)"}).Outputs; got["value"] == nil {
		t.Errorf("in a dry run: %v", got)
	}
	s, err := serverOf(dry)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.api.CleanTombstones(t.Context()); !errors.Is(err, action.ErrDryRun) {
		t.Errorf("a change in a dry run: %v", err)
	}
}
