package launch

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
)

// allowed refuses what changes something where only a read may stand, and what the
// environment does not allow or does not have. In a dry run what is denied is shown,
// not refused.
func (q *Request) allowed(in *Inputs) error {
	env := q.Environment
	if wrong := inPlaceOfReads(q.Plan, env, q.names(in)); len(wrong) > 0 {
		return Mistakes(q.Plan.Name, wrong, q.Plan.Source, "runbook validate "+action.Quote(q.Command.Playbook))
	}
	if !q.DryRun {
		if env.Protected && !q.Named {
			return Invalid(env.Name+" is protected; it must be named", q.Command.Again()+" --env "+env.Name)
		}
		if r := q.denied(); r != nil {
			return r
		}
	}
	return q.missingTargets()
}

// denied tells of the first step that the policy denies and no parameter can
// change any more.
func (q *Request) denied() *Refusal {
	var first *Refusal
	Once(q.Plan, func(s Visited) {
		if first != nil {
			return
		}
		policy := q.Environment.Policy
		if look := s.Observe; look != nil {
			if refused, d := policy.DecideLook(look.Action.Name, action.Read); refused != "" {
				first = q.deny(s, refused, d)
				return
			}
		}
		if s.Op == nil {
			return
		}
		name := s.Op.Action.Name
		effect, best := effectIn(q.Environment, s.Op, nil)
		always := policy.Decide(name, action.Read, false, false).Answer == environment.Denied
		if d := decide(policy, s.Step, effect); d.Answer == environment.Denied && (always || best == effect) {
			first = q.deny(s, "denies "+name, d)
		}
	})
	return first
}

func (q *Request) deny(s Visited, refused string, d environment.Decision) *Refusal {
	what := "the environment's policy " + refused
	rule := q.Environment.File + ", which allows nothing of it"
	if d.Rule.Name != "" {
		rule = strings.TrimSpace(d.Rule.Place + "  " + d.List + ": " + d.Rule.Name)
	}
	f := &action.Failure{What: what, Facts: []action.Fact{
		{Label: "Where", Value: rule + "\nneeded by step " + s.Address + ", " + s.Place},
		{Label: "Changed", Value: untouched},
	}}
	return &Refusal{Ending: event.EndRefused, Failure: f, Notice: &Notice{Text: q.Plan.Name + " on " + q.Environment.Name, Safe: []string{q.Command.Again() + " --dry-run"}}}
}

// missingTargets refuses a plan whose environment lacks a target.
func (q *Request) missingTargets() error {
	env, f := q.Environment, &action.Failure{}
	var names []string
	for n, kind := range lacks(q.Plan, env) {
		names = append(names, n.target)
		seen := fmt.Sprintf("%s: %s at step %s needs it, %s", n.target, n.action, n.step, n.place)
		if kind != "" {
			seen = fmt.Sprintf("%s is of kind %s; %s needs kind %s, %s", n.target, kind, n.action, n.kind, n.place)
		}
		f.Seen = append(f.Seen, seen)
		f.Do = append(f.Do, fmt.Sprintf("write it in %s: environments.%s.targets.%s", cmp.Or(env.File, environment.DefaultFile), env.Name, n.target))
	}
	if len(names) == 0 {
		return nil
	}
	f.What = fmt.Sprintf("environment %s has no target %s", env.Name, strings.Join(names, ", "))
	return &Refusal{Ending: event.EndInvalid, Failure: f}
}
