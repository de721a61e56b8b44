package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"runbook/engine/page"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/control"
	"runbook/lab/model"
)

func (a *app) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lab", Short: "A staging in this binary, in which faults are real", Args: cobra.NoArgs,
		Long: `A download service in Docker Compose with Redis, MongoDB, Prometheus and the
rest, simulated in this process and served on loopback by the real protocols.
Break it, and repair it by playbooks:

  runbook lab up --fault redis-down
  runbook run redis-down --env lab            from another terminal`,
		Example: "  runbook lab up\n  runbook lab faults\n  runbook lab inject redis-down\n  runbook lab state",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(a.labUpCommand(), a.labInjectCommand(), a.labHealCommand(), a.labStateCommand(), a.labFaultsCommand(), a.labForwardCommand())
	return cmd
}

func (a *app) labInjectCommand() *cobra.Command {
	var options []string
	var wanted string
	cmd, f := a.faultCommand("inject", "Break the running lab", func(c *cobra.Command, f *lab.Fault, s *control.Session) (string, error) {
		for _, word := range options {
			if err := control.AddOption(f, word); err != nil {
				return "", err
			}
		}
		if wanted != "" {
			d, err := schema.ParseDuration(wanted)
			if err != nil || d <= 0 {
				return "", usage("--for "+wanted+" is no duration", "--for 5s")
			}
			f.For = d
		}
		return s.Inject(c.Context(), *f)
	})
	cmd.Example = "  runbook lab inject memory-leak -o returns=true\n  runbook lab inject target-gone --on docker --for 5s\n  runbook lab inject reply-lost --on docker"
	cmd.Flags().StringVar(&wanted, "for", "", "heal it by itself after that time of the lab")
	cmd.Flags().StringArrayVarP(&options, "option", "o", nil, "an option of the fault, NAME=VALUE")
	cmd.Flags().IntVar(&f.Times, "times", 0, "of reply-lost: how many replies")
	return cmd
}

func (a *app) labHealCommand() *cobra.Command {
	cmd, _ := a.faultCommand("heal", "Take a fault of the running lab back", func(c *cobra.Command, f *lab.Fault, s *control.Session) (string, error) {
		return s.Heal(c.Context(), *f)
	})
	cmd.Example = "  runbook lab heal memory-leak\n  runbook lab heal target-gone --on docker"
	return cmd
}

// faultCommand is a verb on one fault of the running lab; --on names a target.
func (a *app) faultCommand(verb, short string, do func(*cobra.Command, *lab.Fault, *control.Session) (string, error)) (*cobra.Command, *lab.Fault) {
	f := &lab.Fault{}
	cmd := &cobra.Command{
		Use: verb + " FAULT", Short: short, Args: exactly(1, "one fault; runbook lab faults lists them"),
		RunE: func(c *cobra.Command, words []string) error {
			f.Name = words[0]
			if err := control.Known(f.Name); err != nil {
				return labProblem(err)
			}
			return a.ask(func(s *control.Session) (string, error) { return do(c, f, s) })
		},
		ValidArgsFunction: completeFaults,
	}
	cmd.Flags().StringVar(&f.On, "on", "", "the target of a fault at connections, or container/NAME")
	_ = cmd.RegisterFlagCompletionFunc("on", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return lab.Targets(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd, f
}

func (a *app) labForwardCommand() *cobra.Command {
	return &cobra.Command{
		Use: "forward DURATION", Short: "Let time pass in the running lab at once", Args: exactly(1, "a duration, as 20m"),
		Example: "  runbook lab forward 20m",
		RunE: func(c *cobra.Command, words []string) error {
			d, err := schema.ParseDuration(words[0])
			if err != nil || d <= 0 || d > control.MostForward {
				return usage(words[0]+" is no duration up to "+schema.FormatDuration(control.MostForward), "runbook lab forward 20m")
			}
			return a.ask(func(s *control.Session) (string, error) { return s.Forward(c.Context(), d) })
		},
	}
}

// ask asks the running lab for something and tells what it said.
func (a *app) ask(do func(*control.Session) (string, error)) error {
	s, err := a.runningLab()
	if err != nil {
		return err
	}
	text, err := do(s)
	if err != nil {
		return labProblem(err)
	}
	return put(a.Out, text+"\n")
}

func (a *app) labStateCommand() *cobra.Command {
	out := "text"
	cmd := &cobra.Command{
		Use: "state", Short: "What the running lab is like now", Args: cobra.NoArgs,
		Example: "  runbook lab state\n  runbook lab state --output json | jq .app.memory_percent",
		RunE: func(c *cobra.Command, _ []string) error {
			if out != "text" && out != outputJSON {
				return usage(fmt.Sprintf("there is no output %q", out), "--output text or json")
			}
			s, err := a.runningLab()
			if err != nil {
				return err
			}
			state, err := s.State(c.Context())
			if err != nil {
				return labProblem(err)
			}
			if out == outputJSON {
				return printJSON(a.Out, schema.Encode(state))
			}
			return control.Page(state, page.Of(a.Out)).Print(a.Out)
		},
	}
	cmd.Flags().StringVar(&out, "output", out, "text or json")
	return cmd
}

// completeFaults offers the names of the faults.
func completeFaults(_ *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(words) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return control.FaultNames(), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) labFaultsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "faults [NAME]", Short: "What can be broken in the lab, and what helps", Args: cobra.MaximumNArgs(1),
		Example: "  runbook lab faults\n  runbook lab faults memory-leak",
		RunE: func(_ *cobra.Command, words []string) error {
			if len(words) == 0 {
				return a.faults()
			}
			if err := control.Known(words[0]); err != nil {
				return labProblem(err)
			}
			f, _ := model.Lookup(words[0])
			return faultPage(f, page.Of(a.Out)).Print(a.Out)
		},
		ValidArgsFunction: completeFaults,
	}
}

func (a *app) faults() error {
	if !a.Out.Terminal() {
		var rows [][]string
		for _, f := range lab.Faults() {
			rows = append(rows, []string{f.Name, f.Summary, f.Cure})
		}
		return page.Tabbed(a.Out, rows)
	}
	return faultsPage(lab.Faults(), page.Of(a.Out)).Print(a.Out)
}
