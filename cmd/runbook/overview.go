package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/journal"
	"runbook/engine/launch"
	"runbook/engine/page"
)

// overview is what runbook prints without a verb: what needs a person, and the
// verbs by when they are needed.
func (a *app) overview() error {
	l := a.launcher()
	p := page.New(page.Of(a.Out))
	p.Flow(p.Line(page.Bold, "runbook").Add(page.Plain, ": "), page.Plain, "playbooks for live systems, run step by step, verified and journalled")
	p.Blank()
	if state, err := a.state(); err == nil {
		if list, err := state.Runs(50); err == nil {
			unfinished(p, list)
		}
	}
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
	p.Flow(p.Indent(2), page.Plain, available(l.Catalogue)+".  "+environments())
	p.Flow(p.Indent(2), page.Plain, "No target was contacted.  More: runbook help, runbook help run")
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

// unfinished names the runs that need a person.
func unfinished(p *page.Page, list []journal.Summary) {
	t := page.Table{Indent: 2, Split: 1, Columns: []page.Column{{}, {Gap: 5}}}
	for _, s := range list {
		verb := "is"
		switch s.State {
		case event.Interrupted:
			verb = "was"
		case event.InDoubt, event.Waiting:
		default:
			continue
		}
		sign, style := page.Mark(string(s.State))
		l := p.Line(style, p.Sign(sign)+" ").Add(page.Plain, fmt.Sprintf("run %s of %s on %s %s %s", s.ID, s.Playbook, s.Environment, verb, page.Word(s.State)))
		t.Rows = append(t.Rows, []*page.Line{l, p.Line(page.Bold, "runbook report "+s.ID)})
	}
	if p.Table(t); len(t.Rows) > 0 {
		p.Blank()
	}
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

func environments() string {
	if _, err := os.Stat("runbook.yaml"); err != nil {
		return "No runbook.yaml here: the local Docker socket is used."
	}
	return "Environments in ./runbook.yaml."
}

// nearestVerb is the verb that was most likely meant.
func nearestVerb(word string, root *cobra.Command) string {
	var verbs []string
	for _, c := range root.Commands() {
		verbs = append(verbs, c.Name())
	}
	return diag.Nearest(word, verbs)
}
