// Package http has the actions that send HTTP requests. A request that its
// method or the target's `reads` calls a read is one in a dry run too; every
// other request is a change that is sent once and never replayed.
package http

import (
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/endpoint"
)

type targetConfig struct {
	BaseURL schema.Text `yaml:"base_url" doc:"The URL to which a path of a request is joined; it may be a secret."`
	endpoint.Access
}

// Target is the kind of target that http actions talk to: a base URL with
// headers. What it lists under reads is no change, whatever its method.
var Target = &action.TargetKind{
	Name:     "http",
	Summary:  "A service that answers HTTP requests.",
	Config:   schema.Of(reflect.TypeFor[targetConfig]()),
	Local:    map[string]any{"base_url": "http://127.0.0.1:8060"},
	Parse:    endpoint.ParseAt("base_url"),
	Check:    endpoint.CheckOf[targetConfig],
	Address:  address,
	Requests: true,
}

func address(config map[string]any) (string, []string) {
	shown, notes := endpoint.AddressAt("base_url", config)
	if base, ok := config["base_url"].(string); ok && shown != "" {
		shown = showURL(base)
	}
	return shown, notes
}
