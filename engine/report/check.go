package report

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/event"
)

// within tells of the looks of a condition that never held: "within 60s;
// observed 13 times: 503 (11), no answer (2); last 503".
func within(c *event.Check) string {
	text := "within " + c.Within
	switch c.Count {
	case 0:
		return text
	case 1:
		return text + "; observed once"
	}
	text += fmt.Sprintf("; observed %d times", c.Count)
	var looks []string
	for _, l := range c.Looks[:min(len(c.Looks), mostLooks)] {
		looks = append(looks, fmt.Sprintf("%s (%d)", orNothing(bare(l.Seen, l.Number)), l.Count))
	}
	if len(looks) > 0 {
		text += ": " + strings.Join(looks, ", ") + more(len(c.Looks)-mostLooks, ", ")
	}
	if c.Seen != "" {
		text += "; last " + bare(c.Seen, c.Number)
	}
	return text
}

// mostLooks is how many values that were seen are told.
const mostLooks = 5

func orNothing(s string) string { return cmp.Or(s, "(none)") }
