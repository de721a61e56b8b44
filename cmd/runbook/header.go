package main

import (
	"encoding/json"
	"os"
	"os/user"
	"slices"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// header is the first fact of a run: what is run, on what, by whom.
func header(p *plan.Plan, env *environment.Environment, g *given, c *call) event.RunCreated {
	h := event.RunCreated{
		Schema: 1, Playbook: p.Name, Title: p.Title, Engine: engineVersion(), User: userName(), Host: hostName(),
		Sources: sources(p), Environment: where(p, env, c), Inputs: inputFacts(p, g), Effects: countEffects(p, env.Policy),
		Assumes: p.Assumes, Expected: p.Expected, SeeAlso: p.SeeAlso, DryRun: c.dryRun, Offline: c.offline,
		Command: event.Command{Playbook: c.playbook, Flags: c.flags()},
	}
	if p.Escalation != nil {
		h.Escalation = &event.Escalation{After: p.Escalation.After, Contact: p.Escalation.Contact}
	}
	return h
}

func userName() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "unknown"
}

func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

func sources(p *plan.Plan) []event.Source {
	var out []event.Source
	for _, s := range append([]plan.Source{p.Source}, p.Callees...) {
		out = append(out, event.Source{Name: s.Name, SHA256: s.SHA256, Embedded: s.Embedded})
	}
	return out
}

// where is the environment with the targets that the plan uses.
func where(p *plan.Plan, env *environment.Environment, c *call) event.Environment {
	out := event.Environment{Name: env.Name, File: env.File, Protected: env.Protected, ByFlag: c.env != ""}
	needs := targetsOf(p)
	for _, t := range env.Targets {
		if slices.ContainsFunc(needs, func(n need) bool { return n.target == t.Name }) {
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

func inputFacts(p *plan.Plan, g *given) []event.Input {
	var out []event.Input
	for _, f := range p.Inputs.Fields {
		v := g.values[f.Name]
		in := event.Input{Name: f.Name, Text: schema.TextOf(v), Default: !g.byUser[f.Name]}
		if s, ok := v.(schema.Secret); ok {
			in.Text = s.String()
		}
		if raw, err := schema.MarshalValue(f.Type.AsOptional(), v); err == nil {
			in.Value = json.RawMessage(raw)
		}
		out = append(out, in)
	}
	return out
}

// visited is a step of a plan or of a playbook that it calls.
type visited struct {
	*plan.Step
	address   string // with the calls around it
	onFailure bool   // it only runs if the run fails
}

// visit calls f for every step of p, of the playbooks that it calls, and of
// undo.
func visit(p *plan.Plan, f func(visited)) {
	for _, s := range p.All() {
		late := onlyOnFailure(p, s)
		f(visited{s, s.Path, late})
		if s.Undo != nil {
			f(visited{s.Undo, s.Path, true})
		}
		if s.Call != nil && s.Call.Plan != nil {
			visit(s.Call.Plan, func(v visited) { f(visited{v.Step, s.Path + "/" + v.address, late || v.onFailure}) })
		}
	}
}

// onlyOnFailure reports whether a step of finally asks for the failure.
func onlyOnFailure(p *plan.Plan, s *plan.Step) bool {
	asks := false
	for ; s != nil; s = s.Parent {
		asks = asks || s.When != nil && s.When.Expr.Reads("failure")
		if s.Parent == nil {
			return asks && s == p.Finally
		}
	}
	return false
}

// countEffects counts the worst case of a plan.
func countEffects(p *plan.Plan, policy environment.Policy) event.Effects {
	var out event.Effects
	visit(p, func(s visited) {
		if s.Observe != nil {
			out.Reads++
		}
		if s.Approve != nil && s.Op == nil && s.Body != plan.BodyManual {
			out.Approvals = append(out.Approvals, s.address)
		}
		if s.Op == nil {
			return
		}
		switch {
		case s.Op.Effect == action.Read:
			out.Reads++
		case s.onFailure:
			out.OnFailure++
		case s.Op.Effect == action.Destructive:
			out.Destructive++
		default:
			out.Writes++
		}
		if decide(policy, s.Step).Answer == environment.Asked && !s.onFailure {
			out.Approvals = append(out.Approvals, s.address)
		}
	})
	return out
}

// decide is the policy's answer to the worst case of an operation.
func decide(policy environment.Policy, s *plan.Step) environment.Decision {
	personal := s.Approve != nil && (s.Approve.By != "" || s.Approve.Approvers > 1)
	return policy.Decide(s.Op.Action.Name, s.Op.Effect, s.Approve != nil, personal)
}

// need is a target that a step needs. Its name is "" where only the run knows.
type need struct{ target, kind, step, action, place string }

// targetsOf returns the targets that the plan needs, each once.
func targetsOf(p *plan.Plan) []need {
	var out []need
	add := func(s visited, op *plan.Operation) {
		if op == nil || op.Action.Target == nil {
			return
		}
		n := need{target: op.Action.Target.Name, kind: op.Action.Target.Name, step: s.address, action: op.Action.Name, place: s.Place}
		if op.Target != nil {
			n.target, _ = op.Target.Const.(string)
		}
		same := func(o need) bool { return o.target == n.target && o.kind == n.kind }
		if n.target != "" && !slices.ContainsFunc(out, same) {
			out = append(out, n)
		}
	}
	visit(p, func(s visited) {
		add(s, s.Op)
		add(s, s.Observe)
	})
	return out
}
