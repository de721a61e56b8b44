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
	text += c.Why()
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

// touches lists what an approval that is asked for is about.
func (v *Plain) touches(e event.Event, a *event.Approval) {
	for _, x := range a.Items {
		v.line(e.Time, e.Path, "touches", x.Item+": "+x.Summary)
	}
	if len(a.Items) == 0 {
		v.objects(e, &a.Preview)
	}
	for _, c := range a.Preview.Changes {
		if len(a.Items) == 0 {
			v.line(e.Time, e.Path, "touches", touched(a.Preview)+strings.TrimPrefix(changeLine(c), " "))
		}
	}
}

// objects lists the things that a change is about whose note, as that a container
// is unhealthy, the summary of the change lacks.
func (v *Plain) objects(e event.Event, p *action.Preview) {
	for _, o := range p.Touches {
		if text := unsaid(p, o); text != "" {
			v.line(e.Time, e.Path, "touches", text)
		}
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
