package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/console"
	"runbook/lab"
	"runbook/lab/clock"
	"runbook/playbooks"
)

// upCall is a command line of `lab up`.
type upCall struct {
	faults        []string
	speed         float64
	seed          uint64
	ports, docker bool
}

// The slowest and the fastest clock of a lab that flows.
const (
	leastSpeed = 0.1
	mostSpeed  = 100
)

// labHistory is how long a lab has run when it starts.
const labHistory = 5 * time.Minute

func (a *app) labUpCommand() *cobra.Command {
	c := upCall{speed: 1, seed: 1}
	cmd := &cobra.Command{
		Use: "up", Short: "Start a lab, and keep it until Ctrl-C", Args: cobra.NoArgs,
		Example: `  runbook lab up
  runbook lab up --fault memory-leak,returns --speed 10
  runbook lab up --fault target-gone,on=docker
  runbook lab up --docker --fault memory-leak      a real leak in a real container`,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case c.speed < leastSpeed || c.speed > mostSpeed:
				return usage(fmt.Sprintf("--speed is from %g to %d times the clock", leastSpeed, mostSpeed), "--speed 10")
			case c.docker && c.speed != 1:
				return usage("a real container lives by the wall's clock: --docker goes without --speed", "runbook lab up --docker")
			}
			return a.labUp(c)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&c.faults, "fault", nil, "a fault to begin with, FAULT[,option[=value]]…")
	f.Float64Var(&c.speed, "speed", c.speed, "how many times faster than the clock time passes")
	f.Uint64Var(&c.seed, "seed", c.seed, "of the noise")
	f.BoolVar(&c.ports, "ports", false, "listen at the service's own ports, as 6379 for Redis, not at free ones")
	f.BoolVar(&c.docker, "docker", false, "run the app in a real container, with a real leak")
	_ = cmd.RegisterFlagCompletionFunc("fault", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return faultNames(), cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// startFaults reads the faults of --fault.
func (c *upCall) startFaults() ([]injection, error) {
	var out []injection
	for _, text := range c.faults {
		words := strings.Split(text, ",")
		f := injection{lab.Fault{Name: words[0]}}
		if err := knownFault(f.Name); err != nil {
			return nil, err
		}
		var options []string
		for _, w := range words[1:] {
			name, value, _ := strings.Cut(w, "=")
			switch name {
			case "on":
				f.On = value
			case "for":
				d, err := schema.ParseDuration(value)
				if err != nil || d <= 0 {
					return nil, usage("for="+value+" is no duration", "--fault "+f.Name+",for=30s")
				}
				f.For = d
			default:
				options = append(options, w)
			}
		}
		if err := f.options(options); err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// labUp starts a lab and keeps it until a signal.
func (a *app) labUp(c upCall) (err error) {
	faults, err := c.startFaults()
	if err != nil {
		return err
	}
	other, err := a.liveLab()
	if err != nil {
		return err
	}
	if other != nil {
		return &problem{code: exitLocked, failure: &action.Failure{
			What: fmt.Sprintf("a lab runs already, as process %d", other.PID), Do: []string{"use it: runbook lab state", "or end it with Ctrl-C where it was started"},
		}}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	epoch := time.Now()
	l, err := lab.Start(lab.Options{Seed: c.seed, Clock: clock.Flow(epoch.Add(-labHistory), c.speed), Rules: playbooks.AlertRules(), Fixed: c.ports, History: labHistory})
	if err != nil {
		return notStarted(err, c)
	}
	defer l.Close()
	var real *realApp
	if c.docker {
		if real, err = startRealApp(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, real.remove()) }()
	}
	up := &upLab{lab: l, real: real, call: c, page: pageOfRehearsals(a.page(a.Out)), out: a.Out, alerts: make(chan string, 64)}
	return up.serve(ctx, a, epoch, faults)
}

func notStarted(err error, c upCall) error {
	do := []string{"runbook lab up"}
	if c.ports {
		do = []string{"end what listens at that port", "or leave out --ports: runbook lab up"}
	}
	return &problem{code: exitFailed, failure: &action.Failure{What: "the lab did not start: " + err.Error(), Do: do, Err: err}}
}

// upLab is a lab that runs in this process.
type upLab struct {
	lab    *lab.Lab
	real   *realApp
	call   upCall
	page   rehearsalPage
	out    *console.Output
	alerts chan string
}

// serve makes the lab known to other processes, and shows it until ctx ends.
func (u *upLab) serve(ctx context.Context, a *app, epoch time.Time, faults []injection) (err error) {
	control, err := serveControl(u.lab, u.real)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, control.close()) }()
	u.lab.OnAlert(u.noteAlert)
	var said []string
	for _, f := range faults {
		text, err := control.inject(ctx, f.Fault)
		if err != nil {
			return usage(err.Error(), "runbook lab faults "+f.Name)
		}
		said = append(said, text)
	}
	file, err := a.sessionFile()
	if err != nil {
		return err
	}
	s := &session{PID: os.Getpid(), Control: control.socket(), Epoch: epoch, Speed: u.call.speed, File: filepath.Join(filepath.Dir(file), "runbook.yaml")}
	if err := writePrivate(s.File, []byte(u.configuration())); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(s.File)) }()
	if err := s.write(file); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(file)) }()
	if err := put(a.Out, u.welcome(said)); err != nil {
		return err
	}
	u.show(ctx)
	return put(a.Out, "the lab has ended\n")
}

