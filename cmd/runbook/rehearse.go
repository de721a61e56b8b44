package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/report"
	"runbook/engine/schema"
	"runbook/lab/rehearsal"
	"runbook/lab/rehearsal/show"
	"runbook/playbooks"
)

// rehearsed is what `rehearse` was asked for.
type rehearsed struct {
	all, watch, mutate bool
	record             bool
	recorded
	output          string
	seed            uint64
	pace, failUnder float64
}

// outputJUnit is a report for CI.
const outputJUnit = "junit"

// personPace is how many times faster than the wall's clock a person can follow.
const personPace = 10

func (a *app) rehearseCommand() *cobra.Command {
	o := rehearsed{output: outputAuto, pace: personPace}
	cmd := &cobra.Command{
		Use:   "rehearse [NAME[/N]…]",
		Short: "Play incidents in the embedded lab, from red to green",
		Long: `Plays the rehearsals of playbooks in the embedded lab: simulated targets, a real
fault, and the playbook against it. Nothing outside is touched. Rehearsals stand
beside their playbook, in NAME.rehearsal.yaml; programs and servers that are not of
the lab are answered by the stubs there. --record runs what the playbook reads once
for real, in the environment that --env names, and writes such stubs.`,
		Example: `  runbook rehearse memory-leak
  runbook rehearse memory-leak/2 --seed 7 --watch
  runbook rehearse ./my-playbook.yaml
  runbook rehearse --all --output junit > rehearsals.xml
  runbook rehearse redis-down --mutate
  runbook rehearse --record ./my-playbook.yaml --env staging`,
		ValidArgsFunction: a.completeRehearsals,
		RunE: func(c *cobra.Command, names []string) error {
			if o.all == (len(names) > 0) {
				return usage("name playbooks, or give --all", "runbook rehearse memory-leak", "runbook rehearse --all")
			}
			switch {
			case o.record:
				return a.record(names, o.recorded)
			case c.Flags().Changed("env") || c.Flags().Changed("yes") || c.Flags().Changed("input"):
				return usage("--env, --input and --yes go with --record only: a rehearsal is played in the lab", "runbook rehearse --help")
			}
			if o.pace <= 0 {
				return usage("--pace is how many times faster than the clock, above 0", "--pace 10")
			}
			return a.rehearse(names, o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.all, "all", false, "every playbook of the catalogue that has rehearsals")
	flags.BoolVar(&o.watch, "watch", false, "play the first at a pace that a person can follow, also in a pipe")
	flags.BoolVar(&o.mutate, "mutate", false, "break the playbook at one place at a time: a rehearsal must notice")
	flags.BoolVar(&o.record, "record", false, "run what the playbook reads once for real, and write what answers as stubs")
	flags.StringVar(&o.env, "env", "", "with --record: the environment that is asked")
	flags.StringArrayVarP(&o.inputs, "input", "i", nil, "with --record: an input, NAME=VALUE")
	flags.BoolVar(&o.yes, "yes", false, "with --record: answer yes, where nobody can be asked")
	flags.StringVar(&o.output, "output", o.output, "auto, plain, json or junit")
	flags.Uint64Var(&o.seed, "seed", 0, "of the lab's noise (default: each rehearsal's own, else 1)")
	flags.Float64Var(&o.pace, "pace", o.pace, "how many times faster than the clock the watched one is played")
	flags.Float64Var(&o.failUnder, "fail-under", 0, "fail below that coverage, or with --mutate that share of mutants noticed, in per cent")
	return cmd
}

// rehearse plays what was named and prints what became of it.
func (a *app) rehearse(names []string, o rehearsed) error {
	out := o.output
	if out != outputJUnit {
		var err error
		if out, err = a.output(o.output); err != nil {
			return err
		}
	}
	l := a.launcher()
	subjects, err := a.subjects(l, names, o.all)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	options := rehearsal.Options{
		Launcher: l, Rules: playbooks.AlertRules(), Seed: o.seed,
		Render: rendered, Keep: a.keepJournal,
	}
	if o.mutate {
		return a.mutate(ctx, subjects, options, o)
	}
	view := a.rehearsalView(out, subjects, o)
	if play, ok := view.(*show.Play); ok {
		options.Pace, options.Watch = o.pace, play.Watched
	}
	options.Observer = view
	result, err := rehearsal.Play(ctx, subjects, options)
	if err != nil {
		return told(event.EndSignal)
	}
	end := event.EndDone
	if result.Passed() < len(result.Results) {
		end = event.EndFailed
	} else if o.failUnder > 0 && result.Percent() < o.failUnder {
		a.note("coverage is %s, below --fail-under %g", schema.HumanPercent(result.Percent()), o.failUnder)
		end = event.EndFailed
	}
	for _, c := range result.Coverage {
		if result.Passed() < len(result.Results) {
			break // what failed may not have come to it
		}
		for _, stub := range c.Idle {
			a.note("%s: no rehearsal calls the stub %s; remove it, or rehearse what does", stub.Where, stub.What)
			end = event.EndFailed
		}
	}
	if err := view.End(result, end.Code()); err != nil || end == event.EndDone {
		return err
	}
	return told(end)
}

// rehearsalView is how rehearsals are shown.
func (a *app) rehearsalView(out string, subjects []*rehearsal.Subject, o rehearsed) show.View {
	switch {
	case out == outputJUnit:
		return show.NewJUnit(a.Out)
	case out == outputJSON:
		return show.NewJSON(a.Out)
	case o.watch || out == outputAuto && len(subjects) == 1:
		return show.NewPlay(a.Out.Screen(), a.page(a.Out), subjects[0], o.pace)
	case out == outputAuto:
		return show.NewTable(a.Out.Screen(), page.Of(a.Out))
	}
	return show.NewLines(a.Out, subjects)
}

// subjects are the playbooks that were named, with their rehearsals.
func (a *app) subjects(l *launch.Launcher, names []string, all bool) ([]*rehearsal.Subject, error) {
	if all {
		for _, e := range l.Catalogue.Entries() {
			if l.Catalogue.Beside(e) != nil {
				names = append(names, e.Name)
			}
		}
		slices.Sort(names)
	}
	var out []*rehearsal.Subject
	for _, name := range names {
		number := 0
		if !all {
			name, number = numbered(name)
		}
		s, err := a.subject(l, name)
		if err != nil {
			return nil, err
		}
		if number > len(s.File.Rehearsals) {
			return nil, usage(fmt.Sprintf("%s has no rehearsal %d", name, number), fmt.Sprintf("it has 1 to %d", len(s.File.Rehearsals)))
		}
		if number > 0 {
			s.Skip = func(h *rehearsal.Rehearsal) bool { return h.Number != number }
		}
		out = append(out, s)
	}
	return out, nil
}

// numbered splits NAME/2; 0 is every one. A path ends in .yaml before it.
func numbered(name string) (string, int) {
	at := strings.LastIndexByte(name, '/')
	if at < 0 {
		return name, 0
	}
	n, err := strconv.Atoi(name[at+1:])
	if err != nil || n < 1 {
		return name, 0
	}
	return name[:at], n
}

// subject compiles a playbook and its rehearsals.
func (a *app) subject(l *launch.Launcher, name string) (*rehearsal.Subject, error) {
	found, err := l.Catalogue.Find(name)
	if err != nil {
		return nil, err
	}
	p, err := l.Plan(name, nil)
	if err != nil {
		return nil, err
	}
	e := launch.Entry{Path: found.Source.Name, Embedded: found.Source.Embedded}
	beside := l.Catalogue.Beside(e)
	if beside == nil {
		if _, err := l.Catalogue.Read(launch.Entry{Path: e.Rehearsals(), Embedded: e.Embedded}); !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		r := launch.Invalid(name+" has no rehearsals", "write it beside the playbook; docs/tutorial-rehearsal.md shows how")
		r.Failure.Where = e.Rehearsals() + " is not there"
		return nil, r
	}
	file, list := rehearsal.Parse(beside, p, l.Registry)
	if file == nil {
		return nil, launch.Mistakes(beside.Name, list, beside)
	}
	if len(list) > 0 { // warnings too: a name that is not used may be mistyped
		a.diagnose(a.Err, list, beside)
		fmt.Fprintln(a.Err)
	}
	return &rehearsal.Subject{Name: path.Base(strings.TrimSuffix(name, ".yaml")), Source: found.Source, Plan: p, File: file}, nil
}

// rendered is what people and programs read of a run.
func rendered(facts []event.Event) []byte {
	var out bytes.Buffer
	plain, lines := report.NewPlain(&out, report.Options{}), report.NewJSON(&out)
	folded := &report.Run{}
	for _, f := range facts {
		plain.Event(f)
		lines.Event(f)
		folded.Apply(f)
	}
	for _, end := range []func() error{plain.Close, lines.Close, func() error { return report.Text(&out, folded, report.Options{}) }} {
		if err := end(); err != nil {
			fmt.Fprintln(&out, err) // a buffer takes all that is written
		}
	}
	return out.Bytes()
}

// keepJournal writes the facts of a rehearsal's run as a journal, so that `report`
// shows it.
func (a *app) keepJournal(facts []event.Event) (string, error) {
	state, err := a.state(true)
	if err != nil {
		return "", err
	}
	w, err := state.Create(journal.Options{})
	if err != nil {
		return "", err
	}
	for i := range facts {
		f := facts[i]
		f.Sequence = 0
		if created, ok := f.Data.(*event.RunCreated); ok {
			renamed := *created
			renamed.Run = w.Run()
			f.Data = &renamed
		}
		if err := w.Append(&f); err != nil {
			return "", err
		}
	}
	return w.Run(), w.Close()
}

// mutate breaks each playbook at one place at a time and prints what no
// rehearsal noticed. Survivors alone are no failure: --fail-under is.
func (a *app) mutate(ctx context.Context, subjects []*rehearsal.Subject, options rehearsal.Options, o rehearsed) error {
	whole, err := rehearsal.Play(ctx, subjects, options)
	if err != nil {
		return told(event.EndSignal)
	}
	if whole.Passed() < len(whole.Results) {
		for _, r := range whole.Results {
			if !r.Passed {
				a.note("%s fails already: %s", r.Name(), strings.Join(show.Complaints(r), "; "))
			}
		}
		return usage("what fails already cannot notice a mutant", "runbook rehearse "+action.Quote(subjects[0].Called()))
	}
	var all []show.Mutated
	for _, s := range subjects {
		m, err := rehearsal.Mutate(ctx, s, options)
		if ctx.Err() != nil {
			return told(event.EndSignal)
		}
		if err != nil {
			return err
		}
		all = append(all, show.Mutated{Name: s.Name, Mutation: m})
	}
	if err := a.printMutants(all, o); err != nil {
		return err
	}
	killed, survived := 0, 0
	for _, m := range all {
		killed, survived = killed+m.Killed, survived+m.Survived
	}
	score := rehearsal.Ratio{Reached: killed, All: killed + survived}.Percent()
	if score < o.failUnder {
		a.note("the score is %s, below --fail-under %g", schema.HumanPercent(score), o.failUnder)
		return told(event.EndFailed)
	}
	return nil
}

func (a *app) printMutants(all []show.Mutated, o rehearsed) error {
	switch o.output {
	case outputJSON:
		return show.MutantsJSON(a.Out, all)
	case outputJUnit:
		return show.MutantsJUnit(a.Out, all)
	}
	return show.Mutants(a.Out, page.Of(a.Out), all)
}
