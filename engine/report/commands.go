package report

import (
	"slices"
	"strings"

	"runbook/engine/event"
	"runbook/engine/page"
)

func commands(label string, texts ...string) fact {
	f := saidFact(label, texts...)
	for i := range f.rows {
		f.rows[i].style, f.rows[i].whole = page.Bold, true
	}
	return f
}

// safe are commands that only read. A playbook that may help is previewed: it is
// not known what it would change.
func (e *ending) safe(report bool) fact {
	var out []string
	if report {
		out = append(out, "runbook report "+e.id)
	}
	again := e.run.Header.Command
	switch e.end.State {
	case event.Refused:
		out = append(out, again.Again()+" --dry-run")
	case event.Failed:
		if i := slices.Index(again.Flags, "-i"); i >= 0 {
			again.Flags = again.Flags[:i] // the inputs are those of this playbook
		}
		for _, again.Playbook = range e.run.Header.SeeAlso {
			out = append(out, again.Again()+" --dry-run")
		}
	}
	return commands("Safe now", out...)
}

// then begins anew what was suspended or interrupted: the keys of the old run stay
// guarded until a new one names it.
func (e *ending) then() fact {
	when := "when you know what became of it"
	switch e.end.State {
	case event.Waiting:
		when = "on a terminal"
	case event.InDoubt, event.Interrupted:
	default:
		return fact{}
	}
	run := []string{e.run.Header.Command.Again()}
	if len(e.run.Locks) > 0 {
		run = append(run, "--despite", e.id)
	}
	f := commands("Then", strings.Join(run, " "))
	f.add(when)
	return f
}
