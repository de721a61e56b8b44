package redis

import (
	"context"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type configSetParams struct {
	Parameter string      `yaml:"parameter" pattern:"^[a-z0-9-]+$" doc:"Its name, as maxmemory."`
	Value     schema.Text `yaml:"value" doc:"Its value; a size may have a unit: 256mb as in redis.conf, or 256MiB. A password must be a secret, and is shown nowhere."`
}

func (p configSetParams) Brief() string { return p.Parameter + " " + p.Value.String() }

// hides says whether nobody is shown the value of the parameter.
func (p configSetParams) hides() bool { return secretParameter(p.Parameter) || p.Value.IsSecret() }

// same says whether the parameter has the value already; of a password by each
// letter.
func (p configSetParams) same(current string) bool {
	if p.hides() {
		return p.Value.Reveal() == current
	}
	return same(p.Value.Reveal(), current)
}

// told is a value that the parameter has or had, as outputs tell it.
func (p configSetParams) told(value string) string {
	if p.hides() && value != "" {
		return hidden
	}
	return value
}

// wanted is the value that it shall have, for people.
func (p configSetParams) wanted() string {
	if p.Value.IsSecret() {
		return p.Value.String()
	}
	return shown(p.Parameter, p.Value.Reveal())
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

// Nothing reports that all was as it should be.
func (o configSetOutputs) Nothing() bool { return !o.Changed }

// ConfigSet changes a parameter of a server that runs.
var ConfigSet = action.New(action.Spec[configSetParams, configSetOutputs]{
	Name:    "redis.config_set",
	Summary: "Changes one parameter of a Redis server while it runs; its next start brings the old one back.",
	Example: `
action: redis.config_set
with: {parameter: maxmemory, value: 512mb}
verify: [outputs.after == "536870912"]
`,
	Target:  Target,
	Effect:  action.Write,
	Run:     configSet,
	Preview: previewConfigSet,
	Subjects: func(ctx context.Context, call action.Call, p configSetParams) ([]action.Subject, error) {
		s, before, err := p.read(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "parameter", Name: p.Parameter, ID: s.Where + " " + p.Parameter, Version: p.told(before)}}, nil
	},
	Settle: settleConfigSet,
	Look: func(call action.Call, p configSetParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "CONFIG GET "+action.Quote(p.Parameter))
	},
})

// read returns the value that the parameter has.
func (p configSetParams) read(ctx context.Context, call action.Call) (*server.Server, string, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, "", err
	}
	if secretParameter(p.Parameter) && !p.Value.IsSecret() && p.Value.Reveal() != "" {
		return nil, "", &action.Failure{
			Where: s.Where, Final: true, What: p.Parameter + " is a password, and its value is plain text",
			Do: []string{"give value as a secret: an input of the type secret, or a variable {secret: name} of runbook.yaml"},
		}
	}
	values, err := configOf(ctx, s, p.Parameter)
	if err != nil {
		return nil, "", err
	}
	before, ok := values[p.Parameter]
	if !ok {
		return nil, "", &action.Failure{
			Where: s.Where, Final: true, What: "there is no parameter " + p.Parameter, Tried: "CONFIG GET " + p.Parameter,
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
	o := configSetOutputs{Parameter: p.Parameter, Before: p.told(before), After: p.told(before)}
	if p.same(before) {
		return o, nil
	}
	_, err = server.Ask(ctx, s, fmt.Sprintf("CONFIG SET %s %s", p.Parameter, p.Value), func(ctx context.Context, c *goredis.Client) (string, error) {
		return c.ConfigSet(ctx, p.Parameter, sent(p.Value.Reveal())).Result()
	})
	if err != nil {
		return configSetOutputs{}, err
	}
	o.Changed, o.After = true, p.told(p.Value.Reveal())
	if _, after, err := p.read(ctx, call); err == nil {
		o.After = p.told(after)
	}
	return o, nil
}

func previewConfigSet(ctx context.Context, call action.Call, p configSetParams) (action.Preview, error) {
	s, before, err := p.read(ctx, call)
	if err != nil {
		return action.Preview{}, err
	}
	was, will := shown(p.Parameter, p.told(before)), p.wanted()
	preview := action.Preview{
		Summary: fmt.Sprintf("%s %s → %s", p.Parameter, was, will),
		Touches: []action.Object{{Kind: "server", Name: s.Where}},
		Changes: []action.Change{{Name: p.Parameter, Before: was, After: will}},
	}
	if p.same(before) {
		preview.Summary = p.Parameter + " is " + was + " already"
		return preview, nil
	}
	if n, ok := sizeOf(p.Value.Reveal()); ok && p.Parameter == "maxmemory" && n > 0 {
		if text, err := s.Info(ctx, "memory"); err == nil {
			if used := server.Figure(server.ParseInfo(text), "used_memory"); used != nil && *used > int(n) {
				preview.Summary += "; it uses " + schema.HumanBytes(float64(*used)) + ", so keys are evicted or writes refused"
			}
		}
	}
	return preview, nil
}

// settleConfigSet reads the parameter again. That it is what it was proves nothing: the
// request may still be under way, or somebody has put it back, and would not have it
// set again.
func settleConfigSet(ctx context.Context, call action.Call, p configSetParams, subjects []action.Subject) (action.Applied, *configSetOutputs, error) {
	_, now, err := p.read(ctx, call)
	if err != nil || len(subjects) == 0 || !p.same(now) {
		return action.AppliedLost, nil, err
	}
	before := subjects[0].Version
	return action.AppliedFully, &configSetOutputs{Parameter: p.Parameter, Before: before, After: p.told(now), Changed: p.hides() || now != before}, nil
}
