// Package prometheus has the actions that ask a Prometheus server: queries,
// alerts, scrape targets. All of them are reads.
package prometheus

import (
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

// Target is the kind of target that prometheus actions talk to: one server, or
// another that answers its HTTP API.
var Target = &action.TargetKind{
	Name:    "prometheus",
	Summary: "A Prometheus server, or another that answers its HTTP API, as Mimir or Thanos.",
	Config:  schema.Of(reflect.TypeFor[endpoint.Config]()),
	Local:   map[string]any{"url": "http://127.0.0.1:9091"},
	Parse:   endpoint.Parse,
	Check:   endpoint.CheckOf[endpoint.Config],
	Address: endpoint.Address,
}
