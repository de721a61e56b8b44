package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
)

// timeline keeps the first and the last of what happened, in words.
type timeline struct {
	moments []moment
	left    int // moments that are left out behind the first
}

// moment is one line of the timeline.
type moment struct {
	at   time.Time
	path event.Path
	text string

	shown *event.Shown // what a person should see, in place of a text
}

// How many of the first are kept, and at least of the last.
const (
	keepFirst = 1000
	keepLast  = 4000
)

func (t *timeline) put(m moment) {
	if len(t.moments) == keepFirst+2*keepLast {
		t.moments = slices.Delete(t.moments, keepFirst, keepFirst+keepLast)
		t.left += keepLast
	}
	t.moments = append(t.moments, m)
}

// each gives the moments in order; between says how many are left out there.
func (t *timeline) each(line func(moment), between func(int)) {
	for i, m := range t.moments {
		if i == keepFirst && t.left > 0 {
			between(t.left)
		}
		line(m)
	}
}

// add says in words what the fact e tells, which r is about to take.
func (t *timeline) add(r *history.Run, e event.Event) {
	m := moment{at: e.Time, path: e.Path}
	switch d := e.Data.(type) {
	case *event.Remedy:
		m.path, m.text = d.At(e.Path), remedyMoment(d)
	case *event.Shown:
		m.text, m.shown = "shown", d
	default:
		m.text = momentOf(r, e)
	}
	if m.text != "" {
		t.put(m)
	}
}

func momentOf(r *history.Run, e event.Event) string {
	switch d := e.Data.(type) {
	case *event.RunCreated:
		if len(d.Lock) > 0 && !d.DryRun {
			return "started; lock " + strings.Join(d.Lock, ", ") + " taken"
		}
		return "started"
	case *event.PhaseBegan:
		if d.Name == event.Undo {
			return "undoing"
		}
	case *event.RunSuspended:
		if d.State == event.InDoubt {
			return "in doubt" + at(d.Step)
		}
		return "waiting for a person" + at(d.Step)
	case *event.RunFinished:
		return endMoment(r, d)
	case *event.StepStarted:
		if d.Action != "" && d.Effect == action.Read {
			return d.Brief
		}
	case *event.StepSkipped:
		if s := r.Known(e.Path); s != nil && s.Phase == event.Finally {
			return ""
		}
	case *event.Check:
		if d.Kind == "goal" && d.Verdict == event.CheckFailed && untried(r, e.Path) {
			return "goal failed: " + d.That + d.Why()
		}
	case *event.StepFinished:
		return finishMoment(r, e, d)
	}
	return sentence(told(e))
}

// untried reports whether no remedy of the step at path has begun.
func untried(r *history.Run, path event.Path) bool {
	s := r.Known(path)
	return s == nil || !slices.ContainsFunc(s.Parts, func(c *history.Step) bool { return c.State != event.NotRun })
}

func remedyMoment(m *event.Remedy) string {
	if m.Verdict == "not_needed" {
		return ""
	}
	text := m.Verdict
	if c := goalChange(m); c != "" {
		text += ": " + c
	}
	switch m.Looks {
	case 0:
		return text
	case 1:
		return text + ", observed once"
	}
	return fmt.Sprintf("%s, observed %d times", text, m.Looks)
}

// goalChange is the item of the goal that tells most, before and after: the first
// that is another now, else the first of which something is known.
func goalChange(m *event.Remedy) string {
	text := ""
	for _, g := range m.Goal {
		switch {
		case !isValue(g.After):
		case isValue(g.Before) && g.Before != g.After:
			return fromTo(g)
		case text == "" && isValue(g.Before):
			text = "still " + human(g.After, g.Is)
		case text == "":
			text = "now " + human(g.After, g.Is)
		}
	}
	return text
}

// isValue reports whether what was seen is a value, short enough for a column,
// and not why there is none.
func isValue(seen string) bool { return seen != "" && len(seen) <= 24 }

// finishMoment says how a step ended, where its change or its parts have not.
func finishMoment(r *history.Run, e event.Event, d *event.StepFinished) string {
	s := r.Known(e.Path)
	if d.State == event.Passed && !d.Met && s != nil && (s.Plan.Effect != action.Read || s.IsContainer()) {
		return ""
	}
	var parts []string
	if d.Met {
		parts = append(parts, "already as it should be")
	}
	if d.Summary != "" {
		parts = append(parts, d.Summary)
	}
	if s != nil && s.Detail != nil {
		for _, c := range s.Detail.Checks {
			if c.Verdict == event.CheckWarned {
				parts = append(parts, c.Warning())
			}
		}
	}
	if d.Failure != nil && (s == nil || !s.Told(d.Failure)) {
		parts = append(parts, d.Failure.What)
	}
	text := page.Word(d.State)
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	return text
}

func endMoment(r *history.Run, f *event.RunFinished) string {
	text := page.Word(f.State)
	if c := f.Closed; c != nil {
		text = fmt.Sprintf("closed by %s on %s: %s", c.By, c.Host, c.Because)
	} else if f.Step != "" && f.State != event.Done {
		text += at(f.Step)
	}
	if n := len(f.Warnings); n > 0 {
		text += ", " + page.Counted(n, "warning")
	}
	switch {
	case len(r.Locks) == 0:
	case f.Failure != nil && f.Failure.LockLost:
		text += "; lock lost"
	default:
		text += "; lock released"
	}
	return text
}
