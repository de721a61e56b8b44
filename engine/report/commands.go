package report

import (
	"strings"

	"runbook/engine/action"
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

// advice is what to do: a command in one piece, or text.
func advice(label string, texts ...string) fact {
	f := saidFact(label, texts...)
	for i, r := range f.rows {
		f.rows[i].whole = isCommand(r.cells[0])
	}
	return f
}

func isCommand(text string) bool {
	return strings.HasPrefix(text, "runbook ") || strings.HasPrefix(text, "sudo ") && !strings.Contains(text, ", ")
}

// safe are commands that only read. A playbook that may help is shown: what it would
// change, and which inputs it needs, is not known here.
func (e *ending) safe(report bool) fact {
	var out []string
	if report {
		out = append(out, e.run.Header.Command.Report(e.id))
	}
	switch e.end.State {
	case event.Refused:
		out = append(out, e.run.Header.Command.Again()+" --dry-run")
	case event.Failed:
		for _, p := range e.run.Header.SeeAlso {
			out = append(out, "runbook show "+action.Quote(p))
		}
	}
	return commands("Safe now", out...)
}

// then begins anew what was suspended or interrupted, or ends it for good: the keys of
// the old run stay guarded until a new one names it, or it is closed.
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
	if len(e.run.Locks) > 0 && e.guards() {
		run = append(run, "--despite", e.id)
	}
	f := commands("Then", strings.Join(run, " "))
	f.add(when)
	f.rows = append(f.rows, commands("", e.run.Header.Command.Close(e.id)).rows...)
	f.add("to end it, with why in place of TEXT")
	return f
}
