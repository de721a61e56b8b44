package prometheus

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Querier gives the engine what it asks of the store, from one moment to another
// in milliseconds.
func (s *store) Querier(from, to int64) (storage.Querier, error) {
	return &querier{s, from, to}, nil
}

type querier struct {
	store    *store
	from, to int64
}

// Select returns the series that match.
func (q *querier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	all := q.store.find(q.from, q.to, matchers)
	if sorted {
		slices.SortFunc(all, func(a, b found) int { return labels.Compare(a.labels, b.labels) })
	}
	return &set{all: all, at: -1}
}

// LabelValues returns the values of a label, sorted.
func (q *querier) LabelValues(_ context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	values := map[string]bool{}
	for _, each := range q.store.find(q.from, q.to, matchers) {
		if value := each.labels.Get(name); value != "" {
			values[value] = true
		}
	}
	return slices.Sorted(maps.Keys(values)), nil, nil
}

// LabelNames returns the names of labels, sorted.
func (q *querier) LabelNames(_ context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	names := map[string]bool{}
	for _, each := range q.store.find(q.from, q.to, matchers) {
		each.labels.Range(func(l labels.Label) { names[l.Name] = true })
	}
	return slices.Sorted(maps.Keys(names)), nil, nil
}

// Close has nothing to free.
func (q *querier) Close() error { return nil }

// found are the samples of a series in the time that was asked for.
type found struct {
	labels labels.Labels
	points []point
}

// set is the series that were found, one by one.
type set struct {
	all []found
	at  int
}

// Next goes to the next series.
func (s *set) Next() bool { s.at++; return s.at < len(s.all) }

// At is the series.
func (s *set) At() storage.Series { return &s.all[s.at] }

// Err is always nil.
func (s *set) Err() error { return nil }

// Warnings are always none.
func (s *set) Warnings() annotations.Annotations { return nil }

// Labels are those of the series.
func (f *found) Labels() labels.Labels { return f.labels }

// Iterator goes over the samples.
func (f *found) Iterator(chunkenc.Iterator) chunkenc.Iterator {
	return storage.NewListSeriesIterator(samplesOf(f.points))
}

// samplesOf are samples as the engine takes them.
type samplesOf []point

// Get is one of them.
func (s samplesOf) Get(i int) chunks.Sample { return &s[i] }

// Len is how many there are.
func (s samplesOf) Len() int { return len(s) }

// point is a sample of a series.
type point struct {
	at    int64 // milliseconds
	value float64
}

// T is its time in milliseconds.
func (p *point) T() int64 { return p.at }

// F is its value.
func (p *point) F() float64 { return p.value }

// H is nil: there are no native histograms.
func (p *point) H() *histogram.Histogram { return nil }

// FH is nil: there are no native histograms.
func (p *point) FH() *histogram.FloatHistogram { return nil }

// Type is that of a plain number.
func (p *point) Type() chunkenc.ValueType { return chunkenc.ValFloat }

// ST is 0: nobody says when a counter began.
func (p *point) ST() int64 { return 0 }

// Copy is a sample of its own.
func (p *point) Copy() chunks.Sample {
	copied := *p
	return &copied
}
