package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/report"
	"runbook/engine/run"
	"runbook/engine/schema"
	"runbook/internal/console"
	"runbook/lab/control"
)

// call is a command line of `run`.
type call struct {
	playbook string
	inputs   []string
	env      string
	limit    []string
	output   string
	patience launch.Patience
	waitText string
	stateDir string
	config   string
	lab      *control.Session // that runs, with --env lab
	labTime  func() time.Time // once it was asked for its clock; nil without a lab
	mode     run.Mode
	verbose  int
	quiet    bool
}

func (a *app) runCommand() *cobra.Command {
	c := &call{}
	cmd := &cobra.Command{
		Use: "run NAME|PATH", Short: "Run a playbook", Args: exactly(1, "the name or path of one playbook"),
		Example: "  runbook run memory-leak --dry-run\n  runbook run memory-leak --env production -i window=10s",
		RunE: func(_ *cobra.Command, words []string) error {
			c.playbook, c.stateDir, c.config = words[0], a.stateDir, a.config
			return a.run(c)
		},
		ValidArgsFunction: a.completePlaybooks,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.inputs, "input", "i", nil, "an input, NAME=VALUE; a secret as NAME=@FILE or NAME=env:VARIABLE")
	f.StringVar(&c.env, "env", "", "the environment of runbook.yaml, or lab: that of the lab that runs")
	f.StringArrayVar(&c.limit, "limit", nil, "narrow loops over groups of targets to this target or group")
	f.BoolVar(&c.mode.DryRun, "dry-run", false, "execute reads, only preview changes")
	f.BoolVar(&c.mode.Offline, "offline", false, "with --dry-run: contact no target")
	f.BoolVar(&c.mode.Yes, "yes", false, "approve what the policy lets --yes approve")
	f.BoolVar(&c.mode.Strict, "strict", false, "exit 1 if there are warnings")
	f.StringVar(&c.waitText, "wait", "", "how long to wait for a lock, as 10m")
	f.StringArrayVar(&c.patience.Despite, "despite", nil, "pass the guard of a run that did not end")
	f.StringVar(&c.output, "output", outputAuto, "auto, plain or json")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "outcome and errors only")
	f.CountVarP(&c.verbose, "verbose", "v", "attempts and observations; -vv requests")
	return cmd
}

// command is the command that repeats the call.
func (c *call) command() event.Command {
	out := event.Command{Playbook: c.playbook}
	if c.config != "" {
		out.Flags = append(out.Flags, "--config", action.Quote(c.config))
	}
	if c.stateDir != "" {
		out.Flags = append(out.Flags, "--state-dir", action.Quote(c.stateDir))
	}
	if c.env != "" {
		out.Flags = append(out.Flags, "--env", action.Quote(c.env))
	}
	for _, name := range c.limit {
		out.Flags = append(out.Flags, "--limit", action.Quote(name))
	}
	for _, in := range c.inputs {
		out.Flags = append(out.Flags, "-i", action.Quote(in))
	}
	return out
}

// check refuses flags that do not go together.
func (c *call) check() error {
	if c.mode.Offline && !c.mode.DryRun {
		return usage("--offline goes with --dry-run only", c.command().Again()+" --dry-run --offline")
	}
	if c.waitText == "" {
		return nil
	}
	d, err := schema.ParseDuration(c.waitText)
	if err != nil || d < 0 {
		return usage(fmt.Sprintf("--wait %s is no duration", c.waitText), c.command().Again()+" --wait 10m")
	}
	c.patience.Wait = d
	return nil
}

// run runs a playbook. With --output json the last line is a run_finished also
// where no run began.
func (a *app) run(c *call) error {
	mode, err := a.output(c.output)
	if err != nil {
		return err
	}
	c.output = mode
	if err := c.check(); err != nil {
		return err
	}
	code, err := a.start(c)
	if err != nil {
		return a.notBegun(err, mode)
	}
	if code != event.EndDone.Code() {
		return ending(code)
	}
	return nil
}

