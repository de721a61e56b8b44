package report

import (
	"fmt"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// head is the first line of the end: what became of the run, where, how long
// it took, and the exit code.
func (e *ending) head() {
	h := e.run.Header
	where := h.Playbook + " on " + h.Environment.Name
	took := schema.HumanDuration(e.run.Took())
	switch {
	case e.stopped():
		e.headline("Stopped", page.BoldRed, where+": "+e.reason()+"; nothing was begun after it")
		return
	case e.end.State == event.Done && len(e.end.Warnings) > 0:
		e.headline("Done with "+page.Counted(len(e.end.Warnings), "warning"), page.BoldYellow, where+" in "+took)
	case e.end.State == event.Done:
		e.headline("Done", page.BoldGreen, where+" in "+took)
	case e.end.State == event.Refused:
		e.headline("Refused", page.BoldRed, where+at(e.end.Step)+": "+e.reason())
	case e.end.State == event.Cancelled:
		by := ""
		if e.end.Reason != "" {
			by = " by " + e.end.Reason
		}
		e.headline("Cancelled", page.Bold, where+by+at(e.end.Step)+", after "+took)
	case e.end.State == event.Waiting:
		e.headline("Waiting", page.BoldCyan, where+at(e.end.Step)+", for a person, after "+took)
	case e.end.State == event.InDoubt:
		e.headline("In doubt", page.BoldMagenta, where+at(e.end.Step)+", after "+took)
	case e.end.State == event.Interrupted:
		e.headline("Interrupted", page.BoldYellow, where+at(e.run.LastOpen())+", its owner is gone")
	default:
		e.headline("Failed", page.BoldRed, where+at(e.end.Step)+", after "+took)
	}
}

// stopped: the journal failed in the middle.
func (e *ending) stopped() bool { return e.end.ExitCode == event.EndJournal.Code() }

func (e *ending) reason() string {
	if e.end.Failure != nil {
		return e.end.Failure.What
	}
	return e.end.Reason
}

func at(step event.Path) string {
	if step == "" {
		return ""
	}
	return " at " + string(step)
}

func (e *ending) headline(word string, s page.Style, text string) {
	p := e.page
	exit := fmt.Sprintf("exit %d", e.end.ExitCode)
	if e.end.State == event.Interrupted {
		exit = ""
	}
	p.FlowTop(p.Line(s, word).Add(page.Plain, "  "), page.Plain, text, p.Line(page.Plain, exit))
}

// summary prints the end of a run.
func (e *ending) summary() {
	p := e.page
	e.head()
	p.Blank()
	switch e.end.State {
	case event.Done:
		p.facts([]fact{e.goal(), e.changed(), e.finally(), e.found(), e.warned(), e.expected(), e.report(), e.journal()})
		return
	case event.InDoubt:
		p.facts(e.badFacts())
		p.Blank()
		p.facts([]fact{e.check(), e.safe(true), e.then()})
		return
	}
	p.facts(e.badFacts())
	p.Blank()
	p.facts([]fact{e.do(), e.safe(true), e.then()})
}

// badFacts is what a run tells that did not end well.
func (e *ending) badFacts() []fact {
	why := append([]fact{e.what(), e.where(), e.tried(), e.seenFacts()}, e.hints()...)
	return append(why, e.changed(), e.notChanged(), e.notReached(), e.inDoubt(), e.finally(), e.warned(), e.escalate(), e.lock())
}

func (e *ending) report() fact { return saidFact("Report", "runbook report "+e.id) }

func (e *ending) journal() fact { return saidFact("Journal", e.o.Journal) }

// check says what to look at to settle a doubt.
func (e *ending) check() fact {
	return commands("Check", e.end.Check...)
}

// dryEnd closes a dry run. It is never green.
func (e *ending) dryEnd() {
	p := e.page
	p.Right(p.Line(page.Plain, "Dry run: nothing was changed."),
		p.Line(page.Plain, schema.HumanDuration(e.run.Took())+fmt.Sprintf("   exit %d", e.end.ExitCode)))
	p.facts(e.dryFacts())
	if e.run.Header.Offline {
		p.Say(page.Plain, "  No target was contacted.")
	}
	if n := e.run.Unknown; n > 0 {
		text := page.Counted(n, "condition") + " are known only after a change."
		if n == 1 {
			text = "1 condition is known only after a change."
		}
		if e.run.Remedied > 0 {
			text = "It does not show that the remedies help: " + text
		}
		p.Flow(p.Indent(2), page.Plain, text)
	}
	p.facts([]fact{commands("To do it", e.run.Header.Command.Again())})
}

func (e *ending) dryFacts() []fact {
	d := e.end.Dry
	var out []fact
	if e.end.Failure != nil {
		out = append(out, e.what(), e.where(), e.tried(), saidFact("Seen", e.end.Failure.Seen...))
		out = append(append(out, e.hints()...), e.do())
	}
	if d == nil {
		return out
	}
	return append(out,
		saidFact("Actions", fmt.Sprintf("%d executed, %d previewed, %d unknown, %d skipped", d.Executed, d.Previewed, d.Unknown, d.Skipped)),
		saidFact("Conditions", fmt.Sprintf("%d evaluated, %d unknown", d.Evaluated, d.Unknowns)))
}

// Summary returns the text that stands at the end of the run.
func Summary(r *history.Run, o Options) string {
	p := newSheet(o)
	e := newEnding(r, p, o)
	if r.Header.DryRun && e.end.State == event.DryRun {
		e.dryEnd()
	} else {
		e.summary()
	}
	return p.String()
}
