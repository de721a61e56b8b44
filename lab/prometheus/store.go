package prometheus

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// metricName is the label that holds the name of a metric.
const metricName = "__name__"

// kept is how long samples are kept.
const kept = 2 * time.Hour

// series are the samples of one set of labels, the oldest first. What a reader
// took of them stays as it is: they are only appended to.
type series struct {
	labels labels.Labels
	points []promql.FPoint
	round  uint64 // the scrape that gave the last sample
	gone   bool   // the store has forgotten it
}

// store keeps samples in memory. Its methods may be called from anywhere.
type store struct {
	mu     sync.RWMutex
	all    map[uint64][]*series // by the hash of the labels
	byName map[string][]*series
	swept  int64 // when series were last forgotten, in milliseconds
}

func newStore() *store {
	return &store{all: map[uint64][]*series{}, byName: map[string][]*series{}}
}

// of returns the series of the labels, which it makes if there is none.
func (s *store) of(set labels.Labels) *series {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := set.Hash()
	for _, each := range s.all[hash] {
		if labels.Equal(each.labels, set) {
			return each
		}
	}
	made := &series{labels: set}
	s.all[hash] = append(s.all[hash], made)
	name := set.Get(metricName)
	s.byName[name] = append(s.byName[name], made)
	return made
}

// entry is a sample of a series.
type entry struct {
	series *series
	value  float64
}

// append adds samples of one moment, in milliseconds, later than those before.
func (s *store) append(at int64, entries []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := at - kept.Milliseconds()
	for _, e := range entries {
		points := e.series.points
		for len(points) > 0 && points[0].T < oldest {
			points = points[1:]
		}
		e.series.points = append(points, promql.FPoint{T: at, F: e.value})
	}
	if at-s.swept > (kept / 8).Milliseconds() {
		s.sweep(oldest)
		s.swept = at
	}
}

// sweep forgets series without a sample since oldest. The lock is held.
func (s *store) sweep(oldest int64) {
	gone := func(each *series) bool {
		each.gone = len(each.points) > 0 && each.points[len(each.points)-1].T < oldest
		return each.gone
	}
	for hash, some := range s.all {
		if some = slices.DeleteFunc(some, gone); len(some) == 0 {
			delete(s.all, hash)
		} else {
			s.all[hash] = some
		}
	}
	for name, some := range s.byName {
		if some = slices.DeleteFunc(some, gone); len(some) == 0 {
			delete(s.byName, name)
		} else {
			s.byName[name] = some
		}
	}
}

// find returns the samples from one moment to another, in milliseconds, of the
// series that match and have any then.
func (s *store) find(from, to int64, matchers []*labels.Matcher) []promql.Series {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []promql.Series
	look := func(some []*series) {
		for _, each := range some {
			if points := between(each.points, from, to); len(points) > 0 && matches(each.labels, matchers) {
				out = append(out, promql.Series{Metric: each.labels, Floats: points})
			}
		}
	}
	for _, m := range matchers {
		if m.Name == metricName && m.Type == labels.MatchEqual {
			look(s.byName[m.Value])
			return out
		}
	}
	for _, some := range s.byName {
		look(some)
	}
	return out
}

func between(points []promql.FPoint, from, to int64) []promql.FPoint {
	if n := len(points); n == 0 || points[0].T > to || points[n-1].T < from {
		return nil
	}
	byTime := func(p promql.FPoint, t int64) int { return cmp.Compare(p.T, t) }
	low, _ := slices.BinarySearchFunc(points, from, byTime)
	high, exact := slices.BinarySearchFunc(points, to, byTime)
	if exact {
		high++
	}
	return points[low:high:high]
}

func matches(set labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(set.Get(m.Name)) {
			return false
		}
	}
	return true
}
