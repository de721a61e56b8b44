package prometheus

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// Querier gives the engine what it asks of the store, from one moment to another
// in milliseconds. Names and values of labels are none: no part of the API asks
// for them.
func (s *store) Querier(from, to int64) (storage.Querier, error) {
	return &querier{storage.NoopQuerier(), s, from, to}, nil
}

type querier struct {
	storage.Querier
	store    *store
	from, to int64
}

// Select returns the series that match.
func (q *querier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	all := q.store.find(q.from, q.to, matchers)
	if sorted {
		slices.SortFunc(all, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	}
	return &set{storage.EmptySeriesSet(), all, -1}
}

// set is the series that were found, one by one, without an error or a warning.
type set struct {
	storage.SeriesSet
	all []promql.Series
	at  int
}

// Next goes to the next series.
func (s *set) Next() bool { s.at++; return s.at < len(s.all) }

// At is the series.
func (s *set) At() storage.Series { return promql.NewStorageSeries(s.all[s.at]) }
