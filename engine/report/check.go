package report

import (
	"fmt"
	"strings"

	"runbook/engine/event"
)

// within tells of the looks of a condition that never held: "within 60s;
// observed 13 times: 503 (11), no answer (2); last 503".
func within(c *event.Check) string {
	text := "within " + c.Within
	if c.Count == 0 {
		return text
	}
	text += "; observed once"
	if c.Count > 1 {
		text = fmt.Sprintf("within %s; observed %d times", c.Within, c.Count)
	}
	var looks []string
	for i, l := range c.Looks {
		if i == 5 {
			looks = append(looks, more(len(c.Looks)-i, ""))
			break
		}
		looks = append(looks, fmt.Sprintf("%s (%d)", orNothing(bare(l.Seen, l.Number)), l.Count))
	}
	if len(looks) > 0 && c.Count > 1 {
		text += ": " + strings.Join(looks, ", ")
	}
	if c.Seen != "" && c.Count > 1 {
		text += "; last " + bare(c.Seen, c.Number)
	}
	return text
}

func orNothing(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}
