package rehearsal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/schema"
)

// judge holds what was seen against what was expected.
func (p *player) judge(r *Result) {
	e, fin := r.Rehearsal.Expect, r.Finished
	r.Settled = countSettled(r.Facts)
	add := func(c Check) { r.Checks = append(r.Checks, c) }
	seen, place := strconv.Itoa(fin.ExitCode), r.Rehearsal.Place
	if fin.ExitCode != e.Exit.Value && fin.Step != "" {
		seen += fmt.Sprintf(", %s at %s", fin.State, fin.Step)
	}
	if e.Exit.Set() {
		place = e.Exit.Span()
	}
	add(Check{Kind: "exit", Expected: strconv.Itoa(e.Exit.Value), Seen: seen, Held: fin.ExitCode == e.Exit.Value, Place: place})
	h := history.Of(r.Facts)
	for _, s := range e.Steps {
		got := string(stateOf(h, s.address))
		add(Check{Kind: "steps", Expected: string(s.address) + " " + s.State.Value, Seen: string(s.address) + " " + got, Held: got == s.State.Value, Place: s.Node.Span})
	}
	for _, s := range e.Remedies {
		got := remedyOf(h, s.address)
		add(Check{Kind: "remedies", Expected: string(s.address) + ": " + s.Title.Value, Seen: string(s.address) + ": " + got, Held: got == s.Title.Value, Place: s.Node.Span})
	}
	if c := e.Changes; c != nil {
		p.changes(r, c)
	}
	if most := e.WithinRun.Value; most > 0 {
		add(Check{Kind: "duration", Expected: "at most " + schema.HumanDuration(most), Seen: schema.HumanDuration(fin.Duration), Held: fin.Duration <= most, Place: e.WithinRun.Span()})
	}
	if said := e.Message.Value; said != "" {
		text := failureText(r.Facts, fin)
		add(Check{Kind: "message", Expected: said, Seen: firstLine(text), Held: strings.Contains(text, said), Place: e.Message.Span()})
	}
	if fin.ExitCode != e.Exit.Value {
		r.Notes = append(r.Notes, Note{"Ended", ended(fin)})
		for _, m := range r.mistakes {
			r.Notes = append(r.Notes, Note{"Mistake", mistake(m, r.Subject.File.Source.Name)})
		}
	}
}

// mistake says why a run might not begin in the lab, whose targets list what stands in
// the file of rehearsals.
func mistake(d diag.Diagnostic, file string) string {
	text := fmt.Sprintf("%s:%s: %s", d.Source, d.Span.Start, d.Message)
	if d.Hint != "" {
		text += "; " + strings.ReplaceAll(d.Hint, "in runbook.yaml", "below environment: in "+file)
	}
	return text
}

func ended(fin event.RunFinished) string {
	text := string(fin.State)
	if fin.State == event.Waiting {
		return string(fin.Step) + " waits for a person; the rehearsal has no answer for it"
	}
	if fin.Step != "" {
		text = string(fin.Step) + " " + text
	}
	if fin.Failure != nil {
		text += ": " + fin.Failure.What
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// failureText is all that a run says of why it failed, the most telling first.
func failureText(facts []event.Event, fin event.RunFinished) string {
	var b strings.Builder
	failure := func(f *event.Failure) {
		if f == nil {
			return
		}
		for _, line := range slices.Concat([]string{f.What}, f.Seen, f.Tried, f.Do, []string{f.Where}, f.Nearest) {
			fmt.Fprintln(&b, line)
		}
		for _, x := range f.Facts {
			fmt.Fprintln(&b, x.Value)
		}
	}
	failure(fin.Failure)
	for _, f := range facts {
		switch d := f.Data.(type) {
		case *event.StepFinished:
			failure(d.Failure)
		case *event.Check:
			if d.Verdict != event.Held {
				fmt.Fprintln(&b, d.That, d.Message, d.Error)
			}
		case *event.Approval:
			fmt.Fprintln(&b, d.Reason)
		}
	}
	return b.String()
}

func (p *player) changes(r *Result, c *Changes) {
	var names []string
	for _, change := range r.Finished.Changes {
		if history.Count([]event.Change{change}) > 0 {
			names = append(names, change.Action)
		}
	}
	check := Check{Kind: "changes", Seen: orNone(names), Place: c.Node.Span, Held: true}
	switch {
	case c.None.Set():
		check.Expected, check.Held = "none", len(names) == 0
	case c.Exactly != nil:
		check.Expected, check.Held = "exactly "+orNone(texts(c.Exactly)), slices.Equal(names, texts(c.Exactly))
	case c.Only != nil:
		only := texts(c.Only)
		check.Expected = "only " + orNone(only)
		check.Held = !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(only, name) })
	}
	if n := c.Count.Or(-1); n >= 0 {
		check.Expected = strings.TrimSpace(check.Expected + " " + strconv.Itoa(n) + " in all")
		check.Held = check.Held && len(names) == n
	}
	r.Checks = append(r.Checks, check)
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func countSettled(facts []event.Event) int {
	n := 0
	for _, f := range facts {
		if f.Type == event.TypeSettled {
			n++
		}
	}
	return n
}

// destructive says whether a run applied an effect that cannot be put back.
func destructive(fin event.RunFinished) bool {
	return slices.ContainsFunc(fin.Changes, func(c event.Change) bool { return c.Effect == action.Destructive })
}
