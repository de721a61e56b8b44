package main

import (
	"fmt"

	"runbook/engine/environment"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/page"
	"runbook/engine/report"
)

// overview is what runbook prints without a verb: what needs a person, and the
// verbs by when they are needed.
func (a *app) overview() error {
	l := a.launcher()
	p := page.New(page.Of(a.Out))
	p.Flow(p.Line(page.Bold, "runbook").Add(page.Plain, ": "), page.Plain, "playbooks for live systems, run step by step, verified and journalled")
	if state, err := a.state(false); err == nil {
		if list, err := state.Runs(50); err == nil {
			report.Unfinished(p, rows(list))
		}
	}
	p.Blank()
	verbs(p, "On call", [][2]string{
		{"list WORDS", "find a playbook by name, symptom or alert"},
		{"show NAME", "read the procedure"},
		{"run NAME --dry-run", "see what it would do; changes nothing"},
		{"run NAME", "do it"},
		{"runs", "what ran, what is running, what is in doubt"},
		{"report RUN", "what a run did, from its journal"},
	})
	verbs(p, "Before the night", [][2]string{
		{"rehearse NAME", "play the incident in the lab, from red to green"},
		{"lab up", "a staging to break, and to repair"},
		{"validate PATH...", "find mistakes without running anything"},
		{"graph NAME", "draw which step waits for which"},
		{"actions [NAME]", "what a step can do"},
	})
	p.Flow(p.Indent(2), page.Plain, available(l.Catalogue)+".  "+a.environmentsNote())
	p.Flow(p.Indent(2), page.Plain, "No target was contacted.  More: runbook help")
	return p.Print(a.Out)
}

// verbs lists verbs and what they are for.
func verbs(p *page.Page, title string, list [][2]string) {
	p.Say(page.Bold, title)
	for _, v := range list {
		p.Flow(p.Line(page.Plain, "  runbook "+v[0]).Pad(34, 2), page.Plain, v[1])
	}
	p.Blank()
}

// rows are the runs whose journals can be read.
func rows(list []journal.Summary) (rows []report.Row) {
	for _, s := range list {
		if s.Err == nil {
			rows = append(rows, report.Row{
				Run: s.ID, Playbook: s.Playbook, Environment: s.Environment, By: s.User, State: s.State, Warned: s.Warnings > 0,
				Step: s.Step, Started: s.Started, Took: s.Duration, Changes: s.Changes,
			})
		}
	}
	return rows
}

// available counts the playbooks that can be run by name.
func available(all *launch.Catalogue) string {
	entries, own := all.Entries(), 0
	for _, e := range entries {
		if !e.Embedded {
			own++
		}
	}
	switch own {
	case 0:
		return page.Counted(len(entries), "playbook") + ", all embedded"
	case len(entries):
		return page.Counted(len(entries), "playbook")
	}
	return fmt.Sprintf("%s, %d embedded", page.Counted(len(entries), "playbook"), len(entries)-own)
}

// environmentsNote says where runs act: the environments of the file, or this machine.
func (a *app) environmentsNote() string {
	path, err := environment.Find(a.config)
	switch {
	case err != nil:
		return err.Error() + "."
	case path == "":
		return "No runbook.yaml here or above: the Docker engine of this machine is used."
	}
	return "Environments in " + path + "."
}
