package report

import (
	"cmp"
	"strings"

	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// valueColumn is where the value of a condition stands.
func (p *sheet) valueColumn() int { return p.Width() - 18 }

// value puts the value into its column, or on a line of its own where the
// condition is too long.
func (p *sheet) value(l *page.Line, text string) {
	v := p.Line(page.Plain, text)
	column := min(p.valueColumn(), p.Width()-v.Width())
	if l.Width()+2 > column && l.Width()+2+v.Width() > p.Width() {
		p.Put(l)
		l, column = p.Indent(0), max(p.Width()-v.Width(), 0)
	}
	p.Put(l.Pad(column, 2).Join(v))
}

// condition prints "when  true    THAT    VALUE": a label, the verdict, wrapped
// text, a value; of one that was not evaluated why, below it.
func (t *tree) condition(indent int, label string, c *event.Check, that, value string) {
	_, style := t.check(c.Verdict)
	l := t.Label(indent, label, indent+6)
	l.Add(style, page.Word(c.Verdict)).Pad(indent+14, 2)
	l = t.Fill(l, page.Plain, that)
	if value == "" || c.Error != "" {
		t.Put(l)
	} else {
		t.value(l, value)
	}
	if c.Error != "" && c.Verdict != event.UnknownCheck {
		t.text(indent+6, page.Plain, c.Error)
	}
}

// when prints the condition of a step.
func (t *tree) when(s *history.Step, indent int) {
	c := s.Detail.Started.When
	if c == nil && s.Detail.Skipped != nil {
		if c = s.Detail.Skipped.When; c == nil {
			t.text(indent, page.Dim, s.Detail.Skipped.Reason)
			return
		}
	}
	if c == nil {
		return
	}
	that, value := c.That, bare(c.Seen, c.Number)
	if c.Verdict == event.UnknownCheck {
		that, value = that+known(c), ""
	}
	t.condition(indent, "when", c, that, value)
}

// known says when an unknown will be.
func known(c *event.Check) string {
	switch {
	case c.After != "":
		return ", known after " + c.After
	case c.Error != "":
		return ", " + c.Error
	}
	return ", known at the end"
}

// goalLines prints the items of the goal.
func (t *tree) goalLines(s *history.Step, indent int) {
	for _, c := range s.Detail.Checks {
		if c.Kind != "goal" {
			continue
		}
		that := c.That
		switch {
		case c.Verdict == event.UnknownCheck && t.dry && s.Plan.Kind != event.KindRemedies:
			t.text(indent, page.Plain, "goal  unknown"+known(c))
			continue
		case c.Verdict == event.UnknownCheck:
			that += known(c)
		case s.Detail.Done.Met:
			that += ", before any remedy"
		}
		value := bare(c.Seen, c.Number)
		if c.Verdict == event.UnknownCheck && c.Now != "" {
			value = nowText(c)
		}
		t.condition(indent, "goal", c, that, value)
		if s.State == event.Failed && c.Verdict == event.CheckFailed && c.Within != "" {
			t.text(indent+14, page.Plain, within(c))
		}
	}
}

// conditions prints the items of `verify`.
func (t *tree) conditions(s *history.Step, indent int) {
	t.goalLines(s, indent)
	widest := 0
	for _, c := range s.Detail.Checks {
		if c.Kind != "goal" {
			widest = max(widest, page.Width(c.That))
		}
	}
	for _, c := range s.Detail.Checks {
		if c.Kind != "goal" {
			t.item(c, indent, min(widest, 40))
		}
	}
}

// item prints one condition with its value, and where it failed every part of
// it.
func (t *tree) item(c *event.Check, indent, widest int) {
	sign, style := t.check(c.Verdict)
	text := c.That
	if c.Verdict == event.CheckFailed || c.Verdict == event.NotEvaluated {
		text = cmp.Or(c.Message, text)
	}
	l := t.Fill(t.Indent(indent).Add(style, sign+" "), page.Plain, text)
	switch c.Verdict {
	case event.UnknownCheck:
		t.note(l, indent+2+widest+6, page.Plain, "unknown"+known(c), nowText(c))
	case event.CheckWarned:
		value, missed := bare(c.Seen, c.Number), c.Missed()
		if len(missed) > 1 || c.Error != "" { // told below
			value = ""
		}
		t.note(l, indent+2+widest+5, style, strings.TrimSuffix("warned: "+c.Message, ": "), value)
		switch {
		case c.Error != "":
			t.text(indent+4, page.Plain, "not evaluated: "+c.Error)
		case len(missed) > 1:
			t.explainParts(c.Parts, indent+4)
		}
	case event.CheckFailed, event.NotEvaluated:
		t.Put(l)
		t.explain(c, indent+4)
	default:
		held := bare(c.Seen, c.Number)
		if c.Kind == "pre" {
			held = strings.TrimSpace(held + " before acting")
		}
		t.value(l, held)
	}
}

func nowText(c *event.Check) string {
	if c.Now == "" {
		return ""
	}
	return "now " + bare(c.Now, c.Number)
}

// note puts a remark and a value behind a condition; on a narrow page the
// remark stands under it.
func (t *tree) note(l *page.Line, column int, s page.Style, text, value string) {
	n := t.Line(s, text)
	if max(column, l.Width()+2)+n.Width()+2 > t.valueColumn() {
		t.value(l, value)
		t.text(min(column, 10), s, text)
		return
	}
	t.value(l.Pad(column, 2).Join(n), value)
}

// explain prints each part of a failed condition with its value, then what was
// expected and what was seen.
func (t *tree) explain(c *event.Check, indent int) {
	t.explainParts(c.Parts, indent)
	text := "not evaluated: " + c.Error
	if c.Verdict != event.NotEvaluated {
		text = "expected " + deciding(c.That, c.Parts)
		if c.Seen != "" {
			text += ", seen " + bare(c.Seen, c.Number)
		}
	}
	if c.Within != "" {
		text += " " + within(c)
	}
	t.FlowEnd(t.Indent(indent-4), page.Plain, text, t.Line(page.Dim, c.Place))
}

// explainParts prints parts with their values: of a comparison also its sides by their
// units, and then not what they are computed from but for what that begins with.
func (t *tree) explainParts(parts []event.Part, indent int) {
	for _, x := range parts {
		value := x.Value
		switch {
		case !x.Evaluated:
			value = "not evaluated"
		case x.Compared != "":
			value += "  " + x.Compared
		case x.Number != nil:
			value = x.Number.Compared()
		}
		if source := strings.TrimSpace(x.Element + "  " + x.Source); value != source {
			t.FlowEnd(t.Indent(indent), page.Plain, source, t.Line(page.Plain, value))
		}
		if within := x.Parts; x.Evaluated {
			if x.Compared != "" {
				within = origins(x.Parts)
			}
			t.explainParts(within, indent+2)
		}
	}
}

// origins are the values that the sides of a comparison are computed from.
func origins(sides []event.Part) (all []event.Part) {
	for _, side := range sides {
		for _, x := range side.Parts {
			if deeper := origins([]event.Part{x}); len(deeper) > 0 {
				all = append(all, deeper...)
			} else {
				all = append(all, x)
			}
		}
	}
	return all
}

// deciding is the comparison on which a condition failed: the first part that is
// false, as deep as there is one.
func deciding(that string, parts []event.Part) string {
	for _, x := range parts {
		if x.Evaluated && x.Value == "false" {
			return deciding(x.Source, x.Parts)
		}
	}
	return that
}
