package report

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/page"
	"runbook/engine/schema"
)

func (v *Plain) judged(e event.Event) {
	switch d := e.Data.(type) {
	case *event.Check:
		if d.Kind == "goal" && v.replaced(e.Path) && v.o.Verbosity < 1 {
			return
		}
		v.line(e.Time, e.Path, "check", checkText(d))
	case *event.Remedy:
		if d.Verdict != "not_needed" {
			v.line(e.Time, d.At(e.Path), "verdict", remedyText(d))
		}
	case *event.Settled:
		v.line(e.Time, e.Path, "settled", strings.TrimPrefix(settledMoment(d), "settled: "))
	case *event.Retry:
		v.line(e.Time, e.Path, "retry", fmt.Sprintf("attempt %d of %d failed: %s; again in %s", e.Attempt, d.Of, d.Failure.Line(), schema.HumanDuration(d.Delay)))
	case *event.Observation:
		if v.o.Verbosity > 0 {
			v.line(e.Time, e.Path, "observed", observedText(d))
		}
	}
}

func observedText(d *event.Observation) string {
	text := d.Action
	if d.Failure != nil {
		return text + ": " + d.Failure.Line()
	}
	if d.Summary != "" {
		text += ": " + d.Summary
	}
	return text + " in " + schema.HumanDuration(d.Duration)
}

// replaced reports whether the goal of the step at path is judged after a
// remedy, whose verdict says it.
func (v *Plain) replaced(path event.Path) bool {
	return !v.run.Header.DryRun && !untried(&v.run, path)
}

func checkText(c *event.Check) string {
	text := page.Word(c.Verdict) + " " + c.That
	if c.Verdict == event.UnknownCheck {
		if c.After != "" {
			text += ", after " + c.After
		}
		if c.Now != "" {
			text += "; now " + bare(c.Now, c.Number)
		}
		return text
	}
	text += seen(c)
	if c.Within != "" && c.Verdict != event.Held {
		text += "; " + within(c)
	}
	if c.Message != "" && c.Verdict != event.Held {
		text += "; " + c.Message
	}
	return text
}

func remedyText(m *event.Remedy) string {
	text := m.Verdict
	for _, g := range m.Goal {
		if isValue(g.Before) && isValue(g.After) {
			text += fmt.Sprintf(" %s %s -> %s", cmp.Or(g.Name, g.That), bare(g.Before, g.Was), bare(g.After, g.Is))
		}
	}
	return text + " in " + schema.HumanDuration(m.Duration)
}

func (v *Plain) change(e event.Event) {
	switch d := e.Data.(type) {
	case *event.Intent:
		v.line(e.Time, e.Path, "changing", strings.TrimLeft(d.Target+" "+cmp.Or(d.Preview.Summary, d.Action), " "))
	case *event.Outcome:
		v.outcome(e, d)
	case *event.Approval:
		v.approval(e, d)
	}
}

func (v *Plain) outcome(e event.Event, d *event.Outcome) {
	word := map[action.Applied]string{
		action.AppliedFully: "changed", action.AppliedPart: "partial", action.AppliedNot: "unchanged", action.AppliedLost: "lost",
	}[d.Applied]
	text := d.Summary
	if d.Failure != nil {
		text = d.Failure.Line()
	}
	v.line(e.Time, e.Path, word, text)
}

func (v *Plain) approval(e event.Event, a *event.Approval) {
	switch e.Type {
	case event.TypeApprovalRequested:
		v.line(e.Time, e.Path, "waiting", "for approval of "+a.Action)
		for _, x := range a.Items {
			v.line(e.Time, e.Path, "touches", x.Item+": "+x.Summary)
		}
		if len(a.Items) > 0 {
			return
		}
		for _, c := range a.Preview.Changes {
			v.line(e.Time, e.Path, "touches", touched(a.Preview)+strings.TrimPrefix(changeLine(c), " "))
		}
		if len(a.Preview.Changes) == 0 {
			v.line(e.Time, e.Path, "touches", a.Preview.Summary)
		}
	case event.TypeApprovalGiven:
		v.line(e.Time, e.Path, "approved", strings.TrimPrefix(approvedBy(a), "approved "))
	case event.TypeApprovalAnswered:
		v.line(e.Time, e.Path, "answered", answeredBy(a))
	case event.TypeApprovalVoid:
		v.line(e.Time, e.Path, "void", a.Reason)
	default:
		v.line(e.Time, e.Path, "refused", a.Reason)
	}
}

func touched(p action.Preview) string {
	if len(p.Touches) != 1 {
		return ""
	}
	return p.Touches[0].Kind + " " + p.Touches[0].Name + ": "
}

// changeLine is "memory limit 1.00 GiB → 2.00 GiB".
func changeLine(c action.Change) string {
	if c.Before == "" {
		return strings.TrimSpace(c.Name + " " + c.After)
	}
	return fmt.Sprintf("%s %s → %s", c.Name, c.Before, c.After)
}
