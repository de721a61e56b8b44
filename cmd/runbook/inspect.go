package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/yaml"
	"runbook/lab/control"
	"runbook/lab/rehearsal"
)

// inspection is a validation: what was looked at, and what is wrong there.
type inspection struct {
	*app
	env       string // of --env, "" for every one
	words     []string
	files     []*yaml.Source
	playbooks int // of the files
	missing   int // what was named and cannot be read
	list      diag.List
	settings  map[string][]*environment.Environment // by the file that they stand in
}

// inspect checks what the words name: files, directories with all that is written in
// them, or names of playbooks. The error is of the command line.
func (a *app) inspect(words []string, env string) (*inspection, error) {
	i := &inspection{app: a, env: env, words: words, settings: map[string][]*environment.Environment{}}
	for _, word := range words {
		if err := i.word(word); err != nil {
			return nil, err
		}
	}
	return i, nil
}

func (i *inspection) word(word string) error {
	if info, err := os.Stat(word); err != nil || !info.IsDir() {
		found, err := i.launcher().Catalogue.Find(word)
		return i.take(word, found.Source, err)
	}
	below := launch.Written(word)
	if len(below) == 0 {
		return i.take(word, nil, usage("there is no playbook in "+word, "runbook validate FILE.yaml"))
	}
	for _, file := range below {
		source, err := launch.ReadFile(file)
		if err := i.take(file, source, err); err != nil {
			return err
		}
	}
	return nil
}

// take checks a file as what it is, once; what cannot be read is a finding.
func (i *inspection) take(name string, s *yaml.Source, err error) error {
	switch {
	case err != nil:
		i.missing++
		i.list.Add(unreadable(name, err))
		return nil
	case ofEnvironments(s):
		_, err := i.setting(s.Name)
		i.keep(s)
		return err
	case !i.keep(s):
		return nil
	}
	if beside, ok := launch.PlaybookOf(s.Name); ok {
		i.list = append(i.list, i.rehearsals(s, beside)...)
		return nil
	}
	i.playbooks++
	file, err := i.nearest(s)
	if err != nil {
		return err
	}
	in, err := i.setting(file)
	if err == nil {
		i.list = append(i.list, i.launcher().Check(s, in)...)
	}
	return err
}

// keep adds a file to those that were looked at, and reports whether it is new.
func (i *inspection) keep(s *yaml.Source) bool {
	for _, have := range i.files {
		if have.Name == s.Name && have.Embedded == s.Embedded {
			return false
		}
	}
	i.files = append(i.files, s)
	return true
}

// nearest is the file of the environments that a playbook is checked in: the one that is
// named, else the nearest to the playbook, else the one that a run would take here.
func (i *inspection) nearest(s *yaml.Source) (string, error) {
	if cmp.Or(i.config, os.Getenv(environment.Variable)) == "" && !s.Embedded {
		if near := environment.Near(s.Name); near != "" {
			return near, nil
		}
	}
	return i.environmentFile()
}

// setting returns the environments of a file, or the one that is wanted, and notes what
// is wrong there; while something is, playbooks are checked by themselves. It is nil
// without a file.
func (i *inspection) setting(file string) ([]*environment.Environment, error) {
	if i.env == control.Environment {
		file = ""
	}
	if file != "" {
		file = filepath.ToSlash(filepath.Clean(file))
	}
	if in, known := i.settings[file]; known {
		return in, nil
	}
	in, wrong, err := i.environments(file)
	var missing *environment.ErrNotFound
	var refused *launch.Refusal
	switch {
	case errors.As(err, &missing):
		return nil, noEnvironment(missing, i.again)
	case errors.As(err, &refused):
		return nil, err
	case err != nil:
		i.missing++
		wrong.Add(unreadable(file, err))
	}
	if wrong.Errors() > 0 {
		in = []*environment.Environment{}
	}
	i.list = append(i.list, wrong...)
	if source, err := launch.ReadFile(file); err == nil && len(wrong) > 0 {
		i.keep(source)
	}
	i.settings[file] = in
	return in, nil
}

// environments reads all of a file, or the one that is wanted.
func (i *inspection) environments(file string) ([]*environment.Environment, diag.List, error) {
	registry := i.launcher().Registry
	switch i.env {
	case "":
		return environment.All(file, registry)
	case control.Environment:
		env, _, err := i.loadEnvironment(i.env, registry, i.again)
		return []*environment.Environment{env}, nil, err
	}
	env, wrong, err := environment.Load(file, i.env, registry)
	return []*environment.Environment{env}, wrong, err
}

// again is the same validation in another environment.
func (i *inspection) again(env string) string {
	return "runbook validate " + action.Quote(i.words[0]) + " --env " + action.Quote(env)
}

// rehearsals checks a file of rehearsals of the playbook beside it.
func (i *inspection) rehearsals(s *yaml.Source, beside string) diag.List {
	l := i.launcher()
	of, err := launch.ReadFile(beside)
	if err != nil {
		d := unreadable(s.Name, err)
		d.Message, d.Hint = "there is no playbook beside it: "+d.Message, "rehearsals stand beside their playbook, in NAME.rehearsal.yaml"
		return diag.List{d}
	}
	c := l.Compile(of, nil)
	if c.Plan == nil {
		return diag.List{{
			Code: diag.CodeUnreadable, Source: s.Name, Message: "the playbook beside it is invalid, so that its rehearsals cannot be checked",
			Hint: "runbook validate " + action.Quote(beside),
		}}
	}
	_, list := rehearsal.Parse(s, c.Plan, l.Registry)
	return list
}

// ofEnvironments reports whether a file holds environments, by its name or by what is
// written in it.
func ofEnvironments(s *yaml.Source) bool {
	if s.Embedded || filepath.Base(s.Name) == environment.DefaultFile {
		return !s.Embedded
	}
	root, _ := yaml.Read(s)
	return root.Get("environments") != nil && root.Get("playbook") == nil && root.Get("steps") == nil
}

// unreadable is the finding that a file cannot be read.
func unreadable(name string, err error) diag.Diagnostic {
	f := action.AsFailure(err)
	return diag.Diagnostic{Code: diag.CodeUnreadable, Source: name, Message: f.What, Hint: strings.Join(f.Do, ", or ")}
}
