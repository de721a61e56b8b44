package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/diag"
	"runbook/engine/schema"
	"runbook/lab"
	"runbook/lab/model"
)

func (a *app) labCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "lab", Short: "A staging in this binary, in which faults are real", Args: cobra.NoArgs,
		Long: `A download service in Docker Compose with Redis, MongoDB, Prometheus and the
rest, simulated in this process and served on loopback by the real protocols.
Break it, and repair it by playbooks:

  runbook lab up --fault memory-leak --speed 10
  runbook run memory-leak --env lab            from another terminal`,
		Example: "  runbook lab up\n  runbook lab faults\n  runbook lab inject redis-down\n  runbook lab state",
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(a.labUpCommand(), a.labInjectCommand(), a.labHealCommand(), a.labStateCommand(), a.labFaultsCommand(), a.labForwardCommand())
	return cmd
}

func (a *app) labInjectCommand() *cobra.Command {
	var f injection
	var options []string
	var wanted string
	cmd := &cobra.Command{
		Use: "inject FAULT", Short: "Break the running lab", Args: exactly(1, "one fault; runbook lab faults lists them"),
		Example: "  runbook lab inject memory-leak -o returns=true\n  runbook lab inject target-gone --on docker --for 5s\n  runbook lab inject reply-lost --on docker",
		RunE: func(_ *cobra.Command, words []string) error {
			f.Name = words[0]
			if err := knownFault(f.Name); err != nil {
				return err
			}
			if err := f.options(options); err != nil {
				return err
			}
			if wanted != "" {
				d, err := schema.ParseDuration(wanted)
				if err != nil || d <= 0 {
					return usage("--for "+wanted+" is no duration", "--for 5s")
				}
				f.For = d
			}
			return a.ask("inject", f)
		},
		ValidArgsFunction: completeFaults,
	}
	flagOn(cmd, &f)
	cmd.Flags().StringVar(&wanted, "for", "", "heal it by itself after that time of the lab")
	cmd.Flags().StringArrayVarP(&options, "option", "o", nil, "an option of the fault, NAME=VALUE")
	cmd.Flags().IntVar(&f.Times, "times", 0, "of reply-lost: how many replies")
	return cmd
}

func (a *app) labHealCommand() *cobra.Command {
	var f injection
	cmd := &cobra.Command{
		Use: "heal FAULT", Short: "Take a fault of the running lab back", Args: exactly(1, "one fault"),
		Example: "  runbook lab heal memory-leak\n  runbook lab heal target-gone --on docker",
		RunE: func(_ *cobra.Command, words []string) error {
			f.Name = words[0]
			if err := knownFault(f.Name); err != nil {
				return err
			}
			return a.ask("heal", f)
		},
		ValidArgsFunction: completeFaults,
	}
	flagOn(cmd, &f)
	return cmd
}

// flagOn adds --on, which names a target.
func flagOn(cmd *cobra.Command, f *injection) {
	cmd.Flags().StringVar(&f.On, "on", "", "the target of a fault at connections, or container/NAME")
	_ = cmd.RegisterFlagCompletionFunc("on", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return lab.Targets(), cobra.ShellCompDirectiveNoFileComp
	})
}

func (a *app) labForwardCommand() *cobra.Command {
	return &cobra.Command{
		Use: "forward DURATION", Short: "Let time pass in the running lab at once", Args: exactly(1, "a duration, as 20m"),
		Example: "  runbook lab forward 20m",
		RunE: func(_ *cobra.Command, words []string) error {
			d, err := schema.ParseDuration(words[0])
			if err != nil || d <= 0 || d > mostForward {
				return usage(words[0]+" is no duration up to "+shortDuration(mostForward), "runbook lab forward 20m")
			}
			return a.ask("forward", injection{Fault: lab.Fault{For: d}})
		},
	}
}

// mostForward is how much time can pass at once.
const mostForward = 7 * 24 * time.Hour

// ask asks the running lab for something and tells what it said.
func (a *app) ask(what string, f injection) error {
	s, err := a.runningLab()
	if err != nil {
		return err
	}
	var answer labAnswer
	if err := s.call(context.Background(), what, f, &answer); err != nil {
		return err
	}
	return put(a.Out, answer.Text+"\n")
}

func (a *app) labStateCommand() *cobra.Command {
	out := "text"
	cmd := &cobra.Command{
		Use: "state", Short: "What the running lab is like now", Args: cobra.NoArgs,
		Example: "  runbook lab state\n  runbook lab state --output json | jq .app.memory_percent",
		RunE: func(*cobra.Command, []string) error {
			if out != "text" && out != outputJSON {
				return usage(fmt.Sprintf("there is no output %q", out), "--output text or json")
			}
			s, err := a.runningLab()
			if err != nil {
				return err
			}
			var state model.State
			if err := s.call(context.Background(), "state", nil, &state); err != nil {
				return err
			}
			if out == outputJSON {
				text, err := json.MarshalIndent(schema.Encode(state), "", "  ")
				if err != nil {
					return err
				}
				return put(a.Out, string(text)+"\n")
			}
			return put(a.Out, stateText(state))
		},
	}
	cmd.Flags().StringVar(&out, "output", out, "text or json")
	return cmd
}

