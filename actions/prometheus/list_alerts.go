package prometheus

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"runbook/engine/action"
)

type alertsParams struct {
	Name   string            `yaml:"name,omitempty" doc:"Only alerts of this name."`
	Labels map[string]string `yaml:"labels,omitempty" doc:"Only alerts with these labels, and any others."`
	State  string            `yaml:"state" default:"firing" enum:"firing,pending,any" doc:"Only alerts in this state; pending is one that does not hold for long enough yet."`
}

type alert struct {
	Name    string            `yaml:"name" doc:"The alert's name."`
	State   string            `yaml:"state" doc:"firing or pending."`
	Labels  map[string]string `yaml:"labels" doc:"Its labels, without the name."`
	Since   time.Time         `yaml:"since" doc:"When its condition began to hold."`
	Value   *float64          `yaml:"value" doc:"The value of its expression; nil where it is no number."`
	Summary string            `yaml:"summary" doc:"Its annotation summary, else description, else message; empty without."`
}

type alertsOutputs struct {
	Count  int     `yaml:"count" doc:"How many alerts there are."`
	Alerts []alert `yaml:"alerts" doc:"The alerts, by name, the oldest first."`
}

func (o alertsOutputs) Summary() string {
	if o.Count == 0 {
		return "no alert"
	}
	var names []string
	for _, a := range o.Alerts {
		if !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	if len(names) > 3 {
		names = append(names[:3], "…")
	}
	if o.Count == 1 {
		return "1 alert: " + names[0]
	}
	return fmt.Sprintf("%d alerts: %s", o.Count, strings.Join(names, ", "))
}

// ListAlerts lists what the server's own rules raise.
var ListAlerts = action.New(action.Spec[alertsParams, alertsOutputs]{
	Name:    "prometheus.list_alerts",
	Summary: "Lists the alerts that the rules of a Prometheus server raise now, silenced or not.",
	Example: `
id: quiet
title: The alert is gone
action: prometheus.list_alerts
with: {name: HighMemoryUsage}
verify: [outputs.count == 0]
within: 5m
`,
	Target: Target,
	Effect: action.Read,
	Run:    listAlerts,
})

func listAlerts(ctx context.Context, call action.Call, p alertsParams) (alertsOutputs, error) {
	s, err := serverOf(call)
	if err != nil {
		return alertsOutputs{}, err
	}
	within, x := s.Begin(ctx, call, limit)
	defer x.End()
	found, err := s.api.Alerts(within)
	if err != nil {
		return alertsOutputs{}, s.failed(x, "", err)
	}
	o := alertsOutputs{Alerts: []alert{}}
	for _, each := range found.Alerts {
		if a := alertOf(each); p.takes(a) {
			o.Alerts = append(o.Alerts, a)
		}
	}
	slices.SortStableFunc(o.Alerts, func(a, b alert) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.Since.Compare(b.Since))
	})
	o.Count = len(o.Alerts)
	return o, nil
}

func (p alertsParams) takes(a alert) bool {
	for name, value := range p.Labels {
		if a.Labels[name] != value {
			return false
		}
	}
	return (p.Name == "" || p.Name == a.Name) && (p.State == "any" || p.State == a.State)
}

func alertOf(from v1.Alert) alert {
	a := alert{
		Name: string(from.Labels[model.AlertNameLabel]), State: string(from.State),
		Labels: labelsOf(from.Labels), Since: from.ActiveAt,
	}
	delete(a.Labels, model.AlertNameLabel)
	if value, err := strconv.ParseFloat(from.Value, 64); err == nil && number(value) {
		a.Value = &value
	}
	notes := from.Annotations
	a.Summary = string(cmp.Or(notes["summary"], notes["description"], notes["message"]))
	return a
}
