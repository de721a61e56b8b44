// Package alertmanager is the Alertmanager of a lab: it has the alerts that fire
// in the lab's Prometheus, mutes them by silences, and answers the API v2.
package alertmanager

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"runbook/lab/gate"
	"runbook/lab/prometheus"
)

// version is that of the image in the lab's containers.
const version = "0.27.0"

// receiver is who is told of all alerts.
const receiver = "operators"

// configuration is what the server says that it runs with.
const configuration = `global:
  resolve_timeout: 5m
route:
  receiver: operators
  group_by:
  - alertname
  continue: false
receivers:
- name: operators
templates: []
`

// alertSource gives the alerts of Prometheus.
type alertSource interface {
	Alerts() []prometheus.Alert
}

// server is an Alertmanager.
type server struct {
	source  alertSource
	gate    *gate.Gate
	started time.Time

	mu       sync.Mutex
	silences silences
}

// Serve serves an Alertmanager at a TCP address, behind g, until g is closed. Its
// alerts are those of source that fire. It returns where it listens.
func Serve(source interface{ Alerts() []prometheus.Alert }, g *gate.Gate, address string) (net.Addr, error) {
	s := &server{source: source, gate: g, started: g.Clock().Now()}
	return g.Serve("tcp", address, s.handler(), gate.ByMethod)
}

// alert is an alert as the API has it.
type alert struct {
	Annotations  map[string]string `json:"annotations"`
	EndsAt       stamp             `json:"endsAt"`
	Fingerprint  string            `json:"fingerprint"`
	Receivers    []named           `json:"receivers"`
	StartsAt     stamp             `json:"startsAt"`
	Status       alertStatus       `json:"status"`
	UpdatedAt    stamp             `json:"updatedAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	Labels       map[string]string `json:"labels"`
}

type alertStatus struct {
	InhibitedBy []string `json:"inhibitedBy"`
	SilencedBy  []string `json:"silencedBy"`
	State       string   `json:"state"` // active, suppressed
}

type named struct {
	Name string `json:"name"`
}

// stamp is a time as the API writes it, with milliseconds.
type stamp time.Time

// MarshalText writes the time.
func (s stamp) MarshalText() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format("2006-01-02T15:04:05.000Z07:00")), nil
}

// UnmarshalText reads RFC 3339.
func (s *stamp) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(text))
	*s = stamp(t)
	return err
}

func fingerprint(labels map[string]string) string {
	set := model.LabelSet{}
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}

// alerts are the alerts of now, by fingerprint, with what mutes them.
func (s *server) alerts() []alert {
	now := s.gate.Clock().Now()
	var all []alert
	for _, a := range s.source.Alerts() {
		if a.State == prometheus.Firing {
			all = append(all, alert{
				Annotations: a.Annotations, Labels: a.Labels, StartsAt: stamp(a.FiredAt), UpdatedAt: stamp(a.EvaluatedAt),
				EndsAt:       stamp(a.EvaluatedAt.Add(4 * time.Minute)),
				GeneratorURL: a.GeneratorURL(),
			})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range all {
		a := &all[i]
		a.Fingerprint, a.Receivers = fingerprint(a.Labels), []named{{receiver}}
		a.Status = alertStatus{InhibitedBy: []string{}, SilencedBy: s.silences.muting(a.Labels, now), State: "active"}
		if len(a.Status.SilencedBy) > 0 {
			a.Status.State = "suppressed"
		}
	}
	slices.SortFunc(all, func(a, b alert) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return all
}
