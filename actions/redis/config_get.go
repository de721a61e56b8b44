package redis

import (
	"context"
	"maps"
	"slices"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type configGetParams struct {
	Pattern string `yaml:"pattern" default:"*" doc:"Which parameters, as maxmemory*."`
}

func (p configGetParams) Brief() string { return p.Pattern }

type configGetOutputs struct {
	Values map[string]string `yaml:"values" doc:"The parameters by name, as text; passwords are hidden."`
}

func (o configGetOutputs) Summary() string {
	if len(o.Values) == 0 {
		return "no such parameter"
	}
	if len(o.Values) > 3 {
		return schema.HumanQuantity(len(o.Values), "parameter", "parameters")
	}
	text := ""
	for _, name := range slices.Sorted(maps.Keys(o.Values)) {
		if text != "" {
			text += ", "
		}
		text += name + " " + shown(name, o.Values[name])
	}
	return text
}

// ConfigGet reads parameters of a server.
var ConfigGet = action.New(action.Spec[configGetParams, configGetOutputs]{
	Name:    "redis.config_get",
	Summary: "Reads the parameters with which a Redis server runs.",
	Example: `
id: limits
action: redis.config_get
with: {pattern: maxmemory*}
verify: ['outputs.values["maxmemory-policy"] == "allkeys-lru"']
`,
	Target: Target,
	Effect: action.Read,
	Run:    configGet,
})

func configGet(ctx context.Context, call action.Call, p configGetParams) (configGetOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return configGetOutputs{}, err
	}
	values, err := configOf(ctx, s, p.Pattern)
	if err != nil {
		return configGetOutputs{}, err
	}
	for name, value := range values {
		if secretParameter(name) && value != "" {
			values[name] = hidden
		}
	}
	return configGetOutputs{values}, nil
}
