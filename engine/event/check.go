package event

import (
	"fmt"
	"strings"
)

// Warning is what a check says that did not hold under `warn`.
func (c *Check) Warning() string {
	if c.Message != "" {
		return c.Message
	}
	return c.That + c.Why()
}

// Why is what was seen of a check, behind the condition: each part that did not hold,
// where it has several, else the value that decided; or why it was not evaluated.
func (c *Check) Why() string {
	switch missed := c.Missed(); {
	case c.Error != "":
		return ", not evaluated: " + c.Error
	case c.Verdict != Held && len(missed) > 1:
		return ", seen " + strings.Join(missed, "; ")
	case c.Saw() != "":
		return ", seen " + c.Saw()
	}
	return ""
}

// Saw is the value that decided, as a condition compares it; "" where there is none.
func (c *Check) Saw() string {
	if c.Number != nil {
		return c.Number.Bare()
	}
	return c.Seen
}

// mostParts is how many parts of a condition are told.
const mostParts = 10

// Missed are the parts of a condition that did not hold, a line each: the conditions
// that it is made of, or both values of one that compares two.
func (c *Check) Missed() []string {
	var lines []string
	for _, p := range c.Parts {
		lines = append(lines, within(p)...)
	}
	if len(lines) == 0 && len(c.Parts) > 1 {
		for _, p := range c.Parts {
			lines = append(lines, p.Source+": "+shownPart(p))
		}
	}
	if left := len(lines) - mostParts; left > 0 {
		lines = append(lines[:mostParts], fmt.Sprintf("%d more", left))
	}
	return lines
}

// within are the conditions in a part, or the part where it is one.
func within(p Part) (lines []string) {
	for _, x := range p.Parts {
		if p.Evaluated {
			lines = append(lines, within(x)...)
		}
	}
	source := strings.TrimSpace(p.Element + "  " + p.Source)
	switch {
	case len(lines) > 0:
		return lines
	case !p.Evaluated:
		return []string{source + ": not evaluated"}
	case p.Compared != "":
		return []string{source + ": " + p.Value + ", " + p.Compared}
	case p.Value != "true" && p.Value != "false":
		return nil
	case len(p.Parts) == 0:
		return []string{source + ": " + p.Value}
	}
	seen := make([]string, len(p.Parts))
	for i, x := range p.Parts {
		seen[i] = shownPart(x)
	}
	return []string{source + ": " + p.Value + ", seen " + strings.Join(seen, " and ")}
}

func shownPart(p Part) string {
	if p.Number != nil {
		return p.Number.Compared()
	}
	return p.Value
}
