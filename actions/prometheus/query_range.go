package prometheus

import (
	"context"
	"fmt"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// maxPoints is how many points of one series Prometheus gives at most.
const maxPoints = 11_000

type rangeParams struct {
	Query string        `yaml:"query" min:"1" doc:"The query, in PromQL."`
	For   time.Duration `yaml:"for" default:"15m" min:"1s" max:"744h" doc:"How far back from now."`
	Every time.Duration `yaml:"every" default:"15s" min:"100ms" max:"24h" doc:"The time between two points; at most 11,000 of them fit into for."`
}

func (p rangeParams) Brief() string {
	return fmt.Sprintf("%s over %s", p.Query, schema.FormatDuration(p.For))
}

type rangeSeries struct {
	Labels         map[string]string `yaml:"labels" doc:"The labels, the metric's name under __name__."`
	Points         int               `yaml:"points" doc:"How many points are numbers."`
	First          float64           `yaml:"first" doc:"The oldest value."`
	Last           float64           `yaml:"last" doc:"The newest value."`
	Min            float64           `yaml:"min" doc:"The smallest value."`
	Max            float64           `yaml:"max" doc:"The largest value."`
	Mean           float64           `yaml:"mean" doc:"The mean of all points."`
	SlopePerSecond float64           `yaml:"slope_per_second" doc:"The rise by least squares, in the query's unit a second; 0 of one point."`
}

type rangeOutputs struct {
	Count          int           `yaml:"count" doc:"How many series have a number at all."`
	Empty          int           `yaml:"empty" doc:"How many have none, only NaN or infinity; they are in no other output."`
	Points         int           `yaml:"points" doc:"How many points there are in all series."`
	Min            *float64      `yaml:"min" doc:"The smallest value of all series; nil where there is none."`
	Max            *float64      `yaml:"max" doc:"The largest value of all series; nil where there is none."`
	Last           *float64      `yaml:"last" doc:"The newest value where there is one series, else nil."`
	Mean           *float64      `yaml:"mean" doc:"The mean where there is one series, else nil."`
	SlopePerSecond *float64      `yaml:"slope_per_second" doc:"The rise by least squares where there is one series of two points at least, else nil."`
	Series         []rangeSeries `yaml:"series" doc:"The series, at most the first 1000."`
	Warnings       []string      `yaml:"warnings" doc:"What the server warns of, as a part of the data that is missing."`
}

func (o rangeOutputs) Summary() string {
	switch {
	case o.Count == 0:
		return "no series"
	case o.Last != nil:
		return fmt.Sprintf("%d points from %s to %s, last %s", o.Points, shortNumber(*o.Min), shortNumber(*o.Max), shortNumber(*o.Last))
	}
	return fmt.Sprintf("%s series from %s to %s", schema.HumanCount(int64(o.Count)), shortNumber(*o.Min), shortNumber(*o.Max))
}

// QueryRange evaluates a query over the time until now.
var QueryRange = action.New(action.Spec[rangeParams, rangeOutputs]{
	Name:    "prometheus.query_range",
	Summary: "Evaluates a PromQL query over the time until now, and gives of each series its bounds and its slope.",
	Example: `
id: growth
action: prometheus.query_range
with: {query: 'process_resident_memory_bytes{job="app"}', for: 1h, every: 1m}
verify: ["outputs.count > 0", "all(outputs.series, .slope_per_second < 1000)"]
`,
	Target: Target,
	Effect: action.Read,
	Run:    queryRange,
})

func queryRange(ctx context.Context, call action.Call, p rangeParams) (rangeOutputs, error) {
	if points := int64(p.For/p.Every) + 1; points > maxPoints {
		return rangeOutputs{}, action.ParamError("every", "%s gives %s points in %s, Prometheus gives at most 11,000; take %s",
			schema.FormatDuration(p.Every), schema.HumanCount(points), schema.FormatDuration(p.For), schema.FormatDuration(coarser(p.For)))
	}
	s, err := serverOf(call)
	if err != nil {
		return rangeOutputs{}, err
	}
	end := call.Clock.Now()
	within, x := s.Begin(ctx, call, limit)
	defer x.End()
	value, warnings, _, err := s.api.QueryRange(within, p.Query, v1.Range{Start: end.Add(-p.For), End: end, Step: p.Every})
	if err != nil {
		return rangeOutputs{}, s.failed(x, p.Query, err)
	}
	matrix, ok := value.(model.Matrix)
	if !ok {
		return rangeOutputs{}, s.otherForm(p.Query, value)
	}
	o := rangeOutputs{Series: []rangeSeries{}, Warnings: append([]string{}, warnings...)}
	for _, stream := range matrix {
		if len(stream.Histograms) > 0 {
			return rangeOutputs{}, s.unfit(p.Query, "the query gives histograms", "wrap it: histogram_quantile(0.95, …), histogram_count(…)")
		}
		o.add(stream)
	}
	o.single()
	return o, nil
}

// coarser returns a time between points that fits, in whole seconds.
func coarser(span time.Duration) time.Duration {
	return (span/(maxPoints-1) + time.Second - 1).Truncate(time.Second)
}

func (o *rangeOutputs) add(stream *model.SampleStream) {
	series, ok := seriesOf(stream)
	if !ok {
		o.Empty++
		return
	}
	o.Count++
	o.Points += series.Points
	o.Min, o.Max = smaller(o.Min, series.Min), larger(o.Max, series.Max)
	if len(o.Series) < keptSamples {
		o.Series = append(o.Series, series)
	}
}

// single sets what is told of one series only.
func (o *rangeOutputs) single() {
	if o.Count != 1 {
		return
	}
	only := o.Series[0]
	o.Last, o.Mean = &only.Last, &only.Mean
	if only.Points > 1 {
		o.SlopePerSecond = &only.SlopePerSecond
	}
}

// seriesOf sums a series up over its points that are numbers, if it has some.
func seriesOf(stream *model.SampleStream) (rangeSeries, bool) {
	var seconds, values []float64
	for _, pair := range stream.Values {
		if value := float64(pair.Value); number(value) {
			seconds = append(seconds, float64(pair.Timestamp-stream.Values[0].Timestamp)/1000)
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return rangeSeries{}, false
	}
	series := rangeSeries{
		Labels: labelsOf(stream.Metric), Points: len(values),
		First: values[0], Last: values[len(values)-1], Min: values[0], Max: values[0],
	}
	for _, value := range values {
		series.Min, series.Max = min(series.Min, value), max(series.Max, value)
		series.Mean += value / float64(len(values))
	}
	series.SlopePerSecond = slope(seconds, values, series.Mean)
	return series, true
}

// slope is the rise of y over x by least squares; 0 where x does not vary.
func slope(x, y []float64, meanY float64) float64 {
	meanX := 0.0
	for _, v := range x {
		meanX += v / float64(len(x))
	}
	var sxx, sxy float64
	for i := range x {
		sxx += (x[i] - meanX) * (x[i] - meanX)
		sxy += (x[i] - meanX) * (y[i] - meanY)
	}
	if sxx == 0 {
		return 0
	}
	return sxy / sxx
}