// noteAlert is called from within the lab: it only notes.
func (u *upLab) noteAlert(name string, firing bool, at time.Time) {
	word := "is resolved"
	if firing {
		word = "fires"
	}
	select {
	case u.alerts <- fmt.Sprintf("%s  alert %s %s", at.Format("15:04:05"), name, word):
	default: // nobody reads so many
	}
}

// configuration is the runbook.yaml of the lab, with the real container where
// there is one.
func (u *upLab) configuration() string {
	text := u.lab.Configuration()
	if u.real == nil {
		return text
	}
	return u.real.configure(text)
}

// welcome says what runs where and what to do next.
func (u *upLab) welcome(said []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The lab runs: process %d, seed %d, clock %gx\n\n", os.Getpid(), u.call.seed, u.call.speed)
	for _, name := range lab.Targets() {
		at, note := u.lab.Address(name), ""
		if u.real != nil {
			if real := u.real.address(name); real != "" {
				at, note = real, "  real: container "+u.real.name
			}
		}
		fmt.Fprintf(&b, "  %-13s %s%s\n", name, at, note)
	}
	if len(said) > 0 {
		b.WriteByte('\n')
	}
	for _, text := range said {
		b.WriteString(u.page.fit("  Fault        ", strings.TrimPrefix(text, "fault ")))
	}
	try := "memory-leak"
	if f := u.lab.State().Faults; len(f) > 0 && slices.ContainsFunc(embedded(), func(e entry) bool { return e.name == f[0] }) {
		try = f[0]
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

// show draws a line of the service each second on a terminal, and says in a pipe
// when alerts fire.
func (u *upLab) show(ctx context.Context) {
	live := u.out.Terminal() && os.Getenv("TERM") != "dumb"
	each := time.NewTicker(time.Second)
	defer each.Stop()
	for {
		line := ""
		if live {
			line = u.page.cut(u.status(ctx), u.page.width-1)
		}
		select {
		case text := <-u.alerts:
			if live {
				text = "\r\x1b[K" + text
			}
			_ = put(u.out.Screen(), text+"\n")
		case <-each.C:
			if live {
				_ = put(u.out.Screen(), "\r\x1b[K"+line)
			}
		case <-ctx.Done():
			if live {
				_ = put(u.out.Screen(), "\r\x1b[K")
			}
			return
		}
	}
}

// status is the service in a line.
func (u *upLab) status(ctx context.Context) string {
	s := u.lab.State()
	memory := schema.HumanPercent(s.App.MemoryPercent)
	if u.real != nil {
		memory = u.real.memory(ctx)
	}
	return fmt.Sprintf("%s  memory %s  GET %s  answered %s  alerts %s  faults %s",
		u.lab.Clock().Now().Format("15:04:05"), memory, schema.HumanDuration(time.Duration(s.HTTP.LatencyMS*float64(time.Millisecond))),
		schema.HumanPercent(100*s.HTTP.Availability), orNone(strings.Join(s.Alerts, ", ")), orNone(strings.Join(s.Faults, ", ")))
}
