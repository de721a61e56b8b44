package main

import (
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/plan"
	"runbook/engine/report"
)

// denied returns what the policy denies and no parameter can change any more.
func denied(p *plan.Plan, env *environment.Environment, c *call) error {
	var first *problem
	visit(p, func(s visited) {
		if first != nil || s.Op == nil {
			return
		}
		d := decide(env.Policy, s.Step)
		fixed := d.Rule.Name == s.Op.Action.Name || !s.Op.Action.Lowers() || s.Op.Params == nil || s.Op.Params.Const
		if d.Answer != environment.Denied || !fixed {
			return
		}
		first = refusal(s, d.Rule, p, env, c)
	})
	if first == nil {
		return nil
	}
	return first
}

// refusal tells which rule denies a step.
func refusal(s visited, rule environment.Rule, p *plan.Plan, env *environment.Environment, c *call) *problem {
	what := "the environment's policy denies " + s.Op.Action.Name
	return &problem{code: exitRefused, failure: &action.Failure{What: what}, ending: &report.NoRun{
		Word: "Refused", Text: p.Name + " on " + env.Name, Exit: exitRefused,
		Facts: []report.Fact{
			{Label: "What", Value: what},
			{Label: "Where", Value: strings.TrimSpace(rule.Place + "  deny: " + rule.Name)},
			{Value: "needed by step " + s.address + ", " + s.Place},
			{Label: "Changed", Value: "nothing; no target was contacted, no run was started"},
		},
		Safe: []string{c.again() + " --dry-run"},
	}}
}

// missingTargets refuses a plan whose environment lacks a target.
func missingTargets(p *plan.Plan, env *environment.Environment) error {
	f := &action.Failure{}
	var lacks []string
	for _, n := range targetsOf(p) {
		t, ok := env.Target(n.target)
		switch {
		case !ok:
			lacks = append(lacks, n.target)
			f.Seen = append(f.Seen, fmt.Sprintf("%s: %s at step %s needs it, %s", n.target, n.action, n.step, n.place))
			f.Do = append(f.Do, addTarget(n, env))
		case t.Kind != n.kind:
			lacks = append(lacks, n.target)
			f.Seen = append(f.Seen, fmt.Sprintf("%s is of kind %s; %s needs kind %s, %s", n.target, t.Kind, n.action, n.kind, n.place))
			f.Do = append(f.Do, addTarget(n, env))
		}
	}
	if len(lacks) == 0 {
		return nil
	}
	f.What = fmt.Sprintf("environment %s has no target %s", env.Name, strings.Join(lacks, ", "))
	return &problem{code: exitInvalid, failure: f}
}

func addTarget(n need, env *environment.Environment) string {
	file := env.File
	if file == "" {
		file = environment.DefaultFile
	}
	return fmt.Sprintf("write it in %s: environments.%s.targets.%s", file, env.Name, n.target)
}
