package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"

	"golang.org/x/term"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/launch"
	"runbook/engine/report"
	"runbook/engine/run"
	"runbook/lab/stub"
)

// recorded is what is asked for, for real.
type recorded struct {
	env    string
	inputs []string
	yes    bool
}

// record runs the reads of a playbook once, for real, and writes what answered them as
// stubs beside it.
func (a *app) record(names []string, o recorded) error {
	if len(names) != 1 || o.env == "" {
		return usage("--record takes one playbook, and the environment that it asks", "runbook rehearse --record ./my-playbook.yaml --env NAME")
	}
	again := "runbook rehearse --record " + action.Quote(names[0])
	l := a.launcher()
	found, err := l.Catalogue.Find(names[0])
	if err != nil {
		return err
	}
	if found.Source.Embedded {
		return launch.Invalid(names[0]+" is built in, so nothing is written beside it", "copy it into your own catalogue, and name that file")
	}
	file := launch.Entry{Path: found.Source.Name}.Rehearsals()
	before, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return launch.Invalid("cannot read " + file + ": " + err.Error())
	}
	a.note("this runs what %s reads once, for real, in the environment %s, and changes nothing there", names[0], o.env)
	if err := a.agreed(o.yes, "Run it?", again+" --env "+action.Quote(o.env)+" --yes"); err != nil {
		return err
	}
	env, _, err := a.loadEnvironment(o.env, l.Registry, func(env string) string { return again + " --env " + action.Quote(env) })
	if err != nil {
		return err
	}
	view := report.NewPlain(a.Out, a.page(a.Out))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	recording, fin, err := stub.Record(ctx, l, launch.Request{
		Environment: env, Named: true, Inputs: launch.Texts(o.inputs, secretFrom), Who: who(), Clock: action.SystemClock(),
		Command:  event.Command{Playbook: names[0], Flags: []string{"--env", action.Quote(o.env)}},
		Audience: launch.Audience{Note: a.note, Secrets: a.Secrets, Watch: func(b *launch.Began) run.Person { b.Subscribe(view.Event); return nil }},
	})
	if err = errors.Join(err, view.Close()); err != nil {
		return err
	}
	if fin.ExitCode != event.EndDone.Code() {
		return ending(fin.ExitCode)
	}
	lines := recording.Lines(env, a.Secrets.String)
	for _, left := range lines.Left {
		a.note("not written: %s", left)
	}
	after, err := lines.Into(string(before))
	if err != nil {
		return launch.Invalid(file + ": " + err.Error())
	}
	return a.writeStubs(file, string(before), after, o.yes, again)
}

// writeStubs writes a file of rehearsals. Of one that is there it shows first which
// lines are added.
func (a *app) writeStubs(file, before, after string, yes bool, again string) error {
	if after == before {
		a.note("%s has what was recorded already", file)
		return nil
	}
	if before != "" {
		had := strings.Split(before, "\n")
		fmt.Fprintln(a.Out, file+":")
		for _, line := range strings.Split(after, "\n") {
			if !slices.Contains(had, line) {
				fmt.Fprintln(a.Out, "+ "+line)
			}
		}
		if err := a.agreed(yes, "Write it?", again+" --yes"); err != nil {
			return err
		}
	}
	if err := os.WriteFile(file, []byte(after), 0o644); err != nil {
		return launch.Invalid("cannot write " + file + ": " + err.Error())
	}
	a.note("%s is written", file)
	return nil
}

// agreed asks a person at the terminal for a yes; elsewhere --yes is needed.
func (a *app) agreed(yes bool, question, otherwise string) error {
	if yes {
		return nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) || !a.Err.Terminal() {
		return usage("nobody can be asked here; --yes answers", otherwise)
	}
	fmt.Fprint(a.Err, question+" [y/N] ")
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil || !slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer))) {
		return told(event.EndRefused)
	}
	return nil
}
