package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/reference"
)

func (a *app) actionsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "actions [NAME]", Short: "List the actions, or explain one",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, words []string) error {
			reg, err := registry()
			if err != nil {
				return err
			}
			switch {
			case len(words) == 1:
				return a.explainAction(reg, words[0])
			case a.Out.Terminal():
				return reference.List(a.Out, reg, columns(a.Out))
			}
			return reference.Table(a.Out, reg)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			reg, err := registry()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return reg.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func (a *app) explainAction(reg *action.Registry, name string) error {
	act, ok := reg.Lookup(name)
	if ok {
		return reference.Action(a.Out, act, columns(a.Out))
	}
	f := &action.Failure{What: fmt.Sprintf("there is no action %q", name), Do: []string{"runbook actions"}}
	if near := diag.Nearest(name, reg.Names()); near != "" {
		f.Seen = []string{"nearest: " + near}
		f.Do = []string{"runbook actions " + near}
	}
	return &problem{code: exitInvalid, failure: f}
}

func (a *app) schemaCommand() *cobra.Command {
	environment := false
	cmd := &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of playbooks, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			reg, err := registry()
			if err != nil {
				return err
			}
			of := reference.Schema
			if environment {
				of = reference.EnvironmentSchema
			}
			text, err := of(reg)
			if err != nil {
				return err
			}
			return put(a.Out, string(text))
		},
	}
	cmd.Flags().BoolVar(&environment, "environment", false, "that of runbook.yaml")
	return cmd
}
