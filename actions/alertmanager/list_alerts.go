package alertmanager

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
)

type alertsParams struct {
	Name   string            `yaml:"name,omitempty" doc:"Only alerts of this name."`
	Labels map[string]string `yaml:"labels,omitempty" doc:"Only alerts with these labels, and any others."`
	State  string            `yaml:"state" default:"active" enum:"active,silenced,inhibited,any" doc:"Only alerts in this state; active ones are neither silenced nor inhibited."`
}

type alert struct {
	Name       string            `yaml:"name" doc:"The alert's name."`
	State      string            `yaml:"state" enum:"active,silenced,inhibited" doc:"active, silenced, or inhibited by another alert; silenced if both."`
	Labels     map[string]string `yaml:"labels" doc:"Its labels, without the name."`
	Since      time.Time         `yaml:"since" doc:"When it began to fire."`
	Summary    string            `yaml:"summary" doc:"Its annotation summary, else description, else message; empty without."`
	SilencedBy []string          `yaml:"silenced_by" doc:"The ids of the silences that mute it."`
}

type alertsOutputs struct {
	Count  int     `yaml:"count" doc:"How many alerts there are."`
	Alerts []alert `yaml:"alerts" doc:"The alerts, by name, the oldest first."`
}

func (o alertsOutputs) Summary() string {
	if o.Count == 0 {
		return "no alert"
	}
	names := namesOf(o.Alerts)
	if len(names) > 3 {
		names = append(names[:3], "…")
	}
	if o.Count == 1 {
		return "1 alert: " + names[0]
	}
	return fmt.Sprintf("%d alerts: %s", o.Count, strings.Join(names, ", "))
}

func namesOf(alerts []alert) []string {
	var names []string
	for _, a := range alerts {
		if !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	}
	return names
}

// ListAlerts lists the alerts that an Alertmanager knows.
var ListAlerts = action.New(action.Spec[alertsParams, alertsOutputs]{
	Name:    "alertmanager.list_alerts",
	Summary: "Lists the alerts that an Alertmanager has now, and what mutes them.",
	Example: `
id: paging
action: alertmanager.list_alerts
with: {labels: {severity: critical}}
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
	labels := maps.Clone(p.Labels)
	if p.Name != "" {
		if labels == nil {
			labels = map[string]string{}
		}
		labels["alertname"] = p.Name
	}
	found, err := s.alerts(ctx, labels)
	if err != nil {
		return alertsOutputs{}, err
	}
	o := alertsOutputs{Alerts: []alert{}}
	for _, each := range found {
		if a := alertOf(each); p.State == "any" || p.State == a.State {
			o.Alerts = append(o.Alerts, a)
		}
	}
	slices.SortStableFunc(o.Alerts, func(a, b alert) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.Since.Compare(b.Since))
	})
	o.Count = len(o.Alerts)
	return o, nil
}

func alertOf(from gettableAlert) alert {
	a := alert{
		Name: from.Labels["alertname"], State: "active", Labels: maps.Clone(from.Labels), Since: from.StartsAt,
		Summary:    cmp.Or(from.Annotations["summary"], from.Annotations["description"], from.Annotations["message"]),
		SilencedBy: append([]string{}, from.Status.SilencedBy...),
	}
	delete(a.Labels, "alertname")
	switch {
	case len(from.Status.SilencedBy) > 0:
		a.State = "silenced"
	case len(from.Status.InhibitedBy) > 0:
		a.State = "inhibited"
	}
	return a
}