// stateText is the state of a lab for people.
func stateText(s model.State) string {
	var b strings.Builder
	line := func(label, format string, v ...any) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-13s%s", label, fmt.Sprintf(format, v...)), " ") + "\n")
	}
	up := func(yes bool) string { return said(yes, "runs", "is down") }
	line("lab", "%s old, faults %s, alerts %s", schema.HumanDuration(time.Duration(s.AgeSeconds*float64(time.Second))), orNone(strings.Join(s.Faults, ", ")), orNone(strings.Join(s.Alerts, ", ")))
	limit := "no limit"
	if s.App.LimitBytes > 0 {
		limit = schema.HumanPercent(s.App.MemoryPercent) + " of " + schema.HumanBytes(float64(s.App.LimitBytes))
	}
	line("app", "%s, %s, memory %s, %s; CPU %s, %s", up(s.App.Running), said(s.App.Answers, "answers", "does not answer"), schema.HumanBytes(float64(s.App.MemoryBytes)), limit, schema.HumanPercent(s.App.CPUPercent), counted(s.App.Restarts, "restart"))
	line("http", "%s of the last minute answered, %.0f ms, %.1f requests/s", schema.HumanPercent(100*s.HTTP.Availability), s.HTTP.LatencyMS, s.HTTP.PerSecond)
	line("cache", "%s, hit rate %s", schema.HumanBytes(float64(s.Cache.SizeBytes)), schema.HumanPercent(s.Cache.HitRatePercent))
	line("pool", "%.0f of %.0f connections, wait %.0f ms", s.Pool.Active, s.Pool.Max, s.Pool.WaitMS)
	line("redis", "%s, memory %s, %s entries", up(s.Redis.Running), schema.HumanBytes(float64(s.Redis.MemoryBytes)), schema.HumanCount(int64(s.Redis.Entries)))
	line("mongo", "%s, queries %.1f ms, %s downloads, missing indexes %s", up(s.Mongo.Running), s.Mongo.QueryMS, schema.HumanCount(int64(s.Mongo.Downloads)), orNone(strings.Join(s.Mongo.MissingIndexes, ", ")))
	line("queue", "%d wait, %d in processing, %d stuck, %s", s.Queue.Depth, s.Queue.Processing, s.Queue.Stuck, counted(s.Queue.Workers, "worker"))
	line("disk", "%s used, %s free", schema.HumanPercent(s.Disk.UsedPercent), schema.HumanBytes(float64(s.Disk.FreeBytes)))
	for _, c := range s.Containers {
		line("container", "%s  %s %s", pad(c.Name, 20), c.State, c.Health)
	}
	line("asked", "%s of the targets, %s of them changes", counted(s.Calls, "request"), strconv.Itoa(s.Mutations))
	return b.String()
}

// injection is a fault to inject, as the control of a lab takes it.
type injection struct{ lab.Fault }

// options reads options as NAME=VALUE, or NAME for one that is set.
func (f *injection) options(words []string) error {
	known, _ := model.Lookup(f.Name)
	for _, w := range words {
		name, text, given := strings.Cut(w, "=")
		if !slices.Contains(known.Options, name) {
			has := "it has none"
			if len(known.Options) > 0 {
				has = "it has " + strings.Join(known.Options, ", ")
			}
			return usage(fmt.Sprintf("fault %s has no option %q; %s", f.Name, name, has), "runbook lab faults "+f.Name)
		}
		if f.Options == nil {
			f.Options = map[string]any{}
		}
		f.Options[name] = optionValue(text, given)
	}
	return nil
}

func optionValue(text string, given bool) any {
	if !given {
		return true
	}
	if b, err := strconv.ParseBool(text); err == nil {
		return b
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	return text
}

func knownFault(name string) error {
	if _, ok := model.Lookup(name); ok {
		return nil
	}
	do := []string{"runbook lab faults"}
	if near := diag.Nearest(name, faultNames()); near != "" {
		do = []string{"the nearest is " + near, "runbook lab faults"}
	}
	return usage(fmt.Sprintf("there is no fault %q", name), do...)
}

func faultNames() []string {
	var out []string
	for _, f := range lab.Faults() {
		out = append(out, f.Name)
	}
	return out
}

// completeFaults offers the names of the faults.
func completeFaults(_ *cobra.Command, words []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(words) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return faultNames(), cobra.ShellCompDirectiveNoFileComp
}
