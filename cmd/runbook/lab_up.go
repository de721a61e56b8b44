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
	if o.Dir, err = a.labDir(); err != nil {
		return err
	}
	o.Rules = playbooks.AlertRules()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	up, err := control.Start(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, up.Close()) }()
	page := pageOfRehearsals(a.page(a.Out))
	if err := put(a.Out, welcome(page, up, o, a.playbookFor(up.Faults()))); err != nil {
		return err
	}
	showLab(ctx, a.Out, page, up)
	return put(a.Out, "the lab has ended\n")
}

// playbookFor is the playbook to try against the faults of a lab.
func (a *app) playbookFor(faults []string) string {
	if l, err := a.launcher(); err == nil && len(faults) > 0 {
		if _, err := l.Catalogue.Find(faults[0]); err == nil {
			return faults[0]
		}
	}
	return "memory-leak"
}

// welcome says what runs where and what to do next.
func welcome(page rehearsalPage, up *control.Up, o control.Options, try string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The lab runs: process %d, seed %d, clock %gx\n\n", os.Getpid(), o.Seed, o.Speed)
	for _, t := range up.Targets() {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-13s %s  %s", t.Name, t.Address, t.Note), " ") + "\n")
	}
	if len(up.Told()) > 0 {
		b.WriteByte('\n')
	}
	for _, text := range up.Told() {
		b.WriteString(page.fit("  Fault        ", strings.TrimPrefix(text, "fault ")))
	}
	b.WriteString("\nFrom another terminal\n")
	for _, line := range [][2]string{
		{"runbook run " + try + " --env lab", "let a playbook repair it"},
		{"runbook lab state", "what it is like now"},
		{"runbook lab inject redis-down", "break it; runbook lab faults lists how"},
		{"runbook lab forward 20m", "let time pass at once"},
	} {
		fmt.Fprintf(&b, "  %-36s %s\n", line[0], line[1])
	}
	b.WriteString("\nCtrl-C ends it.\n")
	return b.String()
}

// showLab draws a line of the service each second on a terminal, and says in a
// pipe when alerts fire, until ctx ends.
func showLab(ctx context.Context, out *console.Output, page rehearsalPage, up *control.Up) {
	live := out.Terminal() && os.Getenv("TERM") != "dumb"
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for {
		line := ""
		if live {
			line = page.cut(up.Status(ctx), page.width-1)
		}
		select {
		case text := <-up.Alerts():
			if live {
				text = "\r\x1b[K" + text
			}
			_ = put(out.Screen(), text+"\n")
		case <-each.C:
			if live {
				_ = put(out.Screen(), "\r\x1b[K"+line)
			}
		case <-ctx.Done():
			if live {
				_ = put(out.Screen(), "\r\x1b[K")
			}
			return
		}
	}
}
