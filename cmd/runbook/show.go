package main

import (
	"github.com/spf13/cobra"

	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/procedure"
	"runbook/engine/record"
)

func (a *app) showCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME|PATH", Short: "Read the procedure of a playbook", Args: exactly(1, "the name or path of one playbook"),
		Example:           "  runbook show memory-leak\n  runbook show ./disk.yaml",
		ValidArgsFunction: a.completePlaybooks,
	}
	json := formatFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, words []string) error {
		asJSON, err := json()
		if err != nil {
			return err
		}
		p, err := a.plan(words[0])
		switch {
		case err != nil:
			return err
		case asJSON:
			return printJSON(a.Out, record.ProcedureOf(p, effects(p)))
		}
		return procedure.Page(p, words[0], effects(p), page.Of(a.Out)).Print(a.Out)
	}
	return cmd
}

// effects are what a playbook does at most, where the usual policy holds.
func effects(p *plan.Plan) event.Effects { return launch.Effects(p, environment.DefaultPolicy()) }
