package prometheus

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/common/model"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// keptSamples is how many samples an output holds; count tells of all.
const keptSamples = 1000

type queryParams struct {
	Query string     `yaml:"query" min:"1" doc:"The query, in PromQL."`
	Time  *time.Time `yaml:"time" doc:"The moment to evaluate it for; without one the server's now."`
}

func (p queryParams) Brief() string { return p.Query }

type querySample struct {
	Labels map[string]string `yaml:"labels" doc:"The labels, the metric's name under __name__."`
	Value  *float64          `yaml:"value" doc:"The value; nil where it is NaN or infinite."`
}

type queryOutputs struct {
	Value      *float64      `yaml:"value" doc:"The value where there is one sample or a scalar; nil for none, for several, and where it is no number."`
	Count      int           `yaml:"count" doc:"How many samples there are."`
	NotNumbers int           `yaml:"not_numbers" doc:"How many of them are NaN or infinite, as a ratio over 0."`
	Min        *float64      `yaml:"min" doc:"The smallest value; nil where there is none."`
	Max        *float64      `yaml:"max" doc:"The largest value; nil where there is none."`
	Samples    []querySample `yaml:"samples" doc:"The samples in the server's order, at most the first 1000."`
	Warnings   []string      `yaml:"warnings" doc:"What the server warns of, as a part of the data that is missing."`
}

func (o queryOutputs) Summary() string {
	switch {
	case o.Count == 0:
		return "no sample"
	case o.Count == 1 && o.Value == nil:
		return "1 sample, no number (NaN or infinite)"
	case o.Value != nil:
		return shortNumber(*o.Value)
	case o.Min == nil:
		return fmt.Sprintf("%s samples, none a number", schema.HumanCount(int64(o.Count)))
	}
	return fmt.Sprintf("%s samples from %s to %s", schema.HumanCount(int64(o.Count)), shortNumber(*o.Min), shortNumber(*o.Max))
}

// Query evaluates a query for one moment.
var Query = action.New(action.Spec[queryParams, queryOutputs]{
	Name:    "prometheus.query",
	Summary: "Evaluates a PromQL query for one moment; that nothing matches is an answer.",
	Example: `
id: errors
action: prometheus.query
with: {query: 'sum(rate(http_requests_total{status=~"5.."}[5m])) or vector(0)'}
verify: ['must(outputs.value, "the query gives no number") < 0.5']
`,
	Target: Target,
	Effect: action.Read,
	Run:    query,
})

func query(ctx context.Context, call action.Call, p queryParams) (queryOutputs, error) {
	s, err := serverOf(call)
	if err != nil {
		return queryOutputs{}, err
	}
	var at time.Time
	if p.Time != nil {
		at = *p.Time
	}
	within, x := s.Begin(ctx, call, limit)
	defer x.End()
	value, warnings, _, err := s.api.Query(within, p.Query, at)
	if err != nil {
		return queryOutputs{}, s.failed(x, p.Query, err)
	}
	o := queryOutputs{Samples: []querySample{}, Warnings: append([]string{}, warnings...)}
	switch v := value.(type) {
	case *model.Scalar:
		o.add(nil, float64(v.Value))
	case model.Vector:
		for _, sample := range v {
			if sample.Histogram != nil {
				return queryOutputs{}, s.unfit(p.Query, "the query gives histograms", "wrap it: histogram_quantile(0.95, …), histogram_count(…)")
			}
			o.add(sample.Metric, float64(sample.Value))
		}
	case model.Matrix:
		return queryOutputs{}, s.unfit(p.Query, "the query gives a range of values for each series",
			"wrap it: rate(…), max_over_time(…), or use prometheus.query_range")
	default:
		return queryOutputs{}, s.otherForm(p.Query, value)
	}
	if o.Count == 1 {
		o.Value = o.Samples[0].Value
	}
	return o, nil
}

// add counts one sample.
func (o *queryOutputs) add(metric model.Metric, value float64) {
	o.Count++
	sample := querySample{Labels: labelsOf(metric)}
	if number(value) {
		sample.Value = &value
		o.Min, o.Max = smaller(o.Min, value), larger(o.Max, value)
	} else {
		o.NotNumbers++
	}
	if len(o.Samples) < keptSamples {
		o.Samples = append(o.Samples, sample)
	}
}

func number(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func smaller(have *float64, v float64) *float64 {
	if have != nil && *have <= v {
		return have
	}
	return &v
}

func larger(have *float64, v float64) *float64 {
	if have != nil && *have >= v {
		return have
	}
	return &v
}

func labelsOf[M ~map[model.LabelName]model.LabelValue](from M) map[string]string {
	labels := make(map[string]string, len(from))
	for name, value := range from {
		labels[string(name)] = string(value)
	}
	return labels
}

// shortNumber prints four digits, and whole numbers in full.
func shortNumber(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return schema.HumanCount(int64(v))
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
