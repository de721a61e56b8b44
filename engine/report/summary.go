package report

import (
	"cmp"
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
	reason := cmp.Or(e.failure.What, e.end.Reason)
	word, style, text := "Failed", page.BoldRed, where+at(e.end.Step)+", after "+took
	switch {
	case e.end.ExitCode == event.EndJournal.Code(): // the journal failed in the middle
		word, text = "Stopped", where+": "+reason+"; nothing was begun after it"
	case e.end.State == event.Done:
		word, style, text = "Done", page.BoldGreen, where+" in "+took
		if n := len(e.end.Warnings); n > 0 {
			word, style = "Done with "+page.Counted(n, "warning"), page.BoldYellow
		}
	case e.end.State == event.Refused:
		word, text = "Refused", where+at(e.end.Step)+": "+reason
	case e.end.Closed != nil:
		word, style, text = "Closed", page.Bold, where+at(e.end.Step)+" by "+e.end.Closed.By+", after "+took
	case e.end.State == event.Cancelled:
		by := ""
		if e.end.Reason != "" {
			by = " by " + e.end.Reason
		}
		word, style, text = "Cancelled", page.Bold, where+by+at(e.end.Step)+", after "+took
	case e.end.State == event.Waiting:
		word, style, text = "Waiting", page.BoldCyan, where+at(e.end.Step)+", for a person, after "+took
	case e.end.State == event.InDoubt:
		word, style = "In doubt", page.BoldMagenta
	case e.end.State == event.Interrupted:
		word, style, text = "Interrupted", page.BoldYellow, where+at(e.run.LastOpen())+", its owner is gone"
	}
	exit := fmt.Sprintf("exit %d", e.end.ExitCode)
	if e.end.State == event.Interrupted {
		exit = ""
	}
	p := e.page
	p.FlowEnd(p.Line(style, word).Add(page.Plain, "  "), page.Plain, text, p.Line(page.Plain, exit))
}

func at(step event.Path) string {
	if step == "" {
		return ""
	}
	return " at " + string(step)
}

// summary prints the end of a run.
func (e *ending) summary() {
	p := e.page
	e.head()
	p.Blank()
	if e.end.State == event.Done {
		p.facts(e.goal(), e.changed(), e.finally(), e.found(), e.warned(), e.expected())
		p.facts(saidFact("Report", e.run.Header.Command.Report(e.id)), saidFact("Journal", e.o.Journal))
		return
	}
	p.facts(e.badFacts()...)
	p.Blank()
	p.facts(e.next(true)...)
}

// badFacts is what a run tells that did not end well.
func (e *ending) badFacts() []fact {
	return append(append(e.closed(), e.why()...), e.goal(), e.changed(), e.notChanged(), e.notReached(), e.inDoubt(), e.finally(), e.warned(), e.escalate(), e.lock())
}

// next are the commands to go on with: what to look at to settle a doubt, what the
// failure advises, what only reads, and the others.
func (e *ending) next(report bool) []fact {
	return []fact{commands("Check", e.end.Check...), advice("Do", e.failure.Do...), e.safe(report), e.then()}
}

// dryEnd closes a dry run. It is never green.
func (e *ending) dryEnd() {
	p := e.page
	p.Right(p.Line(page.Plain, "Dry run: nothing was changed."),
		p.Line(page.Plain, schema.HumanDuration(e.run.Took())+fmt.Sprintf("   exit %d", e.end.ExitCode)))
	p.facts(e.dryFacts()...)
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
	p.fact(commands("To do it", e.run.Header.Command.Again()))
}

func (e *ending) dryFacts() []fact {
	d := e.end.Dry
	out := append(e.why(), advice("Do", e.failure.Do...))
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
