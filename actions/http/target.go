// Package http has the actions that send HTTP requests. A request that its
// method or the target's `reads` calls a read is one in a dry run too; every
// other request is a change that is sent once and never replayed.
package http

import (
	"reflect"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type targetConfig struct {
	BaseURL string                 `yaml:"base_url" doc:"The URL to which a path of a request is joined."`
	Headers map[string]schema.Text `yaml:"headers,omitempty" doc:"Headers of every request below the base URL; never sent to another host."`
}

// Target is the kind of target that http actions talk to: a base URL with
// headers. What it lists under reads is no change, whatever its method.
var Target = &action.TargetKind{
	Name:    "http",
	Summary: "A service that answers HTTP requests.",
	Config:  schema.Of(reflect.TypeFor[targetConfig]()),
	Local:   map[string]any{"base_url": "http://127.0.0.1:8060"},
	Address: address,
}

func address(config map[string]any) (string, []string) {
	base, _ := config["base_url"].(string)
	return showURL(base), nil
}
