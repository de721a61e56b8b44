package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/history"
	"runbook/engine/page"
	"runbook/engine/schema"
)

// timeline keeps the first and the last of what happened, in words.
type timeline struct {
	first, last []moment
	start       int // of last, which is a ring once it is full
	left        int // moments between first and last
}

// moment is one line of the timeline.
type moment struct {
	at   time.Time
	path event.Path
	text string
}

const (
	keepFirst = 1000
	keepLast  = 4000
)

func (t *timeline) put(m moment) {
	switch {
	case len(t.first) < keepFirst:
		t.first = append(t.first, m)
	case len(t.last) < keepLast:
		t.last = append(t.last, m)
	default:
		t.last[t.start] = m
		t.start = (t.start + 1) % keepLast
		t.left++
	}
}

// each gives the moments in order; between says how many are left out there.
func (t *timeline) each(line func(moment), between func(int)) {
	for _, m := range t.first {
		line(m)
	}
	if t.left > 0 {
		between(t.left)
	}
	for i := range t.last {
		line(t.last[(t.start+i)%len(t.last)])
	}
}

// add says in words what the fact e tells, which r is about to take.
func (t *timeline) add(r *history.Run, e event.Event) {
	path, text := e.Path, ""
	if d, ok := e.Data.(*event.Remedy); ok {
		path, text = d.At(e.Path), remedyMoment(d)
	} else {
		text = momentOf(r, e)
	}
	if text != "" {
		t.put(moment{at: e.Time, path: path, text: text})
	}
}

func momentOf(r *history.Run, e event.Event) string {
	switch d := e.Data.(type) {
	case *event.RunCreated:
		if len(d.Lock) > 0 && !d.DryRun {
			return "started; lock " + strings.Join(d.Lock, ", ") + " taken"
		}
		return "started"
	case *event.Owner:
		if d.Resume {
			return fmt.Sprintf("resumed by %s on %s, pid %d", d.User, d.Host, d.PID)
		}
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
	}
	return stepMoment(r, e)
}

func stepMoment(r *history.Run, e event.Event) string {
	switch d := e.Data.(type) {
	case *event.StepStarted:
		if d.Action != "" && d.Effect == action.Read {
			return d.Brief
		}
	case *event.StepSkipped:
		if s := r.Known(e.Path); s != nil && s.Phase == event.Finally {
			return ""
		}
		return "skipped: " + skippedBecause(d)
	case *event.Expanded:
		return page.Counted(len(d.Items), "item")
	case *event.Intent:
		return "changing: " + changing(d)
	case *event.Outcome:
		return outcomeMoment(d)
	case *event.Retry:
		return fmt.Sprintf("attempt %d of %d failed: %s; again in %s", e.Attempt, d.Of, d.Failure.What, schema.HumanDuration(d.Delay))
	case *event.Settled:
		return settledMoment(d)
	case *event.Approval:
		return approvalMoment(e.Type, d)
	case *event.Check:
		if d.Kind == "goal" && d.Verdict == event.CheckFailed && untried(r, e.Path) {
			return "goal failed: " + d.That + seen(d)
		}
	case *event.StepFinished:
		return finishMoment(r, e, d)
	}
	return ""
}

// untried reports whether no remedy of the step at path has begun.
func untried(r *history.Run, path event.Path) bool {
	s := r.Known(path)
	return s == nil || !slices.ContainsFunc(s.Parts, func(c *history.Step) bool { return c.State != event.NotRun })
}

func seen(c *event.Check) string {
	switch {
	case c.Error != "":
		return ", not evaluated: " + c.Error
	case c.Seen == "":
		return ""
	}
	return ", seen " + bare(c.Seen, c.Number)
}

func skippedBecause(s *event.StepSkipped) string {
	if s.Reason == "when" && s.When != nil {
		return s.When.That + " is false"
	}
	return s.Reason
}

// changing is what an intent is about to do, with the target where the
// preview names nothing that it touches.
func changing(d *event.Intent) string {
	text := cmp.Or(d.Preview.Summary, d.Action)
	if len(d.Preview.Touches) == 0 && d.Target != "" && !strings.Contains(text, "://") {
		text += " on " + d.Target
	}
	return text
}

func outcomeMoment(d *event.Outcome) string {
	what := d.Summary
	if d.Failure != nil {
		what = d.Failure.What
	}
	text := map[action.Applied]string{
		action.AppliedFully: "changed", action.AppliedPart: "partly changed",
		action.AppliedNot: "not changed", action.AppliedLost: "reply lost",
	}[d.Applied]
	if what != "" {
		text += ": " + what
	}
	return text
}

func settledMoment(d *event.Settled) string {
	return strings.TrimRight("settled: "+page.Word(d.Applied)+", by "+d.How+" "+d.By, " ")
}

// answeredBy says which of several people approved.
func answeredBy(a *event.Approval) string {
	return fmt.Sprintf("approved by %s, %d of %d", a.By, len(a.Answers), a.Approvers)
}

// approvedBy says who approved what.
func approvedBy(a *event.Approval) string {
	if strings.HasPrefix(a.How, "--yes") {
		return "approved by " + a.How
	}
	return fmt.Sprintf("approved by %s, %s (%s)", a.By, cmp.Or(a.How, "as shown"), a.Digest[:min(len(a.Digest), 8)])
}

func approvalMoment(t event.Type, a *event.Approval) string {
	switch t {
	case event.TypeApprovalRequested:
		return "waiting for approval: " + a.Preview.Summary
	case event.TypeApprovalGiven:
		return approvedBy(a)
	case event.TypeApprovalAnswered:
		return answeredBy(a)
	case event.TypeApprovalVoid:
		return "approval void: " + a.Reason
	}
	return "refused: " + a.Reason
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
				parts = append(parts, cmp.Or(c.Message, c.That+seen(c)))
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
	if f.Step != "" && f.State != event.Done {
		text += at(f.Step)
	}
	if n := len(f.Warnings); n > 0 {
		text += ", " + page.Counted(n, "warning")
	}
	if len(r.Locks) > 0 {
		text += "; lock released"
	}
	return text
}
