package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/page"
	"runbook/internal/console"
	"runbook/lab/control"
	"runbook/playbooks"
)

// The slowest and the fastest clock of a lab that flows.
const (
	leastSpeed = 0.1
	mostSpeed  = 100
)

func (a *app) labUpCommand() *cobra.Command {
	o := control.Options{Speed: 1, Seed: 1}
	var faults []string
	cmd := &cobra.Command{
		Use: "up", Short: "Start a lab, and keep it until Ctrl-C", Args: cobra.NoArgs,
		Example: `  runbook lab up
  runbook lab up --fault memory-leak,returns --speed 10
  runbook lab up --fault target-gone,on=docker
  runbook lab up --docker --fault memory-leak      a real leak in a real container`,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case o.Speed < leastSpeed || o.Speed > mostSpeed:
				return usage(fmt.Sprintf("--speed is from %g to %d times the clock", leastSpeed, mostSpeed), "--speed 10")
			case o.Real && o.Speed != 1:
				return usage("a real container lives by the wall's clock: --docker goes without --speed", "runbook lab up --docker")
			}
			for _, text := range faults {
				f, err := control.ParseFault(text)
				if err != nil {
					return labProblem(err)
				}
				o.Faults = append(o.Faults, f)
			}
			return labProblem(a.labUp(o))
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&faults, "fault", nil, "a fault to begin with, FAULT[,option[=value]]…")
	f.Float64Var(&o.Speed, "speed", o.Speed, "how many times faster than the clock time passes")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "of the noise")
	f.BoolVar(&o.Fixed, "ports", false, "listen at the service's own ports, as 6379 for Redis, not at free ones")
	f.BoolVar(&o.Real, "docker", false, "run the app in a real container, with a real leak")
	_ = cmd.RegisterFlagCompletionFunc("fault", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return control.FaultNames(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// labUp starts a lab and keeps it until a signal.
func (a *app) labUp(o control.Options) (err error) {
	state, err := a.state(true)
	if err != nil {
		return err
	}
	o.Dir = state.Dir()
	o.Rules = playbooks.AlertRules()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	up, err := control.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, up.Close()) }()
	if err := a.welcome(up, o).Print(a.Out); err != nil {
		return err
	}
	showLab(ctx, a.Out, up)
	return put(a.Out, "the lab has ended\n")
}

// playbookFor is the playbook to try against the faults of a lab, and what for.
func (a *app) playbookFor(faults []string) (name, why string) {
	if len(faults) > 0 {
		if _, err := a.launcher().Catalogue.Find(faults[0]); err == nil {
			return faults[0], "let a playbook repair it"
		}
	}
	return "quick-health", "is all well?"
}

// welcome says what runs where and what to do next.
func (a *app) welcome(up *control.Up, o control.Options) *page.Page {
	p := page.New(page.Of(a.Out))
	try, why := a.playbookFor(up.Faults())
	p.Say(page.Plain, fmt.Sprintf("The lab runs: process %d, seed %d, clock %gx", os.Getpid(), o.Seed, o.Speed))
	p.Blank()
	for _, t := range up.Targets() {
		p.Flow(p.Line(page.Plain, fmt.Sprintf("  %-13s %s  ", t.Name, t.Address)), page.Plain, t.Note)
	}
	if len(up.Told()) > 0 {
		p.Blank()
	}
	for _, text := range up.Told() {
		p.Flow(p.Label(2, "Fault", aboutColumn+2), page.Plain, strings.TrimPrefix(text, "fault "))
	}
	p.Blank()
	p.Say(page.Plain, "From another terminal")
	p.Table(page.Table{Indent: 2, Columns: []page.Column{{Least: 35}, {}}, Rows: [][]*page.Line{
		p.Cells(page.Plain, "runbook run "+try+" --env lab", why),
		p.Cells(page.Plain, "runbook lab state", "what it is like now"),
		p.Cells(page.Plain, "runbook lab inject api-down", "break it; runbook lab faults lists how"),
		p.Cells(page.Plain, "runbook lab forward 20m", "let time pass at once"),
	}})
	p.Blank()
	p.Say(page.Plain, "Ctrl-C ends it.")
	return p
}

// showLab draws a line of the service each second on a terminal, and says in a
// pipe when alerts fire, until ctx ends.
func showLab(ctx context.Context, out *console.Output, up *control.Up) {
	region := page.Region{W: out.Screen(), Look: page.Of(out)}
	p := page.New(region.Look)
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for {
		var status []*page.Line
		if region.Look.Live {
			status = append(status, p.Line(page.Plain, up.Status(ctx)))
		}
		select {
		case text := <-up.Alerts():
			region.Draw(page.Clean(text, false)+"\n", status)
		case <-each.C:
			region.Draw("", status)
		case <-ctx.Done():
			region.Draw("", nil)
			return
		}
	}
}
