package main

import (
	"fmt"
	"os"
	"strings"

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
	l, err := a.launcher()
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("runbook: playbooks for live systems, run step by step, verified and journalled\n\n")
	if state, err := a.state(); err == nil {
		if list, err := state.Runs(50); err == nil {
			b.WriteString(unfinished(list))
		}
	}
	b.WriteString(`On call
  runbook list WORDS              find a playbook by name, symptom or alert
  runbook show NAME               read the procedure
  runbook run NAME --dry-run      see what it would do; changes nothing
  runbook run NAME                do it
  runbook runs                    what ran, what is running, what is in doubt
  runbook report RUN              what a run did, from its journal

Before the night
  runbook rehearse NAME           play the incident in the lab, from red to green
  runbook lab up                  a staging to break, and to repair
  runbook validate PATH...        find mistakes without running anything
  runbook graph NAME              draw which step waits for which
  runbook actions [NAME]          what a step can do

`)
	fmt.Fprintf(&b, "  %s.  %s\n", available(l.Catalogue), environments())
	b.WriteString("  No target was contacted.  More: runbook help, runbook help run\n")
	return put(a.Out, b.String())
}

// unfinished names the runs that need a person.
func unfinished(list []journal.Summary) string {
	var b strings.Builder
	for _, s := range list {
		switch s.State {
		case event.Interrupted, event.InDoubt, event.Waiting:
			verb := "is"
			if s.State == event.Interrupted {
				verb = "was"
			}
			fmt.Fprintf(&b, "  ! run %s of %s on %s %s %s     runbook report %s\n", s.ID, s.Playbook, s.Environment, verb, page.Word(s.State), s.ID)
		}
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
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
