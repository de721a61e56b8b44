package prometheus

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"runbook/engine/action"
)

type targetsParams struct {
	Job      string `yaml:"job,omitempty" doc:"Only targets of this job."`
	OnlyDown bool   `yaml:"only_down" default:"false" doc:"Whether to list only those that are down; up and unknown are counted all the same."`
}

type scrapeTarget struct {
	Instance   string    `yaml:"instance" doc:"The label instance, mostly host:port."`
	Job        string    `yaml:"job" doc:"The label job."`
	Health     string    `yaml:"health" doc:"up, down, or unknown before the first scrape."`
	LastError  string    `yaml:"last_error" doc:"Why the last scrape failed, else empty."`
	LastScrape time.Time `yaml:"last_scrape" doc:"When it was scraped; the zero time before the first scrape."`
}

type targetsOutputs struct {
	Up      int            `yaml:"up" doc:"How many targets are up."`
	Down    int            `yaml:"down" doc:"How many are down."`
	Unknown int            `yaml:"unknown" doc:"How many were not scraped yet."`
	Targets []scrapeTarget `yaml:"targets" doc:"The targets, by job and instance."`
}

func (o targetsOutputs) Summary() string {
	text := fmt.Sprintf("%d up, %d down", o.Up, o.Down)
	if o.Unknown > 0 {
		text += fmt.Sprintf(", %d not scraped yet", o.Unknown)
	}
	return text
}

// ListTargets lists what the server scrapes.
var ListTargets = action.New(action.Spec[targetsParams, targetsOutputs]{
	Name:    "prometheus.list_targets",
	Summary: "Lists what a Prometheus server scrapes, and whether it can.",
	Example: `
id: scraped
action: prometheus.list_targets
with: {job: app, only_down: true}
verify: [outputs.up > 0, outputs.down == 0]
`,
	Target: Target,
	Effect: action.Read,
	Run:    listTargets,
})

func listTargets(ctx context.Context, call action.Call, p targetsParams) (targetsOutputs, error) {
	s, err := serverOf(call)
	if err != nil {
		return targetsOutputs{}, err
	}
	within, x := s.Begin(ctx, call, limit)
	defer x.End()
	found, err := s.api.Targets(within)
	if err != nil {
		return targetsOutputs{}, s.failed(x, "", err)
	}
	o := targetsOutputs{Targets: []scrapeTarget{}}
	for _, each := range found.Active {
		if p.Job == "" || p.Job == string(each.Labels["job"]) {
			o.add(each, p.OnlyDown)
		}
	}
	slices.SortStableFunc(o.Targets, func(a, b scrapeTarget) int {
		return cmp.Or(strings.Compare(a.Job, b.Job), strings.Compare(a.Instance, b.Instance))
	})
	return o, nil
}

func (o *targetsOutputs) add(from v1.ActiveTarget, onlyDown bool) {
	switch from.Health {
	case v1.HealthGood:
		o.Up++
	case v1.HealthBad:
		o.Down++
	default:
		o.Unknown++
	}
	if onlyDown && from.Health != v1.HealthBad {
		return
	}
	o.Targets = append(o.Targets, scrapeTarget{
		Instance: string(from.Labels["instance"]), Job: string(from.Labels["job"]),
		Health: string(from.Health), LastError: from.LastError, LastScrape: from.LastScrape,
	})
}
