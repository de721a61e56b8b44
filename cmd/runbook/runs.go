package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/report"
)

func (a *app) runsCommand() *cobra.Command {
	limit := 20
	cmd := &cobra.Command{
		Use: "runs", Short: "What ran, what is running, what is in doubt", Args: cobra.NoArgs,
		Example: "  runbook runs\n  runbook runs --limit 5",
		RunE: func(*cobra.Command, []string) error {
			if limit < 0 {
				return usage("--limit is a number of runs", "runbook runs --limit 20")
			}
			return a.runs(limit)
		},
	}
	cmd.Flags().IntVarP(&limit, "limit", "n", limit, "the newest so many runs; 0: all")
	return cmd
}

// runs prints the newest runs, and what those that did not end need.
func (a *app) runs(limit int) error {
	state, err := a.state()
	if err != nil {
		return err
	}
	list, err := state.Runs(limit)
	if err != nil {
		return launch.Storage(err)
	}
	for _, s := range list {
		if s.Err != nil {
			a.note("the journal of %s cannot be read: %v", s.ID, s.Err)
		}
	}
	if a.Out.Terminal() {
		return report.RunsTable(a.Out, rows(list), a.page(a.Out))
	}
	return report.RunsPlain(a.Out, rows(list))
}

func (a *app) reportCommand() *cobra.Command {
	formats := report.Formats()
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	last := len(names) - 1
	name, known := names[0], strings.Join(names[:last], ", ")+" or "+names[last]
	cmd := &cobra.Command{
		Use: "report RUN", Short: "What a run did, from its journal", Args: exactly(1, "one run: its id, its last four letters, or last"),
		Example: "  runbook report last\n  runbook report x7rp --format json",
		RunE: func(_ *cobra.Command, words []string) error {
			i := slices.Index(names, name)
			if i < 0 {
				return usage(fmt.Sprintf("there is no format %q", name), "--format "+known)
			}
			return a.report(words[0], formats[i])
		},
		ValidArgsFunction: a.completeRuns,
	}
	cmd.Flags().StringVar(&name, "format", name, known)
	return cmd
}

// report folds the journal of a run and prints it.
func (a *app) report(ref string, format report.Format) error {
	state, err := a.state()
	if err != nil {
		return err
	}
	s, err := state.Find(ref)
	if err != nil {
		return &launch.Refusal{Ending: event.EndInvalid, Failure: action.AsFailure(err)}
	}
	path := state.Path(s.ID)
	folded := &report.Run{}
	torn, err := journal.Scan(path, func(e event.Event) error {
		folded.Apply(e)
		return nil
	})
	var damage *journal.DamageError
	if err != nil && !errors.As(err, &damage) {
		return launch.Storage(err)
	}
	if torn > 0 {
		a.note("the last %d bytes of the journal were never completely written; they are left out", torn)
	}
	if s.State == event.Running {
		a.note("the run is still running")
	}
	o := a.page(a.Out)
	if damage == nil {
		o.Journal = filepath.Base(path)
	}
	err = format.Write(a.Out, folded, o)
	if damage != nil {
		return launch.Storage(damage)
	}
	return err
}
