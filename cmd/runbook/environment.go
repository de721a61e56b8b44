package main

import (
	"errors"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/lab/control"
)

// loadEnvironment reads the environment that the call names; `lab` is that of the
// lab that runs.
func (a *app) loadEnvironment(c *call, kinds []*action.TargetKind) (*environment.Environment, error) {
	var env *environment.Environment
	var list diag.List
	var err error
	if c.env == control.Environment {
		if c.lab, err = a.runningLab(); err != nil {
			return nil, err
		}
		env, list, err = c.lab.Environment(kinds)
	} else {
		env, list, err = environment.Load(environment.DefaultFile, c.env, kinds)
	}
	var missing *environment.ErrNotFound
	switch {
	case errors.As(err, &missing):
		return nil, noEnvironment(missing, c)
	case err != nil:
		return nil, &launch.Refusal{Ending: event.EndInvalid, Failure: action.AsFailure(err)}
	case list.Errors() > 0:
		source, _ := launch.ReadFile(environment.DefaultFile) // without it the list has no excerpts
		return nil, launch.Mistakes(environment.DefaultFile, list, source)
	}
	return env, nil
}

func noEnvironment(e *environment.ErrNotFound, c *call) error {
	r := launch.Invalid(fmt.Sprintf("no environment %q in ./%s", e.Name, strings.TrimPrefix(e.File, "./")))
	if e.Name == "" {
		r.Failure.What = "no environment is named, and ./" + e.File + " has no default"
	}
	has := "(none)"
	for i, name := range e.Has {
		if name == e.Default {
			name += " (default)"
		}
		if i == 0 {
			has = name
			continue
		}
		has += ", " + name
	}
	r.Failure.Facts = []action.Fact{{Label: "has", Value: has}}
	if len(e.Has) > 0 {
		other := *c
		if other.env = diag.Nearest(e.Name, e.Has); other.env == "" {
			other.env = e.Has[0]
		}
		r.Failure.Do = []string{other.command().Again()}
	}
	return r
}
