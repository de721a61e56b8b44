package report

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"runbook/engine/event"
)

// valueColumn is where the value of a condition stands.
func (p *page) valueColumn() int { return p.width - 18 }

// value puts the value into its column, or on a line of its own where the
// condition is too long.
func (p *page) value(l *line, text string) {
	v := p.line(plain, text)
	if l.width+2 > p.valueColumn() && l.width+2+v.width > p.width {
		p.put(l)
		l = &line{}
		p.put(l.pad(max(p.width-v.width, 0), 0).join(v))
		return
	}
	if p.valueColumn()+v.width > p.width {
		p.put(l.pad(p.width-v.width, 2).join(v))
		return
	}
	p.put(l.pad(p.valueColumn(), 2).join(v))
}

// condition prints "when  true    THAT    VALUE": a label, a verdict, wrapped
// text, a value.
func (t *tree) condition(indent int, label string, v event.Verdict, that, value string) {
	_, style := t.check(v)
	l := (&line{}).pad(indent, 0)
	t.add(l, dim, label).pad(indent+6, 1)
	w := verdictWord(v)
	t.add(l, style, w).pad(indent+14, 2)
	column := l.width
	if longest(that) > t.width-column {
		t.put(l)
		column = indent + 2
		l = (&line{}).pad(column, 0)
	}
	parts := wrap(that, t.width-column)
	for i, part := range parts {
		if i > 0 {
			l = (&line{}).pad(column, 0)
		}
		t.add(l, plain, part)
		if i < len(parts)-1 {
			t.put(l)
		}
	}
	if value == "" {
		t.put(l)
		return
	}
	t.value(l, value)
}

// when prints the condition of a step.
func (t *tree) when(s *Step, indent int) {
	c := s.detail.started.When
	if c == nil && s.detail.skipped != nil {
		if c = s.detail.skipped.When; c == nil {
			t.text(indent, dim, s.detail.skipped.Reason)
			return
		}
	}
	if c == nil {
		return
	}
	that, value := c.That, bare(c.Seen, c.That)
	if c.Verdict == event.UnknownCheck {
		that, value = that+known(c), ""
	}
	if c.Error != "" {
		value = ""
	}
	t.condition(indent, "when", c.Verdict, that, value)
	if c.Error != "" && c.Verdict != event.UnknownCheck {
		t.text(indent+6, plain, c.Error)
	}
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
func (t *tree) goalLines(s *Step, indent int) {
	for _, c := range s.detail.checks {
		if c.Kind != "goal" {
			continue
		}
		that := c.That
		switch {
		case c.Verdict == event.UnknownCheck && t.dry && s.Plan.Kind != event.KindRemedies:
			t.text(indent, plain, "goal  unknown"+known(c))
			continue
		case c.Verdict == event.UnknownCheck:
			that += known(c)
		case s.detail.done.Met:
			that += ", before any remedy"
		}
		value := bare(c.Seen, c.That)
		if c.Verdict == event.UnknownCheck && c.Now != "" {
			value = "now " + bare(c.Now, c.That)
		}
		if c.Error != "" {
			value = ""
		}
		t.condition(indent, "goal", c.Verdict, that, value)
		if c.Error != "" && c.Verdict != event.UnknownCheck {
			t.text(indent+6, plain, c.Error)
		}
		if s.State == event.Failed && c.Verdict == event.CheckFailed && c.Within != "" {
			t.text(indent+14, plain, within(c))
		}
	}
}

// conditions prints the items of `verify`.
func (t *tree) conditions(s *Step, indent int) {
	t.goalLines(s, indent)
	widest := 0
	for _, c := range s.detail.checks {
		if c.Kind != "goal" {
			widest = max(widest, ansi.StringWidth(c.That))
		}
	}
	for _, c := range s.detail.checks {
		if c.Kind != "goal" {
			t.item(c, indent, min(widest, 40))
		}
	}
}

// item prints one condition with its value, and where it failed every part of
// it.
func (t *tree) item(c *event.Check, indent, widest int) {
	sign, style := t.check(c.Verdict)
	l := (&line{}).pad(indent, 0)
	t.add(l, style, sign+" ")
	parts := wrap(c.That, t.width-l.width)
	for i, part := range parts {
		if i > 0 {
			t.put(l)
			l = (&line{}).pad(indent+4, 0)
		}
		t.add(l, plain, part)
	}
	switch c.Verdict {
	case event.UnknownCheck:
		t.note(l, indent+2+widest+6, plain, "unknown"+known(c), nowText(c))
	case event.CheckWarned:
		t.note(l, indent+2+widest+5, style, strings.TrimSuffix("warned: "+c.Message, ": "), bare(c.Seen, c.That))
		if c.Error != "" {
			t.text(indent+4, plain, "not evaluated: "+c.Error)
		}
	case event.CheckFailed, event.NotEvaluated:
		t.put(l)
		t.explain(c, indent+4)
	default:
		held := bare(c.Seen, c.That)
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
	return "now " + bare(c.Now, c.That)
}

// note puts a remark and a value behind a condition; on a narrow page the
// remark stands under it.
func (t *tree) note(l *line, column int, s style, text, value string) {
	n := t.line(s, text)
	if max(column, l.width+2)+n.width+2 > t.valueColumn() {
		t.value(l, value)
		t.text(min(column, 10), s, text)
		return
	}
	t.value(l.pad(column, 2).join(n), value)
}

// explain prints each part of a failed condition with its value, then what was
// expected and what was seen.
func (t *tree) explain(c *event.Check, indent int) {
	t.explainParts(c.Parts, c.That, indent)
	text := ""
	switch {
	case c.Verdict == event.NotEvaluated:
		text = "not evaluated: " + c.Error
	default:
		text = "expected " + decidingPart(c)
		if c.Seen != "" {
			text += ", seen " + bare(c.Seen, c.That)
		}
	}
	if c.Within != "" {
		text += " " + within(c)
	}
	if c.Message != "" {
		t.text(indent-4, plain, c.Message)
	}
	parts := wrap(text, t.width-indent+4)
	for i, part := range parts {
		l := (&line{}).pad(indent-4, 0)
		t.add(l, plain, part)
		if i == len(parts)-1 {
			t.right(l, dim, c.Place)
			return
		}
		t.put(l)
	}
}

func (t *tree) explainParts(parts []event.Part, that string, indent int) {
	for _, x := range parts {
		value := bare(x.Value, that)
		if !x.Evaluated {
			value = "not evaluated"
		}
		l := (&line{}).pad(indent, 0)
		texts := wrap(x.Source, t.width-indent)
		for i, text := range texts {
			if i > 0 {
				t.put(l)
				l = (&line{}).pad(indent+2, 0)
			}
			t.add(l, plain, text)
		}
		if value != x.Source {
			t.right(l, plain, value)
		}
		if x.Evaluated {
			t.explainParts(x.Parts, x.Source, indent+2)
		}
	}
}

// decidingPart is the comparison on which a failed condition failed: the
// first part that is false, as deep as there is one.
func decidingPart(c *event.Check) string {
	that, parts := c.That, c.Parts
	for {
		found := false
		for _, x := range parts {
			if x.Evaluated && x.Value == "false" {
				that, parts, found = x.Source, x.Parts, true
				break
			}
		}
		if !found {
			return that
		}
	}
}
