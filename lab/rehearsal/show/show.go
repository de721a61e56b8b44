// Package show turns rehearsals, as they are played and when they are over, into
// what people and programs read: a play before the eyes of a person, a table of
// playbooks, lines for pipes, JSON and JUnit.
package show

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/event"
	"runbook/lab/rehearsal"
)

// View prints rehearsals.
type View interface {
	rehearsal.Observer
	// End prints what became of them, and the exit code of the process. It
	// returns the first error of writing.
	End(r *rehearsal.Report, exit int) error
}

// silent follows rehearsals without a word.
type silent struct{}

func (silent) Began(*rehearsal.Result)                    {}
func (silent) Moment(*rehearsal.Result, rehearsal.Moment) {}
func (silent) Fact(*rehearsal.Result, event.Event)        {}

// Complaints are what was expected and did not come, in lines.
func Complaints(r *rehearsal.Result) []string {
	var all []string
	for _, c := range r.Checks {
		if !c.Held {
			all = append(all, fmt.Sprintf("%s: expected %s, seen %s (%s:%s)", c.Kind, c.Expected, c.Seen, r.Subject.File.Source.Name, c.Place.Start))
		}
	}
	for _, p := range r.Also {
		if !p.Held {
			all = append(all, fmt.Sprintf("not so: %s: %s", p.Text, p.Detail))
		}
	}
	for _, n := range r.Notes {
		all = append(all, strings.ToLower(n.Label)+": "+n.Text)
	}
	for _, line := range r.Lacking {
		all = append(all, "nothing answers it; add below "+line.Under+": "+line.Text)
	}
	if r.Run != "" {
		all = append(all, "its run: runbook report "+r.Run)
	}
	return all
}

// seconds is how long something took.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// clock is a time since the fault, as 16:40, or 1:02:03.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

func either(first bool, yes, no string) string {
	if first {
		return yes
	}
	return no
}
