// Package alertmanager has the actions that talk to an Alertmanager, by version
// 2 of its API: they list alerts, silence them and end a silence.
package alertmanager

import (
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

// Target is the kind of target that alertmanager actions talk to: one server of
// a cluster stands for all of it.
var Target = &action.TargetKind{
	Name:    "alertmanager",
	Summary: "An Alertmanager, 0.22 or newer, or another that answers version 2 of its API.",
	Config:  schema.Of(reflect.TypeFor[endpoint.Config]()),
	Local:   map[string]any{"url": "http://127.0.0.1:9093"},
	Parse:   endpoint.Parse,
	Check:   endpoint.CheckOf[endpoint.Config],
	Address: endpoint.Address,
}
