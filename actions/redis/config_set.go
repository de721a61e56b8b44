package redis

import (
	"context"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
)

type configSetParams struct {
	Parameter string `yaml:"parameter" pattern:"^[a-z0-9-]+$" doc:"Its name, as maxmemory."`
	Value     string `yaml:"value" doc:"Its value; a size may have a unit: 256mb as in redis.conf, or 256MiB."`
}

func (p configSetParams) Brief() string {
	if secretParameter(p.Parameter) {
		return p.Parameter
	}
	return p.Parameter + " " + p.Value
}

type configSetOutputs struct {
	Parameter string `yaml:"parameter" doc:"Its name."`
	Before    string `yaml:"before" doc:"The value that it had."`
	After     string `yaml:"after" doc:"The value that it has, as the server tells it: sizes in bytes."`
	Changed   bool   `yaml:"changed" doc:"false: it had the value already."`
}

func (o configSetOutputs) Summary() string {
	if !o.Changed {
		return o.Parameter + " was " + shown(o.Parameter, o.After) + " already"
	}
	return o.Parameter + " " + shown(o.Parameter, o.Before) + " → " + shown(o.Parameter, o.After)
}

// ConfigSet changes a parameter of a server that runs.
var ConfigSet = action.New(action.Spec[configSetParams, configSetOutputs]{
	Name:    "redis.config_set",
	Summary: "Changes one parameter of a Redis server while it runs; its next start brings the old one back.",
	Example: `
action: redis.config_set
with: {parameter: maxmemory, value: 512mb}
verify: [outputs.after == "536870912"]
`,
	Target:     Target,
	Effect:     action.Write,
	Idempotent: true,
	Run:        configSet,
	Preview:    previewConfigSet,
	Subjects: func(ctx context.Context, call action.Call, p configSetParams) ([]action.Subject, error) {
		s, before, err := p.read(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "parameter", Name: p.Parameter, ID: s.where + " " + p.Parameter, Version: before}}, nil
	},
	Settle: settleConfigSet,
})

// read returns the value that the parameter has.
func (p configSetParams) read(ctx context.Context, call action.Call) (*server, string, error) {
	s, err := serverOf(call)
	if err != nil {
		return nil, "", err
	}
	if secretParameter(p.Parameter) {
		return nil, "", &action.Failure{
			Where: s.where, Final: true, What: p.Parameter + " is a secret, which this action does not set",
			Do: []string{"set it by hand in redis.conf, and in the secret that password of the target names"},
		}
	}
	values, err := s.config(ctx, p.Parameter)
	if err != nil {
		return nil, "", err
	}
	before, ok := values[p.Parameter]
	if !ok {
		return nil, "", &action.Failure{
			Where: s.where, Final: true, What: "there is no parameter " + p.Parameter, Tried: "CONFIG GET " + p.Parameter,
			Do: []string{"correct parameter; redis-cli CONFIG GET '*' lists them"},
		}
	}
	return s, before, nil
}

func configSet(ctx context.Context, call action.Call, p configSetParams) (configSetOutputs, error) {
	s, before, err := p.read(ctx, call)
	if err != nil {
		return configSetOutputs{}, action.NotApplied(err)
	}
	o := configSetOutputs{Parameter: p.Parameter, Before: before, After: before}
	if same(p.Value, before) {
		return o, nil
	}
	_, err = ask(ctx, s, fmt.Sprintf("CONFIG SET %s %s", p.Parameter, p.Value), func(ctx context.Context, c *goredis.Client) (string, error) {
		return c.ConfigSet(ctx, p.Parameter, sent(p.Value)).Result()
	})
	if err != nil {
		return configSetOutputs{}, err
	}
	o.Changed, o.After = true, p.Value
	if _, after, err := p.read(ctx, call); err == nil {
		o.After = after
	}
	return o, nil
}

func previewConfigSet(ctx context.Context, call action.Call, p configSetParams) (action.Preview, error) {
	s, before, err := p.read(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	was, will := shown(p.Parameter, before), shown(p.Parameter, p.Value)
	preview := action.Preview{
		Summary: fmt.Sprintf("%s %s → %s", p.Parameter, was, will),
		Touches: []action.Object{{Kind: "server", Name: s.where}},
		Changes: []action.Change{{Name: p.Parameter, Before: was, After: will}},
	}
	if same(p.Value, before) {
		preview.Summary = p.Parameter + " is " + was + " already"
		return preview, nil
	}
	if n, ok := sizeOf(p.Value); ok && p.Parameter == "maxmemory" && n > 0 {
		if text, err := s.info(ctx, "memory"); err == nil && whole(parseInfo(text)["used_memory"]) > int(n) {
			preview.Summary += "; it uses " + shown(p.Parameter, parseInfo(text)["used_memory"]) + ", so keys are evicted or writes refused"
		}
	}
	return preview, nil
}

// settleConfigSet reads the parameter again.
func settleConfigSet(ctx context.Context, call action.Call, p configSetParams, subjects []action.Subject) (action.Applied, *configSetOutputs, error) {
	_, now, err := p.read(ctx, call)
	if err != nil || len(subjects) == 0 {
		return action.AppliedLost, nil, err
	}
	before := subjects[0].Version
	switch {
	case same(p.Value, now):
		return action.AppliedFully, &configSetOutputs{Parameter: p.Parameter, Before: before, After: now, Changed: now != before}, nil
	case now == before:
		return action.AppliedNot, nil, nil
	}
	return action.AppliedLost, nil, nil
}
