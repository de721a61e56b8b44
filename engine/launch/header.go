package launch

import (
	"encoding/json"
	"slices"

	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// header is the first fact of a run: what is run, on what, by whom.
func (q *Request) header(engine string, in *Inputs) event.RunCreated {
	p := q.Plan
	h := event.RunCreated{
		Schema: 1, Playbook: p.Name, Title: p.Title, Engine: engine, User: q.User, Host: q.Host, Trigger: q.Trigger,
		Sources: sources(p), Environment: q.where(), Inputs: in.facts(p), Effects: effects(p, q.Environment, q.names(in)),
		Assumes: p.Assumes, Expected: p.Expected, SeeAlso: p.SeeAlso, DryRun: q.DryRun, Offline: q.Offline, Command: q.Command, Escalation: p.Escalation,
	}
	return h
}

func sources(p *plan.Plan) []event.Source {
	var out []event.Source
	for _, one := range p.Whole() {
		out = append(out, event.Source{Name: one.Source.Name, SHA256: one.Source.SHA256(), Embedded: one.Source.Embedded})
	}
	return out
}

// where is the environment with the targets that the plan uses, or may.
func (q *Request) where() event.Environment {
	env, needs := q.Environment, needsOf(q.Plan, q.Environment)
	out := event.Environment{Name: env.Name, File: env.File, Protected: env.Protected, ByFlag: q.Named, Limit: env.Limit}
	for _, t := range env.Targets {
		if slices.ContainsFunc(needs, func(n need) bool { return n.reaches(t) }) {
			out.Targets = append(out.Targets, event.Target{Name: t.Name, Kind: t.Kind, Address: t.Address, Notes: t.Notes})
		}
	}
	if env.VarTypes != nil && len(env.Vars) > 0 {
		if raw, err := schema.MarshalValue(env.VarTypes, env.Vars); err == nil {
			out.Vars = json.RawMessage(raw)
		}
	}
	return out
}

// facts are the inputs as the journal has them, secrets by their names.
func (in *Inputs) facts(p *plan.Plan) []event.Input {
	var out []event.Input
	for _, f := range p.Inputs.Fields {
		v := in.Values[f.Name]
		one := event.Input{Name: f.Name, Text: schema.TextOf(v), Number: event.NumberOf(f.Name, v), Default: !in.given[f.Name]}
		if s, ok := v.(schema.Secret); ok {
			one.Text = s.String()
		}
		if raw, err := schema.MarshalValue(f.Type.AsOptional(), v); err == nil {
			one.Value = json.RawMessage(raw)
		}
		out = append(out, one)
	}
	return out
}
