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
	"runbook/engine/record"
	"runbook/engine/report"
)

func (a *app) runsCommand() *cobra.Command {
	limit, lab := 20, false
	cmd := &cobra.Command{
		Use: "runs", Short: "What ran, what is running, what is in doubt", Args: cobra.NoArgs,
		Example: "  runbook runs\n  runbook runs --limit 5\n  runbook runs --lab",
	}
	json := formatFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		asJSON, err := json()
		switch {
		case err != nil:
			return err
		case limit < 0:
			return usage("--limit is a number of runs", "runbook runs --limit 20")
		}
		return a.runs(limit, lab, asJSON)
	}
	cmd.AddCommand(a.closeCommand())
	cmd.Flags().IntVarP(&limit, "limit", "n", limit, "the newest so many runs; 0: all")
	cmd.Flags().BoolVar(&lab, "lab", false, "those in labs and of rehearsals that failed")
	return cmd
}

func (a *app) closeCommand() *cobra.Command {
	because := ""
	cmd := &cobra.Command{
		Use: "close RUN", Short: "End a run that is suspended or interrupted, and free what it guards", Args: exactly(1, "one run: its id, its last four letters, or last"),
		Long: `Ends a run that waits, is in doubt or was interrupted, without going on with it: its
locks are free then. What is not known of its changes stays not known. The reason
is kept in its journal, and ` + "`runbook report`" + ` shows it.`,
		Example:           "  runbook runs close x7rp --because 'restarted app by hand, it is healthy'",
		ValidArgsFunction: a.completeRuns,
		RunE: func(_ *cobra.Command, words []string) error {
			return a.closeRun(words[0], because)
		},
	}
	cmd.Flags().StringVar(&because, "because", "", "why, for the journal")
	return cmd
}

func (a *app) closeRun(ref, because string) error {
	state, s, err := a.findRun(ref, false)
	if err != nil {
		return err
	}
	if _, err := launch.Close(state, s, who(), because); err != nil {
		return err
	}
	return a.report(s.ID, false, report.Formats()[0])
}

// runs prints the newest runs, and what those that did not end need.
func (a *app) runs(limit int, lab, asJSON bool) error {
	state, err := a.state(lab)
	if err != nil {
		return err
	}
	list, err := state.Runs(limit)
	if err != nil {
		return launch.Storage(err)
	}
	for _, s := range list {
		if s.Err != nil {
			why := s.Err.Error()
			if f := (*action.Failure)(nil); errors.As(s.Err, &f) {
				why = strings.Join(append([]string{why}, f.Do...), "; ")
			}
			a.note("the journal of %s cannot be read: %s", s.ID, why)
		}
	}
	if asJSON {
		return printJSON(a.Out, record.RunList(rows(list)))
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
	lab := false
	name, known := names[0], strings.Join(names[:last], ", ")+" or "+names[last]
	cmd := &cobra.Command{
		Use: "report RUN", Short: "What a run did, from its journal", Args: exactly(1, "one run: its id, its last four letters, or last"),
		Example: "  runbook report last\n  runbook report x7rp --format json",
		RunE: func(_ *cobra.Command, words []string) error {
			i := slices.Index(names, name)
			if i < 0 {
				return usage(fmt.Sprintf("there is no format %q", name), "--format "+known)
			}
			return a.report(words[0], lab, formats[i])
		},
		ValidArgsFunction: a.completeRuns,
	}
	cmd.Flags().StringVar(&name, "format", name, known)
	cmd.Flags().BoolVar(&lab, "lab", false, "of the runs in labs: last is the last of them; an id is found without it")
	return cmd
}

// findRun finds a run: of the user's, or by its id also of those in labs.
func (a *app) findRun(ref string, lab bool) (*journal.State, journal.Summary, error) {
	state, err := a.state(lab)
	if err != nil {
		return nil, journal.Summary{}, err
	}
	s, err := state.Find(ref)
	if err == nil {
		return state, s, nil
	}
	if labs, failed := a.state(true); failed == nil && !lab && ref != "last" {
		if s, failed := labs.Find(ref); failed == nil {
			return labs, s, nil
		}
	}
	failure := action.AsFailure(err)
	if ref == "last" && !lab {
		if labs, failed := a.state(true); failed == nil {
			if _, failed := labs.Find(ref); failed == nil {
				failure.What, failure.Do = failure.What+" but in labs", []string{"runbook report last --lab", "runbook runs --lab"}
			}
		}
	}
	return nil, s, &launch.Refusal{Ending: event.EndInvalid, Failure: failure}
}

// report folds the journal of a run and prints it.
func (a *app) report(ref string, lab bool, format report.Format) error {
	state, s, err := a.findRun(ref, lab)
	if err != nil {
		return err
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
