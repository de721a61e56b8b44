package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/record"
)

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list [WORDS]", Short: "Find a playbook by name, title, symptom, alert or action",
		Example:           "  runbook list\n  runbook list memory grows\n  runbook list docker --format json",
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	json := formatFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, words []string) error {
		asJSON, err := json()
		if err != nil {
			return err
		}
		return a.list(words, asJSON)
	}
	return cmd
}

func (a *app) list(words []string, asJSON bool) error {
	all, err := a.listing(words)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(a.Out, record.PlaybookList(records(all)))
	}
	if len(all) == 0 {
		a.say(&action.Failure{What: "no playbook matches " + strings.Join(words, " "), Do: []string{"runbook list"}}, event.EndFailed)
		return told(event.EndFailed)
	}
	if !a.Out.Terminal() {
		return page.Tabbed(a.Out, tabbed(all))
	}
	return columned(all, len(words) > 0, page.Of(a.Out)).Print(a.Out)
}

// listing compiles the catalogue and keeps what matches all words.
func (a *app) listing(words []string) ([]listed, error) {
	launcher := a.launcher()
	last, err := a.lastRuns()
	if err != nil {
		return nil, err
	}
	var out []listed
	for _, e := range launcher.Catalogue.Entries() {
		l := listed{Entry: e, last: last[e.Name]}
		if source, err := launcher.Catalogue.Read(e); err == nil {
			l.plan = launcher.Compile(source, nil).Plan
		}
		if l.matches(words) {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(x, y listed) int {
		if d := rank(x.category()) - rank(y.category()); d != 0 {
			return d
		}
		return strings.Compare(x.Name, y.Name)
	})
	return out, nil
}

// lastRuns are the last runs by playbook.
func (a *app) lastRuns() (map[string]*journal.Summary, error) {
	state, err := a.state(false)
	if err != nil {
		return nil, err
	}
	runs, err := state.Runs(200)
	if err != nil {
		return nil, launch.Storage(err)
	}
	out := map[string]*journal.Summary{}
	for _, s := range runs {
		if out[s.Playbook] == nil && s.Playbook != "" {
			out[s.Playbook] = &s
		}
	}
	return out, nil
}

// records are the playbooks as JSON has them.
func records(all []listed) (out []record.Playbook) {
	for _, l := range all {
		r := record.Playbook{Name: l.Name, Category: l.category(), Title: l.title(), Path: l.Path, Embedded: l.Embedded, Invalid: l.plan == nil, Found: l.hits}
		if l.plan != nil {
			r.Effect, r.Asks = l.effect()
			r.Symptoms, r.Alerts = l.plan.Symptoms, l.plan.Alerts
		}
		if l.last != nil {
			r.Last = &record.RunRecords(rows([]journal.Summary{*l.last}))[0]
		}
		out = append(out, r)
	}
	return out
}
