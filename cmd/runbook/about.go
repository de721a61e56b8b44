package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/record"
	"runbook/engine/reference"
	"runbook/lab/rehearsal"
)

func (a *app) actionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "actions [NAME|FAMILY|WORD]", Short: "List the actions, or explain one",
		Example: "  runbook actions\n  runbook actions docker\n  runbook actions docker.restart",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, act := range a.launcher().Registry.All() {
				names = append(names, act.Name+"\t"+act.Summary)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	json := formatFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, words []string) error {
		asJSON, err := json()
		if err != nil {
			return err
		}
		return a.actions(strings.Join(words, ""), asJSON)
	}
	return cmd
}

// actions lists the actions of which a word says the family, a part of the name or of
// the summary, and explains one that is named whole.
func (a *app) actions(word string, asJSON bool) error {
	all := a.launcher().Registry
	if act, whole := all.Lookup(word); whole {
		if asJSON {
			return printJSON(a.Out, record.ActionList([]*action.Action{act}))
		}
		return reference.Action(act, page.Of(a.Out)).Print(a.Out)
	}
	found := slices.DeleteFunc(slices.Clone(all.All()), func(act *action.Action) bool {
		return !strings.Contains(strings.ToLower(act.Name+" "+act.Summary), strings.ToLower(word))
	})
	if slices.Contains(all.Families(), word) {
		found = slices.DeleteFunc(found, func(act *action.Action) bool { return act.Family != word })
	}
	switch {
	case len(found) == 0:
		return noAction(all, word)
	case asJSON:
		return printJSON(a.Out, record.ActionList(found))
	}
	some, err := action.NewRegistry(found)
	if err != nil {
		return err
	}
	if a.Out.Terminal() {
		return reference.List(some, page.Of(a.Out)).Print(a.Out)
	}
	return reference.Table(a.Out, some)
}

func noAction(reg *action.Registry, name string) error {
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
			return put(a.Out, versionText())
		},
	}
}
