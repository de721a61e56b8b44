package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/reference"
	"runbook/lab/rehearsal"
)

func (a *app) actionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "actions [NAME]", Short: "List the actions, or explain one",
		Example: "  runbook actions\n  runbook actions docker.restart",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, words []string) error {
			all := a.launcher().Registry
			switch {
			case len(words) == 1:
				return a.explainAction(all, words[0])
			case a.Out.Terminal():
				return reference.List(all, page.Of(a.Out)).Print(a.Out)
			}
			return reference.Table(a.Out, all)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.launcher().Registry.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func (a *app) explainAction(reg *action.Registry, name string) error {
	act, ok := reg.Lookup(name)
	if ok {
		return reference.Action(act, page.Of(a.Out)).Print(a.Out)
	}
	f := &action.Failure{What: fmt.Sprintf("there is no action %q", name), Do: []string{"runbook actions"}}
	if near := diag.Nearest(name, reg.Names()); near != "" {
		f.Nearest = []string{near}
		f.Do = []string{"runbook actions " + near}
	}
	return &launch.Refusal{Ending: event.EndInvalid, Failure: f}
}

func (a *app) schemaCommand() *cobra.Command {
	environment, rehearsals := false, false
	cmd := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of playbooks, for editors", Args: cobra.NoArgs,
		Example: "  runbook schema > playbook.schema.json\n  runbook schema --environment > runbook.schema.json",
		RunE: func(*cobra.Command, []string) error {
			of := reference.Schema
			switch {
			case environment:
				of = reference.EnvironmentSchema
			case rehearsals:
				of = func(*action.Registry) ([]byte, error) { return rehearsal.Schema() }
			}
			text, err := of(a.launcher().Registry)
			if err != nil {
				return err
			}
			return put(a.Out, string(text))
		},
	}
	cmd.Flags().BoolVar(&environment, "environment", false, "that of runbook.yaml")
	cmd.Flags().BoolVar(&rehearsals, "rehearsal", false, "that of NAME.rehearsal.yaml")
	cmd.MarkFlagsMutuallyExclusive("environment", "rehearsal")
	return cmd
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of runbook", Args: cobra.NoArgs,
		Example: "  runbook version",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.Out, "runbook %s\n%s, %s/%s\n", engineVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
