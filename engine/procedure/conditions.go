package procedure

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/page"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// conditions prints when a step runs, what must hold of it, what people see of it, and
// what becomes of it.
func (d *document) conditions(s *plan.Step, in int) {
	d.before(s, in)
	d.proof(s, in)
	d.attempts(s, in)
	d.seen(s, in)
	d.after(s, in)
}

// line prints a labelled text, unless there is none.
func (d *document) line(in int, label, text string) {
	if text != "" {
		d.labelled(in, label, text)
	}
}

// before is what decides that the step runs, how often, and who is asked.
func (d *document) before(s *plan.Step, in int) {
	d.line(in, "After", awaited(s))
	if s.When != nil {
		d.labelled(in, "Only when", s.When.Expr.Source())
	}
	if s.Loop != nil {
		text := s.Loop.Items.String()
		if s.Loop.As != "" {
			text += " as " + s.Loop.As
		}
		if s.Loop.MaxParallel > 1 || s.Open("max_parallel") {
			text += ", " + s.Written("max_parallel", s.Loop.MaxParallel) + " at once"
		}
		if s.Loop.MaxFailures > 0 || s.Open("max_failures") {
			text += ", until " + s.Written("max_failures", s.Loop.MaxFailures) + " failed"
		}
		d.labelled(in, "For each", text)
	}
	if s.Call != nil && len(s.Call.Params.Fields) > 0 {
		d.labelled(in, "With", strings.TrimSpace(fields(s.Call.Params)))
	}
	if s.Approve != nil {
		d.labelled(in, "Asks", approval(s.Approve))
	}
}

// awaited says what a step waits for, where that is not all that stands above it.
func awaited(s *plan.Step) string {
	switch {
	case s.AfterAll || s.Parent == nil || s.Remedy > 0 || s.Number == 0 && len(s.Needs) == 0:
		return ""
	case len(s.Needs) == 0:
		return "nothing: it starts at once"
	}
	var names []string
	for _, i := range s.Needs {
		names = append(names, short(s.Parent.Parts[i]))
	}
	return strings.Join(names, ", ")
}

func approval(a *plan.Approve) string {
	var parts []string
	if text := a.Message.String(); text != "" {
		parts = append(parts, text)
	}
	if a.By != "" {
		parts = append(parts, "by "+a.By)
	}
	if a.Approvers > 1 {
		parts = append(parts, fmt.Sprintf("%d people", a.Approvers))
	}
	if a.Expires > 0 {
		parts = append(parts, "within "+schema.TextOf(a.Expires))
	}
	if a.Refuse {
		parts = append(parts, "refused where nobody can be asked")
	}
	return cmp.Or(strings.Join(parts, "; "), "first")
}

// proof is what is looked at, and what must hold.
func (d *document) proof(s *plan.Step, in int) {
	if s.Observe != nil {
		d.labelled(in, "Observe", operation(s.Observe))
	}
	label := "Verify"
	if s.Body == plan.BodyRemedies {
		label = "Goal"
	}
	for _, c := range s.Verify {
		name := label
		if c.Warn {
			name = "Warn if not"
		}
		d.labelled(in, name, c.Expr.Source())
		if c.Message != nil {
			d.labelled(in, "", "else: "+c.Message.String())
		}
	}
	if s.Within != nil {
		text := "within " + s.Within.Text
		if s.Body == plan.BodyRemedies {
			text += " of each remedy"
		}
		d.labelled(in, "", text+", observed every "+s.Written("every", s.Within.Every))
	}
	if s.SkipIfMet {
		d.labelled(in, "", "does nothing where that holds before")
	}
}

// attempts is how often and how long it is tried.
func (d *document) attempts(s *plan.Step, in int) {
	if r := s.Retry; r != nil {
		text := "at most " + s.Written("retry.attempts", r.Attempts) + " times, " + s.Written("retry.delay", r.Delay) + " apart"
		if r.Exponential {
			text += ", then twice as long each time"
		}
		if r.MaxDelay > 0 || s.Open("retry.max_delay") {
			text += ", at most " + s.Written("retry.max_delay", r.MaxDelay)
		}
		if r.Jitter > 0 || s.Open("retry.jitter") {
			text += ", " + s.Written("retry.jitter", r.Jitter) + " of it by chance"
		}
		if r.If != nil {
			text += ", if " + r.If.Source()
		}
		d.labelled(in, "Tried", text)
	}
	if s.Op != nil && s.Op.Idempotent {
		d.labelled(in, "Repeatable", "running it again changes nothing more")
	}
	if s.Timeout > 0 || s.Open("timeout") {
		d.labelled(in, "Takes", "at most "+s.Written("timeout", s.Timeout))
	}
}

// seen is what people see of the step, and what others may read.
func (d *document) seen(s *plan.Step, in int) {
	if s.Silent {
		d.labelled(in, "Shows", "nothing")
	}
	for i, part := range s.Show {
		d.labelled(in, []string{"Shows", ""}[min(i, 1)], part.String())
	}
	if s.Keep {
		d.labelled(in, "Keeps", "its texts, whole, in files beside the journal")
	}
	for i, o := range s.Gives {
		d.labelled(in, []string{"Gives", ""}[min(i, 1)], o.Name+" = "+o.Value.String())
	}
}

// after is what its failure does, and what undoes it.
func (d *document) after(s *plan.Step, in int) {
	d.line(in, "If it fails", afterFailure(s.OnFailure))
	u := s.Undo
	if u == nil {
		return
	}
	text := u.Title
	if text == "" {
		text = u.Name()
	}
	d.labelled(in, "Undo", text)
	if u.Op != nil {
		d.Flow(d.Indent(in+2), page.Plain, operation(u.Op))
	}
	d.conditions(u, in+2)
	d.steps(u.Parts, in+2)
	if u.Finally != nil {
		d.steps(u.Finally.Parts, in+2)
	}
}

// afterFailure says what a failure does; "" of the usual.
func afterFailure(f plan.OnFailure) string {
	switch f {
	case plan.Continue:
		return "the other parts go on, then it fails"
	case plan.Warn:
		return "it is a warning, and the run goes on"
	case plan.Undo:
		return "what it changed is undone"
	}
	return ""
}

// fields are the members of a value as they are written.
func fields(v *plan.Value) string {
	var b strings.Builder
	for _, f := range v.Fields {
		b.WriteString("  " + f.Name + "=" + f.Value.String())
	}
	return b.String()
}
