package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/report"
	"runbook/engine/run"
	"runbook/engine/schema"
	"runbook/lab/control"
)

// call is a command line of `run`.
type call struct {
	playbook string
	inputs   []string
	env      string
	output   string
	wait     time.Duration
	despite  []string
	waitText string
	lab      *control.Session // that runs, with --env lab
	labTime  func() time.Time // once it was asked for its clock; nil without a lab
	verbose  int
	quiet    bool

	dryRun, offline, yes, strict bool
}

func (a *app) runCommand() *cobra.Command {
	c := &call{}
	cmd := &cobra.Command{
		Use: "run NAME|PATH", Short: "Run a playbook", Args: exactly(1, "the name or path of one playbook"),
		Example: "  runbook run memory-leak --dry-run\n  runbook run memory-leak --env production -i window=10s",
		RunE: func(_ *cobra.Command, words []string) error {
			c.playbook = words[0]
			return a.run(c)
		},
		ValidArgsFunction: completePlaybooks,
	}
	f := cmd.Flags()
	f.StringArrayVarP(&c.inputs, "input", "i", nil, "an input, NAME=VALUE; a secret as NAME=@FILE or NAME=env:VARIABLE")
	f.StringVar(&c.env, "env", "", "the environment of runbook.yaml, or lab: that of the lab that runs")
	f.BoolVar(&c.dryRun, "dry-run", false, "execute reads, only preview changes")
	f.BoolVar(&c.offline, "offline", false, "with --dry-run: contact no target")
	f.BoolVar(&c.yes, "yes", false, "approve what the policy lets --yes approve")
	f.BoolVar(&c.strict, "strict", false, "exit 1 if there are warnings")
	f.StringVar(&c.waitText, "wait", "", "how long to wait for a lock, as 10m")
	f.StringArrayVar(&c.despite, "despite", nil, "pass the guard of a run that did not end")
	f.StringVar(&c.output, "output", outputAuto, "auto, plain or json")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "outcome and errors only")
	f.CountVarP(&c.verbose, "verbose", "v", "attempts and observations; -vv requests")
	return cmd
}

// flags are those that a reader who repeats the command needs.
func (c *call) flags() []string {
	var out []string
	if c.env != "" {
		out = append(out, "--env", quote(c.env))
	}
	for _, in := range c.inputs {
		out = append(out, "-i", quote(in))
	}
	return out
}

// again is the command that repeats the call.
func (c *call) again() string {
	return strings.Join(append([]string{"runbook", "run", c.playbook}, c.flags()...), " ")
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
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	fin, err := a.start(ctx, c)
	if err == nil {
		if fin.ExitCode != exitDone {
			return ending(fin.ExitCode)
		}
		return nil
	}
	return a.notBegun(err, mode)
}

// notBegun tells why no run began, as the view that was wanted would.
func (a *app) notBegun(err error, mode string) error {
	if mode == outputJSON {
		if failed := a.lastLine(err); failed != nil {
			return failed
		}
	}
	var p *problem
	if !errors.As(err, &p) || p.ending == nil {
		return err
	}
	var failed error
	switch mode {
	case outputPlain:
		failed = report.PlainEnding(a.Out, *p.ending, a.page(a.Out))
	case outputAuto:
		failed = report.Ending(a.Out, *p.ending, a.page(a.Out))
	}
	if failed != nil {
		return failed
	}
	return ending(p.code)
}

// check refuses flags that do not go together.
func (c *call) check() error {
	if c.offline && !c.dryRun {
		return usage("--offline goes with --dry-run only", c.again()+" --dry-run --offline")
	}
	if c.waitText == "" {
		return nil
	}
	d, err := schema.ParseDuration(c.waitText)
	if err != nil || d < 0 {
		return usage(fmt.Sprintf("--wait %s is no duration", c.waitText), c.again()+" --wait 10m")
	}
	c.wait = d
	return nil
}

