package main

import (
	"errors"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/report"
	"runbook/engine/yaml"
	"runbook/lab/control"
)

// badEnvironment is a runbook.yaml with mistakes.
type badEnvironment struct{ list diag.List }

func (e *badEnvironment) Error() string { return "runbook.yaml is invalid" }

// loadEnvironment reads the environment that the call names; `lab` is that of the
// lab that runs.
func (a *app) loadEnvironment(c *call, reg *action.Registry) (*environment.Environment, error) {
	load := func() (*environment.Environment, diag.List, error) {
		return environment.Load(environment.DefaultFile, c.env, reg.Targets())
	}
	if c.env == control.Environment {
		session, err := a.runningLab()
		if err != nil {
			return nil, err
		}
		c.lab = session
		load = func() (*environment.Environment, diag.List, error) { return session.Environment(reg.Targets()) }
	}
	env, list, err := load()
	switch {
	case err != nil:
		return nil, err
	case list.Errors() > 0:
		return nil, &badEnvironment{list: list}
	}
	return env, nil
}

// environmentProblem tells why there is no environment.
func (a *app) environmentProblem(err error, c *call) error {
	var p *problem
	if errors.As(err, &p) {
		return err
	}
	var bad *badEnvironment
	var missing *environment.ErrNotFound
	switch {
	case errors.As(err, &bad):
		sources := map[string]*yaml.Source{}
		if s, err := readFile(environment.DefaultFile); err == nil {
			sources[s.Name] = s
		}
		a.diagnose(a.Err, bad.list, sources)
		return ending(exitInvalid)
	case errors.As(err, &missing):
		return noEnvironment(missing, c)
	}
	return &problem{code: exitInvalid, failure: action.AsFailure(err)}
}

func noEnvironment(e *environment.ErrNotFound, c *call) error {
	what := fmt.Sprintf("no environment %q in ./%s", e.Name, strings.TrimPrefix(e.File, "./"))
	if e.Name == "" {
		what = "no environment is named, and ./" + e.File + " has no default"
	}
	var has []string
	for _, name := range e.Has {
		if name == e.Default {
			name += " (default)"
		}
		has = append(has, name)
	}
	facts := []report.Fact{{Label: "has", Value: orNone(strings.Join(has, ", "))}}
	if len(e.Has) > 0 {
		near := diag.Nearest(e.Name, e.Has)
		if near == "" {
			near = e.Has[0]
		}
		other := *c
		other.env = near
		facts = append(facts, report.Fact{Label: "do", Value: other.again()})
	}
	return &problem{code: exitInvalid, failure: &action.Failure{What: what}, facts: facts}
}
