package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

func (a *app) validateCommand() *cobra.Command {
	format, env := "text", ""
	cmd := &cobra.Command{
		Use: "validate PATH|NAME...", Short: "Find mistakes without running anything",
		Example: "  runbook validate playbooks\n  runbook validate memory-leak.yaml --format json",
		Args: func(_ *cobra.Command, words []string) error {
			if len(words) == 0 {
				return usage("validate takes paths of playbooks or directories, or names", "runbook validate playbooks")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, words []string) error {
			if format != "text" && format != outputJSON {
				return usage(fmt.Sprintf("there is no format %q", format), "--format text or json")
			}
			return a.validate(words, env, format)
		},
		ValidArgsFunction: a.completePlaybooks,
	}
	cmd.Flags().StringVar(&env, "env", "", "the environment that the playbooks are for; without it all of runbook.yaml")
	cmd.Flags().StringVar(&format, "format", format, "text or json")
	return cmd
}

// validate checks the file of environments, and every named playbook against those, and
// prints what is wrong.
func (a *app) validate(words []string, env, format string) error {
	began := time.Now()
	l := a.launcher()
	config, err := a.environmentFile()
	if err != nil {
		return err
	}
	in, wrong, err := a.environments(config, env, words, l.Registry)
	if err != nil {
		return err
	}
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return filepath.Clean(word) == filepath.Clean(config) })
	files, all := named(l.Catalogue, words)
	count, faulty := len(files)+len(all), len(all)
	all = append(all, wrong...)
	for _, source := range files {
		list := l.Check(source, in)
		all = append(all, list...)
		if len(list) > 0 {
			faulty++
		}
	}
	if own, lost := launch.ReadFile(config); lost == nil && len(wrong) > 0 {
		files = append(files, own)
	}
	if format == outputJSON {
		err = printJSON(a.Out, findings(all, count))
	} else {
		a.diagnose(a.Out, all, files...)
		err = put(a.Out, verdict(all, count, faulty, time.Since(began)))
	}
	if err == nil && all.Errors() > 0 {
		return told(event.EndFailed)
	}
	return err
}

// environments returns the one of that name, or all of the file, and what is wrong
// there; while something is, playbooks are checked by themselves.
func (a *app) environments(config, name string, words []string, registry *action.Registry) ([]*environment.Environment, diag.List, error) {
	if name == "" {
		all, wrong, err := environment.All(config, registry)
		if wrong.Errors() > 0 {
			all = []*environment.Environment{}
		}
		return all, wrong, err
	}
	env, _, err := a.loadEnvironment(name, registry, func(other string) string {
		return "runbook validate " + action.Quote(words[0]) + " --env " + other
	})
	return []*environment.Environment{env}, nil, err
}

// named returns the sources that words name, files, directories or names, and as
// mistakes those that cannot be read.
func named(all *launch.Catalogue, words []string) (files []*yaml.Source, missing diag.List) {
	take := func(name string, s *yaml.Source, err error) {
		if err == nil {
			files = append(files, s)
			return
		}
		f := action.AsFailure(err)
		missing.Add(diag.Diagnostic{Code: diag.CodeUnreadable, Source: name, Message: f.What, Hint: strings.Join(f.Do, ", or ")})
	}
	for _, word := range words {
		if info, err := os.Stat(word); err != nil || !info.IsDir() {
			f, err := all.Find(word)
			take(word, f.Source, err)
			continue
		}
		below := launch.Files(word)
		for _, file := range below {
			s, err := launch.ReadFile(file)
			take(file, s, err)
		}
		if len(below) == 0 {
			take(word, nil, usage("there is no playbook in "+word, "runbook validate FILE.yaml"))
		}
	}
	return files, missing
}

// verdict is the last line of a validation.
func verdict(list diag.List, files, faulty int, took time.Duration) string {
	time := schema.HumanDuration(took.Round(time.Millisecond))
	if len(list) == 0 {
		return fmt.Sprintf("%s, no findings, %s\n", page.Counted(files, "playbook"), time)
	}
	in := page.Counted(files, "playbook")
	if files > 1 {
		in = fmt.Sprintf("%d of %d playbooks", faulty, files)
	}
	return fmt.Sprintf("\n%s in %s, %s\n", list.Summary(), in, time)
}

// validation is the document of `validate --format json`.
type validation struct {
	Schema    int       `json:"schema"`
	Playbooks int       `json:"playbooks"`
	Errors    int       `json:"errors"`
	Warnings  int       `json:"warnings"`
	Findings  diag.List `json:"findings"`
}

func findings(list diag.List, files int) validation {
	errs := list.Errors()
	return validation{Schema: 1, Playbooks: files, Errors: errs, Warnings: len(list) - errs, Findings: append(diag.List{}, list...)}
}
