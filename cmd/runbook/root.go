package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/report"
	"runbook/internal/console"
)

// The exit codes of runbook.
const (
	exitDone    = 0
	exitFailed  = 1
	exitInvalid = 2 // playbook, input or usage
	exitRefused = 3 // or waiting for a person
	exitLocked  = 4
	exitStorage = 5
)

// app is what every verb is given.
type app struct {
	*console.Console
	color    string
	stateDir string
	line     []string
	root     *cobra.Command
}

// execute runs the command line and returns the exit code of the process. A
// fault of runbook itself is told in the shape of every error.
func execute(line []string) (code int) {
	a := &app{Console: console.Open(), line: line}
	defer func() {
		if bug := recover(); bug != nil {
			a.say(&action.Failure{
				What: fmt.Sprintf("a fault of runbook itself: %v", bug),
				Do:   []string{"runbook runs, to see what became of the run", "report it with the output of: runbook version"},
			}, exitFailed)
			code = exitFailed
		}
		if err := a.Flush(); err != nil && code == exitDone {
			code = exitFailed
		}
	}()
	a.root = a.command()
	a.root.SetArgs(line)
	return a.code(a.root.Execute())
}

// ending is an error that was told already: only its exit code is left.
type ending int

func (e ending) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// problem is an error with the exit code that it has.
type problem struct {
	code    int
	failure *action.Failure
	facts   []report.Fact // in place of what failure has, where its labels do not fit
	ending  *report.NoRun // of a run that did not begin, nil for other errors
}

func (p *problem) Error() string { return p.failure.Error() }

// usage is the mistake of a command line.
func usage(what string, do ...string) error {
	return &problem{code: exitInvalid, failure: &action.Failure{What: what, Do: do}}
}

// code tells err, if it was not told, and returns its exit code.
func (a *app) code(err error) int {
	var end ending
	var p *problem
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &end):
		return int(end)
	case errors.As(err, &p):
		a.tell(p)
		return p.code
	}
	f := &action.Failure{}
	if errors.As(err, &f) {
		a.say(f, exitFailed)
		return exitFailed
	}
	a.say(a.mistyped(err), exitInvalid)
	return exitInvalid
}

// verb is the verb of the command line, "" if it has none.
func (a *app) verb() string {
	if c, _, err := a.root.Find(a.line); err == nil && c != a.root {
		return c.Name()
	}
	return ""
}

// mistyped is what cobra says of a command line, in the shape of an error.
func (a *app) mistyped(err error) *action.Failure {
	text := err.Error()
	f := &action.Failure{What: text, Do: []string{"runbook help " + a.verb()}}
	if word, ok := strings.CutPrefix(text, `unknown command "`); ok {
		word, _, _ = strings.Cut(word, `"`)
		f.What = fmt.Sprintf("there is no command %q", word)
		if near := nearestVerb(word, a.root); near != "" {
			f.Seen = []string{"nearest: " + near}
			f.Do = []string{"runbook " + near}
		}
	}
	if f.What == text {
		f.What, _, _ = strings.Cut(text, "\n")
		f.Do[0] = strings.TrimSpace(f.Do[0])
	}
	return f
}

// command builds the tree of verbs.
func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:           "runbook",
		Short:         "playbooks for live systems, run step by step, verified and journalled",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(*cobra.Command, []string) error { return a.overview() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if a.color != "auto" && a.color != "always" && a.color != "never" {
				return usage(fmt.Sprintf("there is no colour mode %q", a.color), "--color auto, always or never")
			}
			return nil
		},
	}
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	flags := root.PersistentFlags()
	flags.StringVar(&a.color, "color", "auto", "auto, always or never")
	flags.StringVar(&a.stateDir, "state-dir", "", "directory of journals and locks (default: the user's state directory)")
	root.AddCommand(
		a.runCommand(), a.validateCommand(), a.listCommand(), a.showCommand(), a.graphCommand(),
		a.runsCommand(), a.reportCommand(), a.rehearseCommand(), a.labCommand(), a.actionsCommand(), a.schemaCommand(), a.versionCommand(),
	)
	root.InitDefaultCompletionCmd()
	return root
}

// exactly is cobra.ExactArgs with a sentence that says what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, words []string) error {
		if len(words) == n {
			return nil
		}
		return usage(fmt.Sprintf("%s takes %s", c.CommandPath(), what), c.UseLine())
	}
}

// state opens the state directory.
func (a *app) state() (*journal.State, error) {
	s, err := journal.Open(a.stateDir)
	if err != nil {
		return nil, storage(err)
	}
	return s, nil
}

// storage is the problem of a journal or a lock that cannot be kept.
func storage(err error) error {
	return &problem{code: exitStorage, failure: action.AsFailure(err)}
}
