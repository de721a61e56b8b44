package main

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"runbook/engine/launch"
	"runbook/lab/rehearsal"
)

// failed is what was expected of a rehearsal, and what was seen.
func (p rehearsalPage) failed(r *rehearsal.Result) string {
	var b strings.Builder
	left := fmt.Sprintf("  %s %d  %s", p.sign(false), r.Rehearsal.Number, r.Rehearsal.Name)
	b.WriteString(p.spread(left, faultOf(r)) + "\n")
	if rows := rowsOf(r); len(rows) > 0 {
		head := fmt.Sprintf("      EXPECTED (%s:%d)", path.Base(r.Subject.File.Source.Name), firstFailed(r))
		kind, column := 7, ansi.StringWidth(head)+2
		for _, c := range rows {
			kind = max(kind, len(c.Kind))
		}
		for _, c := range rows {
			column = max(column, 8+kind+2+ansi.StringWidth(c.Expected)+4)
		}
		column = min(column, max(p.width*6/10, ansi.StringWidth(head)+2))
		b.WriteString(pad(head, column) + "SEEN\n")
		for _, c := range rows {
			b.WriteString(p.row(c, kind, column))
		}
	}
	for _, one := range r.Also {
		if !one.Held {
			b.WriteString(p.wrapped(fmt.Sprintf("      %s ", p.sign(false)), property(one)))
		}
	}
	b.WriteByte('\n')
	for _, n := range r.Notes {
		b.WriteString(p.wrapped("      "+pad(n.Label, 11), n.Text))
	}
	fmt.Fprintf(&b, "      Watch it   runbook rehearse %s --seed %d --watch\n", launch.Quote(callOf(r)), r.Seed)
	if r.Run != "" {
		fmt.Fprintf(&b, "      Its run    runbook report %s\n", r.Run[max(0, len(r.Run)-4):])
	}
	return b.String()
}

// callOf is how a rehearsal is named on the command line.
func callOf(r *rehearsal.Result) string {
	if r.Subject.Source.Embedded {
		return nameOfResult(r)
	}
	return fmt.Sprintf("%s/%d", r.Subject.Source.Name, r.Rehearsal.Number)
}

// rowsOf are the checks of a rehearsal that failed, those of steps as one. What
// held before the run and always is left out.
func rowsOf(r *rehearsal.Result) []rehearsal.Check {
	var out []rehearsal.Check
	for _, c := range r.Checks {
		if c.Held && (c.Kind == "before" || c.Kind == "always") {
			continue
		}
		i := slices.IndexFunc(out, func(o rehearsal.Check) bool { return o.Kind == c.Kind && (c.Kind == "steps" || c.Kind == "remedies") })
		if i < 0 {
			out = append(out, c)
			continue
		}
		out[i].Expected += ", " + c.Expected
		out[i].Seen += ", " + c.Seen
		out[i].Held = out[i].Held && c.Held
	}
	return out
}

// firstFailed is the line of the first expectation that did not come.
func firstFailed(r *rehearsal.Result) int {
	for _, c := range r.Checks {
		if !c.Held && c.Place.Start.Line > 0 {
			return c.Place.Start.Line
		}
	}
	return r.Rehearsal.Place.Start.Line
}

// row is one check: what was expected beside what was seen, each wrapped.
func (p rehearsalPage) row(c rehearsal.Check, kind, column int) string {
	start := fmt.Sprintf("      %s %s  ", p.sign(c.Held), pad(c.Kind, kind))
	indent := ansi.StringWidth(start)
	expected := wrapWords(c.Expected, column-indent-2)
	seen := wrapWords(c.Seen, p.width-column)
	var b strings.Builder
	for i := range max(len(expected), len(seen)) {
		left := start
		if i > 0 {
			left = strings.Repeat(" ", indent)
		}
		if i < len(expected) {
			left += expected[i]
		}
		if i < len(seen) {
			left = pad(left, column-1) + " " + seen[i]
		}
		b.WriteString(strings.TrimRight(left, " ") + "\n")
	}
	return b.String()
}
