package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/internal/console"
)

// app is what every verb is given.
type app struct {
	*console.Console
	log       *slog.Logger // of the program itself, and of the libraries in it
	logFormat string
	stateDir  string
	config    string // the file of environments that --config names
	line      []string
	root      *cobra.Command
	launcher  func() *launch.Launcher // made once, when a verb needs it
}

func newApp(line []string) *app {
	a := &app{Console: console.Open(), line: line, logFormat: console.LogText, launcher: sync.OnceValue(newLauncher)}
	_ = a.startLog(slog.LevelInfo) // which fails for a format that there is not
	return a
}

// startLog makes the program's logger that of the process.
func (a *app) startLog(least slog.Level) error {
	l, err := a.Log(a.logFormat, least)
	if err != nil {
		return usage(err.Error(), "--log-format text or json")
	}
	a.log = l
	console.Redirect(l)
	return nil
}

// execute runs the command line and returns the exit code of the process. A
// fault of runbook itself is told in the shape of every error.
func execute(line []string) (code int) {
	a := newApp(line)
	defer func() {
		if bug := recover(); bug != nil {
			a.say(&action.Failure{
				What: fmt.Sprintf("a fault of runbook itself: %v", bug),
				Do:   []string{"see what became of the run: runbook runs", "report it with the output of: runbook version"},
			}, event.EndFailed)
			code = event.EndFailed.Code()
		}
		if err := a.Flush(); err != nil && code == event.EndDone.Code() {
			code = event.EndFailed.Code()
		}
	}()
	a.root = a.command()
	a.root.SetArgs(line)
	return a.code(a.root.Execute())
}

// ending is an error that was told already: only its exit code is left.
type ending int

// Error implements error.
func (e ending) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// told is the error of what was told already.
func told(e event.Ending) error { return ending(e.Code()) }

// usage is the mistake of a command line.
func usage(what string, do ...string) error {
	return launch.Invalid(what, do...)
}

// code tells err, if it was not told, and returns its exit code.
func (a *app) code(err error) int {
	var end ending
	var r *launch.Refusal
	switch {
	case err == nil:
		return event.EndDone.Code()
	case errors.As(err, &end):
		return int(end)
	case errors.As(err, &r):
	default:
		f, e := &action.Failure{}, event.EndFailed
		if !errors.As(err, &f) {
			f, e = a.mistyped(err), event.EndInvalid
		}
		r = &launch.Refusal{Ending: e, Failure: f}
	}
	if a.verb() != "validate" || !asksJSON(a.line) || refused(a.Out, r) != nil {
		a.tell(r)
	}
	return r.Code()
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
		a.root.SuggestionsMinimumDistance = 2
		if f.Nearest = a.root.SuggestionsFor(word); len(f.Nearest) > 0 {
			f.Do[0] = "runbook"
			nearest := cmp.Or(diag.Nearest(word, f.Nearest), f.Nearest[0])
			for _, w := range a.line {
				if w == word {
					w = nearest
				}
				f.Do[0] += " " + action.Quote(w)
			}
		}
	}
	if flag, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		f.Nearest = a.flagsLike(flag)
	}
	if f.What == text {
		f.What, _, _ = strings.Cut(text, "\n")
		f.Do[0] = strings.TrimSpace(f.Do[0])
	}
	return f
}

// flagsLike are the flags of the verb that may be meant by a word.
func (a *app) flagsLike(word string) []string {
	c, _, err := a.root.Find(a.line)
	if err != nil {
		return nil
	}
	var names []string
	take := func(f *pflag.Flag) { names = append(names, f.Name) }
	c.Flags().VisitAll(take)
	c.InheritedFlags().VisitAll(take)
	if near := diag.Nearest(word, names); near != "" {
		return []string{"--" + near}
	}
	return nil
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
		PersistentPreRunE: func(c *cobra.Command, _ []string) error {
			if a.Color != "auto" && a.Color != "always" && a.Color != "never" {
				return usage(fmt.Sprintf("there is no colour mode %q", a.Color), "--color auto, always or never")
			}
			if n, err := c.Flags().GetCount("verbose"); err == nil && n > 1 {
				return a.startLog(slog.LevelDebug)
			}
			return a.startLog(slog.LevelInfo)
		},
	}
	root.Version = engineVersion()
	root.SetVersionTemplate(versionText())
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	flags := root.PersistentFlags()
	flags.StringVar(&a.Color, "color", "auto", "auto, always or never")
	flags.StringVar(&a.logFormat, "log-format", console.LogText, "of notes and of -vv: text or json")
	flags.StringVar(&a.config, "config", "", "the file of environments (default: $RUNBOOK_CONFIG, or the nearest runbook.yaml from here upwards)")
	flags.StringVar(&a.stateDir, "state-dir", "", "directory of journals and locks (default: the user's state directory)")
	root.AddCommand(
		a.runCommand(), a.validateCommand(), a.listCommand(), a.showCommand(), a.graphCommand(),
		a.runsCommand(), a.reportCommand(), a.rehearseCommand(), a.labCommand(), a.actionsCommand(), a.schemaCommand(), a.versionCommand(),
	)
	root.InitDefaultCompletionCmd()
	a.completeFlags(root)
	return root
}

// exactly is cobra.ExactArgs with a sentence that says what is missing.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, words []string) error {
		if len(words) == n {
			return nil
		}
		example, _, _ := strings.Cut(strings.TrimSpace(c.Example), "\n")
		return usage(fmt.Sprintf("%s takes %s", c.CommandPath(), what), example)
	}
}

// state opens the state directory, or that of labs below it: what runs in a lab
// or in a rehearsal follows a clock of its own, and is no history of the user's.
func (a *app) state(lab bool) (*journal.State, error) {
	s, err := journal.Open(a.stateDir)
	if err == nil && lab {
		s, err = journal.Open(filepath.Join(s.Dir(), "lab"))
	}
	if err != nil {
		return nil, launch.Storage(err)
	}
	return s, nil
}
