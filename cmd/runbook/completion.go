package main

import (
	"github.com/spf13/cobra"
)

// completePlaybooks offers the names of the catalogue, and files.
func completePlaybooks(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, e := range catalogue() {
		names = append(names, e.name)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeRuns offers the ids of the runs.
func (a *app) completeRuns(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	state, err := a.state()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ids, err := state.IDs()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return append([]string{"last"}, ids...), cobra.ShellCompDirectiveNoFileComp
}
