package report

import (
	"strings"

	"runbook/engine/event"
	"runbook/engine/page"
)

// elsewhere is a command on another playbook in the same environment.
func (e *ending) elsewhere(playbook string, flags ...string) string {
	words := append([]string{"runbook", "run", playbook}, e.environment()...)
	return strings.Join(append(words, flags...), " ")
}

func (e *ending) environment() []string {
	if env := e.run.Header.Environment; env.ByFlag {
		return []string{"--env", env.Name}
	}
	return nil
}

func commands(label string, texts ...string) fact {
	f := saidFact(label, texts...)
	for i := range f.rows {
		f.rows[i].style, f.rows[i].whole = page.Bold, true
	}
	return f
}

// safe are commands that only read.
func (e *ending) safe(report bool) fact {
	var out []string
	if report {
		out = append(out, "runbook report "+e.id)
	}
	if e.o.Doctor && e.end.State == event.Failed {
		out = append(out, strings.Join(append([]string{"runbook", "doctor"}, e.environment()...), " "))
	}
	if e.end.State == event.Refused {
		out = append(out, e.run.Header.Command.Again()+" --dry-run")
	}
	if e.end.State == event.Failed {
		for _, p := range e.run.Header.SeeAlso {
			out = append(out, e.elsewhere(p, "--dry-run"))
		}
	}
	return commands("Safe now", out...)
}

// then are commands that may change something.
func (e *ending) then() fact {
	resume := "runbook resume " + e.id
	switch e.end.State {
	case event.Failed:
		var out []string
		for _, p := range e.run.Header.SeeAlso {
			out = append(out, e.elsewhere(p))
		}
		return commands("Then", out...)
	case event.Waiting, event.Interrupted:
		if !e.o.Resume {
			return e.again()
		}
		if e.plain {
			resume += " (on a terminal)"
		}
		return commands("Then", resume)
	case event.InDoubt:
		if !e.o.Resume {
			return e.again()
		}
		f := commands("Then", resume,
			"observes first; goes on if the goal holds, else is in doubt again",
			"or tell it: "+resume+" --settle "+string(e.end.Step)+"=applied",
			"or:         "+resume+" --settle "+string(e.end.Step)+"=not-applied")
		f.rows[1].style, f.rows[1].whole = page.Plain, false
		return f
	}
	return fact{}
}

// again begins anew what was suspended or interrupted, where it cannot be
// resumed: the keys of the old run stay guarded until a new one names it.
func (e *ending) again() fact {
	run := e.run.Header.Command.Again()
	if len(e.run.Locks) > 0 {
		run += " --despite " + e.id
	}
	if e.end.State == event.Waiting {
		return commands("Then", run+" (on a terminal)")
	}
	return commands("Then", run+" (when you know what became of it)")
}
