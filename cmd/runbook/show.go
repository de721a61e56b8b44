package main

import (
	"github.com/spf13/cobra"

	"runbook/engine/page"
)

func (a *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show NAME|PATH", Short: "Read the procedure of a playbook", Args: exactly(1, "the name or path of one playbook"),
		Example: "  runbook show memory-leak\n  runbook show ./disk.yaml",
		RunE: func(_ *cobra.Command, words []string) error {
			p, err := a.plan(words[0])
			if err != nil {
				return err
			}
			return procedure(p, words[0], page.Of(a.Out)).Print(a.Out)
		},
		ValidArgsFunction: a.completePlaybooks,
	}
}