// lastLine prints the run_finished of a run that did not begin.
func (a *app) lastLine(err error) error {
	fin := &event.RunFinished{Schema: 1, State: "invalid", ExitCode: exitInvalid, Reason: "invalid"}
	var p *problem
	var end ending
	switch {
	case errors.As(err, &p):
		fin.ExitCode = p.code
		fin.Failure = &event.Failure{What: p.failure.What, Where: p.failure.Where, Seen: p.failure.Seen, Do: p.failure.Do}
	case errors.As(err, &end):
		fin.ExitCode = int(end)
		fin.Failure = &event.Failure{What: "the playbook is invalid"}
	}
	switch fin.ExitCode {
	case exitRefused:
		fin.State, fin.Reason = event.Refused, "refused"
	case exitLocked:
		fin.State, fin.Reason = "locked", "locked"
	case exitStorage:
		fin.State, fin.Reason = event.Failed, "journal"
	case exitFailed:
		fin.State, fin.Reason = event.Failed, "failed"
	case exitInvalid:
	default:
		fin.State, fin.Reason = event.Cancelled, "cancelled"
	}
	return report.NewJSON(a.Out).NoRun(event.Event{Time: time.Now(), Type: event.TypeRunFinished, Data: fin})
}

// ready is a run that may begin.
type ready struct {
	plan  *plan.Plan
	env   *environment.Environment
	given *given
	hides []string
}

// prepare decides all that is decided without a target: the playbook is valid,
// the environment there, inputs right, nothing denied, every target known.
func (a *app) prepare(ctx context.Context, c *call) (*ready, error) {
	f, err := find(c.playbook)
	if err != nil {
		return nil, err
	}
	reg, err := registry()
	if err != nil {
		return nil, err
	}
	env, envErr := a.loadEnvironment(c, reg)
	comp := &compiler{registry: reg}
	if envErr == nil {
		comp.vars = env.VarTypes
	}
	got := comp.compile(f.source)
	if got.plan == nil {
		return nil, a.invalid(c.playbook, got)
	}
	if envErr != nil {
		return nil, a.environmentProblem(envErr, c)
	}
	g, err := inputs(got.plan, c.inputs)
	if err != nil {
		return nil, err
	}
	a.Learn(g.secrets...)
	r := &ready{plan: got.plan, env: env, given: g, hides: f.hides}
	if err := r.may(c); err != nil {
		return nil, err
	}
	if c.offline {
		return r, nil
	}
	err = env.Resolve(ctx)
	a.Learn(env.Secrets...)
	if err != nil {
		return nil, &problem{code: exitInvalid, failure: action.AsFailure(err)}
	}
	return r, nil
}

// may refuses what the environment does not allow or does not have.
func (r *ready) may(c *call) error {
	if !c.dryRun {
		if r.env.Protected && c.env == "" {
			return usage(fmt.Sprintf("%s is protected; it must be named", r.env.Name), c.again()+" --env "+r.env.Name)
		}
		if err := denied(r.plan, r.env, c); err != nil {
			return err
		}
	}
	return missingTargets(r.plan, r.env)
}

// start prepares a run, takes its locks, opens its journal and plays it.
func (a *app) start(ctx context.Context, c *call) (event.RunFinished, error) {
	var none event.RunFinished
	r, err := a.prepare(ctx, c)
	if err != nil {
		return none, err
	}
	h := header(r.plan, r.env, r.given, c)
	now, endClock, err := c.clock(ctx)
	if err != nil {
		return none, err
	}
	defer endClock()
	stop, endSignals := signals()
	defer endSignals()
	w, locks, err := a.open(ctx, c, r, &h, stop)
	if err != nil {
		return none, err
	}
	for _, hidden := range r.hides {
		a.note("%s is taken; it hides %s", r.plan.Source.Name, hidden)
	}
	view, person := a.watch(c, w)
	w.Subscribe(view.Event)
	clients := action.NewClients()
	fin := run.Run(ctx, run.Options{
		Plan: r.plan, Inputs: r.given.values, Environment: r.env, Header: h, Journal: w, Clock: now,
		Clients: clients, Person: person, Locks: h.Lock, DryRun: c.dryRun, Offline: c.offline, Yes: c.yes, Strict: c.strict,
	}, stop)
	err = w.Close()
	return fin, a.finish(fin, view, locks, clients, err)
}

