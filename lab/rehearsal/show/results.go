package show

import (
	"fmt"
	"path"
	"slices"

	"runbook/engine/action"
	"runbook/engine/page"
	"runbook/lab/rehearsal"
)

// leastName is how wide names are at least in rows of one line.
const leastName = 16

// results are the rows of rehearsals; those that failed with what was expected.
func (p sheet) results(all []*rehearsal.Result) {
	var names, endings, rest, number int
	changes := make([]string, len(all))
	for i, r := range all {
		changes[i] = page.Counted(r.Changes(), "change")
		if r.Settled > 0 {
			changes[i] += fmt.Sprintf(", %d settled", r.Settled)
		}
		names, endings = max(names, page.Width(r.Rehearsal.Name)), max(endings, page.Width(r.Ending))
		rest, number = max(rest, len(changes[i])+2+len(seconds(r.Took))), max(number, len(fmt.Sprint(r.Rehearsal.Number)))
	}
	start := 4 + number + 2
	wide, wider := 3, 5
	if start+names+wide+endings+wider+rest > p.Width() {
		wide, wider = 2, 2
	}
	if room := p.Width() - start - endings - wide - wider - rest; room < names {
		names = room
	}
	block := true // no blank line is needed above a failed one
	for i, r := range all {
		if !r.Passed {
			if !block {
				p.Blank()
			}
			p.failed(r)
			p.Blank()
			block = true
			continue
		}
		block = false
		l := p.sign(2, true).Add(page.Plain, fmt.Sprintf("%*d  ", number, r.Rehearsal.Number))
		if names < leastName {
			p.FlowEnd(l, page.Plain, r.Rehearsal.Name, p.Line(page.Plain, seconds(r.Took)))
			p.Flow(p.Indent(start), page.Plain, r.Ending+", "+changes[i])
			continue
		}
		l.Join(p.Line(page.Plain, r.Rehearsal.Name).Cut(names)).Pad(start+names+wide, 0)
		l.Add(page.Plain, r.Ending).Pad(start+names+wide+endings+wider, 0).Add(page.Plain, changes[i])
		p.Right(l, p.Line(page.Plain, seconds(r.Took)))
	}
	if !block {
		p.Blank()
	}
}

// failed is what was expected of a rehearsal, and what was seen.
func (p sheet) failed(r *rehearsal.Result) {
	p.FlowEnd(p.sign(2, false), page.Plain, fmt.Sprintf("%d  %s", r.Rehearsal.Number, r.Rehearsal.Name), p.Line(page.Plain, faultOf(r)))
	p.Blank()
	if rows := rowsOf(r); len(rows) > 0 {
		head := p.Fill(p.Indent(6), page.Dim, fmt.Sprintf("EXPECTED (%s:%d)", path.Base(r.Subject.File.Source.Name), firstFailed(r)))
		kind, column := 7, head.Width()+2
		for _, c := range rows {
			kind = max(kind, len(c.Kind))
		}
		for _, c := range rows {
			column = max(column, 8+kind+2+page.Width(c.Expected)+4)
		}
		column = min(column, max(p.Width()*6/10, head.Width()+2))
		if p.Width()-column >= leastName {
			head.Pad(column, 1).Add(page.Dim, "SEEN")
		}
		p.Put(head)
		for _, c := range rows {
			p.row(c, kind, column)
		}
	}
	for _, one := range r.Also {
		if !one.Held {
			p.Flow(p.sign(6, false), page.Plain, property(one))
		}
	}
	p.Blank()
	for _, n := range r.Notes {
		p.Flow(p.Label(6, n.Label, 17), page.Plain, n.Text)
	}
	for _, line := range r.Lacking {
		p.Whole(p.Label(6, "Add to "+line.Under, 17), page.Plain, line.Text, p.Indent(0))
	}
	p.Whole(p.Label(6, "Watch it", 17), page.Plain, fmt.Sprintf("runbook rehearse %s --seed %d --watch", action.Quote(called(r)), r.Seed), p.Indent(0))
	if r.Run != "" {
		p.Whole(p.Label(6, "Its run", 17), page.Plain, "runbook report "+r.Run[max(0, len(r.Run)-4):], p.Indent(0))
	}
}

// called is how a rehearsal is named on the command line.
func called(r *rehearsal.Result) string {
	return fmt.Sprintf("%s/%d", r.Subject.Called(), r.Rehearsal.Number)
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
func (p sheet) row(c rehearsal.Check, kind, column int) {
	l := p.sign(6, c.Held).Add(page.Plain, c.Kind).Pad(8+kind+2, 1)
	indent := l.Width()
	if p.Width()-column < leastName {
		p.Flow(l, page.Plain, c.Expected)
		p.Flow(p.Indent(8).Add(page.Dim, "seen").Pad(indent, 1), page.Plain, c.Seen)
		return
	}
	expected, seen := page.Wrap(c.Expected, column-indent-2), page.Wrap(c.Seen, p.Width()-column)
	for i := range max(len(expected), len(seen)) {
		if i > 0 {
			l = p.Indent(indent)
		}
		if i < len(expected) {
			l.Add(page.Plain, expected[i])
		}
		if i < len(seen) {
			l.Pad(column, 1).Add(page.Plain, seen[i])
		}
		p.Put(l)
	}
}
