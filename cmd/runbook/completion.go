package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/environment"
	"runbook/engine/launch"
	"runbook/engine/schema"
	"runbook/engine/yaml"
	"runbook/internal/console"
	"runbook/lab/control"
)

// completePlaybooks offers the names of the catalogue, and files.
func (a *app) completePlaybooks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	l := a.launcher()
	var names []string
	for _, e := range l.Catalogue.Entries() {
		names = append(names, e.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeFlags makes the values of the flags of every verb known to completion.
func (a *app) completeFlags(of *cobra.Command) {
	for name, words := range map[string][]string{
		"color": {"auto", "always", "never"}, "log-format": {console.LogText, console.LogJSON},
	} {
		_ = of.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // fails for a flag that is not there
	}
	for _, c := range append([]*cobra.Command{of}, of.Commands()...) {
		for name, complete := range map[string]cobra.CompletionFunc{
			"env": a.completeEnvironments, "limit": a.completeLimits, "input": a.completeInputs, "despite": a.completeRuns,
		} {
			_ = c.RegisterFlagCompletionFunc(name, complete)
		}
		for _, name := range []string{"format", "output"} {
			if f := c.Flags().Lookup(name); f != nil {
				words := strings.FieldsFunc(strings.ReplaceAll(f.Usage, " or ", " "), func(r rune) bool { return r == ',' || r == ' ' })
				_ = c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
			}
		}
	}
}

// completeEnvironments offers the environments of the file, and that of labs.
func (a *app) completeEnvironments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	names := []string{control.Environment + "\tthe lab that runs"}
	path, err := environment.Find(a.config)
	if err != nil || path == "" {
		return append(names, "local\tthis machine"), cobra.ShellCompDirectiveNoFileComp
	}
	source, err := launch.ReadFile(path)
	if err != nil {
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	if read, _ := environment.ReadFile(source); read != nil {
		for _, d := range read.Environments {
			names = append(names, d.Name.Value)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeLimits offers the groups of the environment that is named, or is the default,
// and their targets.
func (a *app) completeLimits(of *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	chosen, _ := of.Flags().GetString("env")
	path, err := environment.Find(a.config)
	if err != nil || path == "" {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	env, _, err := environment.Load(path, chosen, a.launcher().Registry)
	if err != nil || env == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, g := range env.Groups {
		names = append(names, g.Name+"\t"+strings.Join(g.Targets, ", "))
		for _, target := range g.Targets {
			if !slices.Contains(names, target) {
				names = append(names, target)
			}
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeInputs offers NAME= of the inputs of the playbook that is named, and after
// it the values that the input takes.
func (a *app) completeInputs(_ *cobra.Command, words []string, part string) ([]string, cobra.ShellCompDirective) {
	if len(words) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	p, err := a.plan(words[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	name, _, chosen := strings.Cut(part, "=")
	var out []string
	for _, f := range p.Inputs.Fields {
		switch {
		case !chosen:
			out = append(out, f.Name+"=\t"+f.Doc)
		case f.Name == name && f.Type.Kind == schema.Bool:
			out = append(out, name+"=true", name+"=false")
		case f.Name == name:
			for _, value := range f.Type.Enum {
				out = append(out, name+"="+value)
			}
		}
	}
	if !chosen {
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// completeRehearsals offers the playbooks that have rehearsals, and after NAME/
// the numbers of theirs.
func (a *app) completeRehearsals(_ *cobra.Command, _ []string, part string) ([]string, cobra.ShellCompDirective) {
	l := a.launcher()
	var names []string
	for _, e := range l.Catalogue.Entries() {
		beside := l.Catalogue.Beside(e)
		if beside == nil {
			continue
		}
		if !strings.HasPrefix(part, e.Name+"/") {
			names = append(names, e.Name)
			continue
		}
		for i, title := range titlesOf(beside) {
			names = append(names, fmt.Sprintf("%s/%d\t%s", e.Name, i+1, title))
		}
	}
	return names, cobra.ShellCompDirectiveDefault
}

// titlesOf are the names of the rehearsals of a file, as far as it can be read.
func titlesOf(s *yaml.Source) []string {
	root, _ := yaml.Read(s)
	list := root.Get("rehearsals")
	if list == nil {
		return nil
	}
	var out []string
	for _, r := range list.Items {
		if name := r.Get("name"); name != nil {
			out = append(out, name.Text)
		}
	}
	return out
}

// completeRuns offers the ids of the runs.
func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	all := []string{"last"}
	for _, lab := range []bool{false, true} {
		state, err := a.state(lab)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		ids, err := state.IDs()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		all = append(all, ids...)
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}
