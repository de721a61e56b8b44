package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/yaml"
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
