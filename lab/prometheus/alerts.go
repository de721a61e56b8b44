package prometheus

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"

	"runbook/lab/model"
)

// evaluateEvery is how often the rules are evaluated.
const evaluateEvery = 15 * time.Second

// The states of an alert.
const (
	Pending = "pending"
	Firing  = "firing"
)

// Alert is an alert that is pending or firing.
type Alert struct {
	Name        string
	Labels      map[string]string // alertname among them
	Annotations map[string]string
	State       string    // [Pending] or [Firing]
	ActiveAt    time.Time // since when its expression holds
	FiredAt     time.Time // zero while it is pending
	EvaluatedAt time.Time // when it was last found to hold
	Value       float64
	Expr        string // of its rule
}

// instance is an alert of a rule, and its own series.
type instance struct {
	Alert
	set     labels.Labels
	held    time.Time // when its expression ended to hold; zero while it does
	inAlert *series   // ALERTS
	since   *series   // ALERTS_FOR_STATE
}

// evaluator evaluates the rules and knows the alerts.
type evaluator struct {
	store  *store
	engine *promql.Engine
	groups []*group
	last   time.Time
	batch  []entry

	mu     sync.Mutex // guards what the rules know, and changed
	firing map[string]int
	change []func(name string, firing bool, at time.Time)
}

// follow evaluates the rules if it is time to.
func (e *evaluator) follow(w *model.World) {
	if w.Now.Sub(e.last) < evaluateEvery {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = w.Now
	e.batch = e.batch[:0]
	for _, g := range e.groups {
		for _, r := range g.rules {
			e.evaluate(r, w.Now)
		}
	}
	e.store.append(w.Now.UnixMilli(), e.batch)
	e.tell(w.Now)
}

// evaluate brings the alerts of a rule up to date. The lock is held.
func (e *evaluator) evaluate(r *rule, now time.Time) {
	result, err := e.query(r.expr, now)
	if r.err = err; err != nil {
		return
	}
	for _, sample := range result {
		d := data{Labels: sample.Metric.Map(), ExternalLabels: map[string]string{}, Value: sample.F}
		b := labels.NewBuilder(sample.Metric)
		b.Del(metricName)
		for i := range r.labels {
			b.Set(r.labels[i].name, r.labels[i].fill(d))
		}
		set := b.Set(labels.AlertName, r.name).Labels()
		hash := set.Hash()
		a := r.active[hash]
		if a == nil {
			a = &instance{set: set, Alert: Alert{Name: r.name, Labels: set.Map(), State: Pending, ActiveAt: now, Expr: r.expr}}
			r.active[hash] = a
		}
		a.Value, a.EvaluatedAt, a.held, a.Annotations = sample.F, now, time.Time{}, map[string]string{}
		for i := range r.annotations {
			a.Annotations[r.annotations[i].name] = r.annotations[i].fill(d)
		}
	}
	for hash, a := range r.active {
		if !a.EvaluatedAt.Equal(now) && !a.keeps(r, now) {
			delete(r.active, hash)
			e.end(a.inAlert)
			e.end(a.since)
			continue
		}
		if a.State == Pending && now.Sub(a.ActiveAt) >= r.hold {
			e.end(a.inAlert)
			a.State, a.FiredAt, a.inAlert = Firing, now, nil
		}
		e.write(a)
	}
}

// keeps says whether an alert fires on although its expression does not hold.
func (a *instance) keeps(r *rule, now time.Time) bool {
	if a.State != Firing || r.keep == 0 {
		return false
	}
	if a.held.IsZero() {
		a.held = now
	}
	return now.Sub(a.held) < r.keep
}

// write adds the samples of an alert's own series.
func (e *evaluator) write(a *instance) {
	if a.inAlert == nil {
		b := labels.NewBuilder(a.set)
		a.since = e.store.of(b.Set(metricName, "ALERTS_FOR_STATE").Labels())
		a.inAlert = e.store.of(b.Set(metricName, "ALERTS").Set("alertstate", a.State).Labels())
	}
	e.batch = append(e.batch, entry{a.inAlert, 1}, entry{a.since, float64(a.ActiveAt.Unix())})
}

// end marks that a series ends here; nil is one that did not begin.
func (e *evaluator) end(s *series) {
	if s != nil {
		e.batch = append(e.batch, entry{s, math.Float64frombits(value.StaleNaN)})
	}
}

func (e *evaluator) query(expr string, at time.Time) (promql.Vector, error) {
	q, err := e.engine.NewInstantQuery(context.Background(), e.store, nil, expr, at)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	result := q.Exec(context.Background())
	if result.Err != nil {
		return nil, result.Err
	}
	switch v := result.Value.(type) {
	case promql.Vector:
		return slices.Clone(v), nil
	case promql.Scalar:
		return promql.Vector{{T: v.T, F: v.V}}, nil
	}
	return nil, errors.New("rule result is not a vector or scalar")
}

// tell calls who wants to know which alerts changed. The lock is held.
func (e *evaluator) tell(now time.Time) {
	firing := map[string]int{}
	for _, g := range e.groups {
		for _, r := range g.rules {
			for _, a := range r.active {
				if a.State == Firing {
					firing[r.name]++
				}
			}
		}
	}
	before := e.firing
	e.firing = firing
	for _, name := range slices.Sorted(maps.Keys(firing)) {
		if before[name] == 0 {
			e.notify(name, true, now)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if firing[name] == 0 {
			e.notify(name, false, now)
		}
	}
}

func (e *evaluator) notify(name string, firing bool, at time.Time) {
	for _, do := range e.change {
		do(name, firing, at)
	}
}

// alerts are those that are pending or firing, in the order of the rules.
func (e *evaluator) alerts() []Alert {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []Alert
	for _, g := range e.groups {
		for _, r := range g.rules {
			all = append(all, r.alerts()...)
		}
	}
	return all
}

// alerts are those of a rule, by their labels. The lock is held.
func (r *rule) alerts() []Alert {
	if len(r.active) == 0 {
		return nil
	}
	some := slices.SortedFunc(maps.Values(r.active), func(a, b *instance) int { return strings.Compare(a.set.String(), b.set.String()) })
	all := make([]Alert, len(some))
	for i, a := range some {
		all[i] = a.Alert
	}
	return all
}

// GeneratorURL is where Prometheus shows the expression.
func (a *Alert) GeneratorURL() string {
	return "http://prometheus:9090/graph?g0.expr=" + url.QueryEscape(a.Expr) + "&g0.tab=1"
}
