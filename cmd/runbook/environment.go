package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/lab/control"
	"runbook/lab/rehearsal"
)

// loadEnvironment reads the environment of that name; `lab` is that of the lab that
// runs, which is returned too. again is the command in another environment.
func (a *app) loadEnvironment(name string, registry *action.Registry, again func(env string) string) (*environment.Environment, *control.Session, error) {
	var env *environment.Environment
	var lab *control.Session
	var list diag.List
	var file string
	var err error
	if name == control.Environment {
		if lab, err = a.runningLab(); err != nil {
			return nil, nil, err
		}
		env, list, err = lab.Environment(registry)
	} else {
		if file, err = a.environmentFile(); err != nil {
			return nil, nil, err
		}
		env, list, err = environment.Load(file, name, registry)
	}
	var missing *environment.ErrNotFound
	switch {
	case errors.As(err, &missing):
		return nil, nil, noEnvironment(missing, again)
	case err != nil && file != "":
		return nil, nil, launch.Invalid(err.Error(), "ls -l "+action.Quote(file))
	case err != nil:
		return nil, nil, &launch.Refusal{Ending: event.EndInvalid, Failure: action.AsFailure(err)}
	case list.Errors() > 0:
		source, _ := launch.ReadFile(file) // without it the list has no excerpts
		return nil, nil, launch.Mistakes(file, list, source)
	}
	return env, lab, nil
}

// stage lets the stubs beside a playbook answer in the lab that runs, nil for none.
func (a *app) stage(l *launch.Launcher, name string, env *environment.Environment, lab *control.Session) error {
	if lab == nil {
		return nil
	}
	found, err := l.Catalogue.Find(name)
	if err != nil {
		return err
	}
	p, err := l.Plan(name, nil)
	if err != nil {
		return err
	}
	beside := l.Catalogue.Beside(launch.Entry{Path: found.Source.Name, Embedded: found.Source.Embedded})
	if beside == nil {
		return nil
	}
	file, list := rehearsal.Parse(beside, p, l.Registry)
	if file != nil {
		list = file.Stage(env, control.World{Session: lab}, l.Registry)
	}
	if list.Errors() > 0 {
		return launch.Mistakes(beside.Name, list, beside)
	}
	return nil
}

// environmentFile is the path of the file of environments, "" where there is none.
func (a *app) environmentFile() (string, error) {
	path, err := environment.Find(a.config)
	if err != nil {
		return "", launch.Invalid(err.Error(), "ls "+action.Quote(cmp.Or(a.config, os.Getenv(environment.Variable), environment.DefaultFile)))
	}
	return path, nil
}

// noEnvironment says which environments there are. again is a command that changes
// nothing: the name that was meant is a guess.
func noEnvironment(e *environment.ErrNotFound, again func(env string) string) error {
	r := launch.Invalid(fmt.Sprintf("no environment %q in %s", e.Name, e.File))
	switch {
	case e.File == "":
		r.Failure.What = fmt.Sprintf("no environment %q: there is no %s here or above", e.Name, environment.DefaultFile)
	case e.Name == "":
		r.Failure.What = "no environment is named, and " + e.File + " has no default"
	}
	var has []string
	for _, name := range e.Has {
		if name == e.Default {
			name += " (default)"
		}
		has = append(has, name)
	}
	r.Failure.Facts = []action.Fact{{Label: "has", Value: cmp.Or(strings.Join(has, ", "), "(none)")}}
	if name := meantEnvironment(e); name != "" {
		r.Failure.Do = []string{again(name)}
	}
	return r
}

// meantEnvironment is the environment that was meant by a name that none has: that of
// the lab among them, which no file has. Of a name that is like none it is the default
// one.
func meantEnvironment(e *environment.ErrNotFound) string {
	all := append(slices.Clone(e.Has), control.Environment)
	if near := diag.Nearest(e.Name, all); near != "" && e.Name != "" {
		return near
	}
	longer := slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, e.Name) })
	switch {
	case e.Name != "" && len(longer) == 1:
		return longer[0]
	case slices.Contains(e.Has, e.Default):
		return e.Default
	case len(e.Has) > 0:
		return e.Has[0]
	}
	return ""
}

// runningLab is the lab that runs, or the error that says how to start one.
func (a *app) runningLab() (*control.Session, error) {
	state, err := a.state(true)
	if err != nil {
		return nil, err
	}
	s, err := control.Find(state.Dir())
	return s, labProblem(err)
}

// labProblem gives an error of a lab its exit code.
func labProblem(err error) error {
	var e *control.Error
	if !errors.As(err, &e) {
		return err
	}
	r := &launch.Refusal{Ending: event.EndInvalid, Failure: e.Failure}
	switch e.Kind {
	case control.Busy:
		r.Ending = event.EndLocked
	case control.Storage:
		r.Ending = event.EndJournal
	}
	return r
}