// start starts a run and returns its exit code. The mistakes of the playbook are
// told before those of its environment.
func (a *app) start(c *call) (code int, err error) {
	l := a.launcher()
	q := launch.Request{
		Named: c.env != "", Inputs: launch.Texts(c.inputs, secretFrom), Limit: c.limit, Command: c.command(), Who: who(), Mode: c.mode, Patience: c.patience,
	}
	again := func(env string) string { other := *c; other.env = env; return other.command().Again() + " --dry-run" }
	if q.Environment, c.lab, err = a.loadEnvironment(c.env, l.Registry, again); err != nil {
		if _, wrong := l.Plan(c.playbook, nil); wrong != nil {
			return 0, wrong
		}
		return 0, err
	}
	if err = a.stage(l, c.playbook, q.Environment, c.lab); err != nil {
		return 0, err
	}
	if q.State, err = a.state(c.lab != nil); err != nil {
		return 0, err
	}
	var endClock, endSignals func()
	if q.Clock, endClock, err = c.clock(); err != nil {
		return 0, err
	}
	defer endClock()
	q.Stop, endSignals = signals()
	defer endSignals()
	var view report.View
	q.Audience = launch.Audience{Note: a.note, Secrets: a.Secrets, Watch: func(b *launch.Began) (p run.Person) {
		view, p = a.watch(c, b)
		if a.logFormat == console.LogJSON && c.verbose > 1 {
			b.Subscribe(a.requests(b.Header.Run))
		}
		return p
	}}
	fin, err := l.Run(context.Background(), q)
	if view != nil {
		if err := view.Close(); err != nil {
			a.note("the output was cut: %v", err)
		}
	}
	return fin.ExitCode, err
}

// requests writes what actions log to the program's log; in lines for people it
// stands between the other lines of the run.
func (a *app) requests(id string) func(event.Event) {
	return func(e event.Event) {
		if d, ok := e.Data.(*event.Log); ok {
			a.log.Debug(d.Text, "run", id, "step", string(e.Path))
		}
	}
}

// clock is the clock of the run: that of the lab where it runs against one.
func (c *call) clock() (now action.Clock, end func(), err error) {
	if c.lab == nil || c.mode.Offline {
		return action.SystemClock(), func() {}, nil
	}
	l, err := c.lab.Clock(context.Background())
	if err != nil {
		return nil, nil, labProblem(err)
	}
	c.labTime = l.Now
	return l, l.Close, nil
}

// watch chooses the view of a run, and who answers its prompts.
func (a *app) watch(c *call, b *launch.Began) (report.View, run.Person) {
	o := a.page(a.Out)
	o.Now = c.labTime
	o.Journal = b.Path
	o.Verbosity = c.verbose
	if a.logFormat == console.LogJSON {
		o.Verbosity = min(c.verbose, 1)
	}
	if c.quiet {
		o.Verbosity = -1
	}
	var view report.View
	var live *report.Terminal
	switch c.output {
	case outputJSON:
		view = report.NewJSON(a.Out)
	case outputPlain:
		view = report.NewPlain(a.Out, o)
	default:
		o.Live = true
		live = report.NewTerminal(a.Out.Screen(), o)
		view = live
	}
	b.Subscribe(view.Event)
	return view, a.person(live, b.Subscribe)
}

// notBegun tells why no run began, as the view that was wanted would.
func (a *app) notBegun(err error, mode string) error {
	var r *launch.Refusal
	if !errors.As(err, &r) {
		return err
	}
	if mode == outputJSON {
		fin := r.Finished()
		view := report.NewJSON(a.Out)
		view.Event(event.Event{Time: time.Now(), Type: event.TypeRunFinished, Data: &fin})
		if err := view.Close(); err != nil {
			return err
		}
		return r
	}
	n := r.Notice
	if n == nil {
		return r
	}
	told := report.NoRun{Word: capital(string(r.Ending.State())), Text: n.Text, Exit: r.Code(), Failure: r.Failure, Safe: n.Safe, Then: n.Then}
	show := report.Ending
	if mode == outputPlain {
		show = report.PlainEnding
	}
	if err := show(a.Out, told, a.page(a.Out)); err != nil {
		return err
	}
	return ending(r.Code())
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
