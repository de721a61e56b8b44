package prometheus

import (
	"context"
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
	inAlert *series // ALERTS
	since   *series // ALERTS_FOR_STATE
}

// evaluator evaluates the rules and knows the alerts. Moments that nobody looked
// into are evaluated together, which gives the same and costs less.
type evaluator struct {
	store  *store
	engine *promql.Engine
	groups []*group
	last   time.Time
	due    []time.Time // moments to evaluate, each [evaluateEvery] after the one before
	batch  []entry

	mu     sync.Mutex // guards what the rules know, and changed
	firing map[string]int
	change []func(name string, firing bool, at time.Time)
}

// mostDue is how many moments are evaluated together.
const mostDue = 20

// follow notes that the rules are to be evaluated, if it is time to.
func (e *evaluator) follow(w *model.World) {
	since := w.Now.Sub(e.last)
	if since < evaluateEvery {
		return
	}
	if len(e.due) == mostDue || since > evaluateEvery {
		e.evaluate()
	}
	e.last = w.Now
	e.due = append(e.due, w.Now)
}

// evaluate evaluates the rules at the moments that are due.
func (e *evaluator) evaluate() {
	if len(e.due) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range e.groups {
		for _, r := range g.rules {
			r.found, r.err = e.query(r.expr, e.due)
		}
	}
	for _, now := range e.due {
		e.batch = e.batch[:0]
		for _, g := range e.groups {
			for _, r := range g.rules {
				if r.err == nil {
					e.update(r, now)
				}
			}
		}
		e.store.append(now.UnixMilli(), e.batch)
		e.tell(now)
	}
	e.due = e.due[:0]
}

// update brings the alerts of a rule up to date. The lock is held.
func (e *evaluator) update(r *rule, now time.Time) {
	for i := range r.found {
		if points := r.found[i].Floats; len(points) > 0 && points[0].T == now.UnixMilli() {
			r.holds(r.found[i].Metric, points[0].F, now)
			r.found[i].Floats = points[1:]
		}
	}
	for hash, a := range r.active {
		if !a.EvaluatedAt.Equal(now) {
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

// holds notes that the expression of a rule holds for a metric.
func (r *rule) holds(metric labels.Labels, value float64, now time.Time) {
	d := data{Labels: metric.Map(), ExternalLabels: map[string]string{}, Value: value}
	b := labels.NewBuilder(metric)
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
	a.Value, a.EvaluatedAt, a.Annotations = value, now, map[string]string{}
	for i := range r.annotations {
		a.Annotations[r.annotations[i].name] = r.annotations[i].fill(d)
	}
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

// query evaluates an expression at moments that follow each other.
func (e *evaluator) query(expr string, due []time.Time) (promql.Matrix, error) {
	q, err := e.engine.NewRangeQuery(context.Background(), e.store, nil, expr, due[0], due[len(due)-1], evaluateEvery)
	if err != nil {
		return nil, err
	}
	return q.Exec(context.Background()).Matrix() // Close would give the samples back before they are read
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
