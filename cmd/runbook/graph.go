package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"runbook/engine/procedure"
)

func (a *app) graphCommand() *cobra.Command {
	format := "ascii"
	cmd := &cobra.Command{
		Use: "graph NAME|PATH", Short: "Draw which step waits for which", Args: exactly(1, "the name or path of one playbook"),
		Example: "  runbook graph memory-leak\n  runbook graph memory-leak --format dot | dot -Tsvg > memory-leak.svg",
		RunE: func(_ *cobra.Command, words []string) error {
			p, err := a.plan(words[0])
			if err != nil {
				return err
			}
			switch format {
			case "ascii":
				return procedure.ASCII(p).Print(a.Out)
			case "mermaid":
				return put(a.Out, procedure.Mermaid(p))
			case "dot":
				return put(a.Out, procedure.Dot(p))
			}
			return usage(fmt.Sprintf("there is no format %q", format), "--format ascii, mermaid or dot")
		},
		ValidArgsFunction: a.completePlaybooks,
	}
	cmd.Flags().StringVar(&format, "format", format, "ascii, mermaid or dot")
	return cmd
}
