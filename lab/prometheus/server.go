// Package prometheus is the Prometheus server of a lab: it scrapes the model,
// evaluates rules, and answers the HTTP API v1 with the engine of Prometheus.
package prometheus

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"

	"runbook/lab/gate"
	"runbook/lab/model"
)

// Server is a Prometheus server. Its methods may be called from anywhere.
type Server struct {
	model   *model.Model
	gate    *gate.Gate
	store   *store
	engine  *promql.Engine
	scraper *scraper
	rules   *evaluator
	address net.Addr
	closed  atomic.Bool
}

// The limits of a query, as Prometheus has them by default.
const (
	queryTimeout = 2 * time.Minute
	querySamples = 50_000_000
	lookBack     = 5 * time.Minute
)

// Serve starts a server at a TCP address. It scrapes each [model.ScrapeEvery]
// while the container of prometheus serves, keeps two hours, and evaluates the
// rules, a file as Prometheus has it, each 15 seconds. It ends with the gate.
func Serve(m *model.Model, g *gate.Gate, address string, rules []byte) (*Server, error) {
	groups, err := parseRules(rules)
	if err != nil {
		return nil, err
	}
	s := &Server{model: m, gate: g, store: newStore()}
	s.engine = promql.NewEngine(promql.EngineOpts{
		MaxSamples: querySamples, Timeout: queryTimeout, LookbackDelta: lookBack,
		NoStepSubqueryIntervalFn: func(int64) int64 { return evaluateEvery.Milliseconds() },
		EnableAtModifier:         true, EnableNegativeOffset: true,
	})
	s.scraper = &scraper{store: s.store}
	s.rules = &evaluator{store: s.store, engine: s.engine, groups: groups}
	if s.address, err = g.Serve("tcp", address, s.handler(), classify); err != nil {
		return nil, fmt.Errorf("serve Prometheus: %w", err)
	}
	m.Sample(s.second)
	m.Watch(func(*model.World) { s.rules.evaluate() })
	return s, nil
}

// Addr is where the server listens, host:port.
func (s *Server) Addr() string { return s.address.String() }

// Close ends the scraping; the gate ends the connections.
func (s *Server) Close() { s.closed.Store(true) }

// Alerts are the alerts that are pending or firing, in the order of the rules,
// as of their last evaluation. It may be called inside the model too.
func (s *Server) Alerts() []Alert { return s.rules.alerts() }

// OnChange calls do when the first alert of a name begins to fire, and when the
// last has ended. do is called inside the model and the server: it must only
// note, and call neither.
func (s *Server) OnChange(do func(name string, firing bool, at time.Time)) {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.change = append(s.rules.change, do)
}

// second is called for each second of the model.
func (s *Server) second(w *model.World) {
	if s.closed.Load() || !w.Serves("prometheus") {
		return
	}
	s.scraper.follow(w)
	s.rules.follow(w)
}

// now is the lab's time, with everything scraped until then.
func (s *Server) now() time.Time {
	var now time.Time
	s.model.Look(func(w *model.World) { now = w.Now })
	return now
}

// classify names a request; queries are sent by POST too, as they may be long.
func classify(r *http.Request) (string, bool) {
	name, mutates := gate.ByMethod(r)
	switch r.URL.Path {
	case "/api/v1/query", "/api/v1/query_range":
		mutates = mutates && r.Method != http.MethodPost
	}
	return name, mutates
}
