package report

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/engine/schema"
)

// human is a value for people: a number by its unit, else the text of the fact.
func human(text string, n *event.Number) string {
	if n == nil {
		return text
	}
	return n.Human()
}

// bare is a value as a condition compares it.
func bare(text string, n *event.Number) string {
	if n == nil {
		return text
	}
	return n.Bare()
}

// fromTo is an item of a goal before and after: "92.1 → 90.3 %".
func fromTo(g event.Goal) string {
	first := human(g.Before, g.Was)
	if g.Is != nil && g.Is.Unit == schema.UnitPercent {
		first = strings.TrimSuffix(first, " %")
	}
	return first + " → " + human(g.After, g.Is)
}

// coarse is a duration to the minute where it is longer than one.
func coarse(d time.Duration) string {
	if d >= time.Minute && d < time.Hour {
		return fmt.Sprintf("%dm", int(d.Minutes()))
	}
	return schema.HumanDuration(d)
}

// short is the end of a run's id, by which commands name it.
func short(run string) string { return run[strings.LastIndexByte(run, '-')+1:] }

// spread sets the facts of a result apart where each is short.
func spread(text string) string {
	parts := strings.Split(text, ", ")
	for _, p := range parts {
		if len(p) > 24 || strings.ContainsAny(p, "{}[]()\"'") {
			return text
		}
	}
	return strings.Join(parts, "   ")
}