// clock is the clock of the run: that of the lab where it runs against one.
func (c *call) clock(ctx context.Context) (now action.Clock, end func(), err error) {
	if c.lab == nil || c.offline {
		return action.SystemClock(), func() {}, nil
	}
	l, err := c.lab.Clock(ctx)
	if err != nil {
		return nil, nil, labProblem(err)
	}
	c.labTime = l.Now
	return l, l.Close, nil
}

// finish lets go of all that a run held. What fails here no longer changes how
// the run ended, but for its journal.
func (a *app) finish(fin event.RunFinished, view report.View, locks *journal.Locks, clients *action.Clients, journalErr error) error {
	if err := clients.Close(); err != nil {
		a.note("a connection was not closed: %v", err)
	}
	if locks != nil {
		ended := fin.State != event.Waiting && fin.State != event.InDoubt && fin.ExitCode != exitStorage
		if err := locks.Release(ended); err != nil {
			a.note("a lock was not released: %v", err)
		}
	}
	if err := view.Close(); err != nil {
		a.note("the output was cut: %v", err)
	}
	if journalErr != nil || fin.ExitCode == exitStorage {
		if journalErr == nil && fin.Failure != nil {
			journalErr = &action.Failure{What: fin.Failure.What}
		}
		return storage(journalErr)
	}
	return nil
}

// open makes the journal of a run and takes its locks; a dry run has neither.
func (a *app) open(ctx context.Context, c *call, r *ready, h *event.RunCreated, stop <-chan run.Signal) (*journal.Writer, *journal.Locks, error) {
	o := journal.Options{Redactor: a.Secrets, Now: c.labTime}
	keys, err := a.lockKeys(ctx, r.plan, r.env, r.given)
	if err != nil {
		return nil, nil, err
	}
	if c.dryRun {
		w := journal.Memory(o)
		h.Run = w.Run()
		return w, nil, nil
	}
	h.Lock = keys
	state, err := a.state()
	if err != nil {
		return nil, nil, err
	}
	w, err := state.Create(o)
	if err != nil {
		return nil, nil, storage(err)
	}
	h.Run = w.Run()
	if len(keys) == 0 {
		return w, nil, nil
	}
	waiting, cancel := whileQuiet(ctx, stop)
	defer cancel(nil)
	holder := journal.Holder{Run: h.Run, Playbook: h.Playbook, Environment: h.Environment.Name, User: h.User, Host: h.Host, PID: os.Getpid()}
	locks, err := a.lock(waiting, state, keys, holder, c)
	if err != nil {
		if discard := w.Discard(); discard != nil {
			a.note("an empty journal is left: %v", discard)
		}
		return nil, nil, err
	}
	return w, locks, nil
}

// signalled is the cause of a context that a signal ended.
type signalled struct{ run.Signal }

func (s *signalled) Error() string { return "stopped by " + s.Name }

// whileQuiet returns a context that ends with the first signal, its cause.
func whileQuiet(ctx context.Context, stop <-chan run.Signal) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case s := <-stop:
			cancel(&signalled{Signal: s})
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// watch chooses the view of a run, and who answers its prompts.
func (a *app) watch(c *call, w *journal.Writer) (report.View, run.Person) {
	o := a.page(a.Out)
	o.Now = c.labTime
	o.Journal = w.Path()
	o.Verbosity = c.verbose
	if c.quiet {
		o.Verbosity = -1
	}
	switch c.output {
	case outputJSON:
		return report.NewJSON(a.Out), a.person(nil, w.Subscribe)
	case outputPlain:
		return report.NewPlain(a.Out, o), a.person(nil, w.Subscribe)
	}
	o.Live = true
	view := report.NewTerminal(a.Out.Screen(), o)
	return view, a.person(view, w.Subscribe)
}
