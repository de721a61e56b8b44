package report

import (
	"cmp"
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
)

// applyStep takes a fact about a step.
func (r *Run) applyStep(s *Step, e event.Event) {
	t := r.steps
	if f, ok := e.Data.(*event.StepFinished); ok && (f.State == event.Undone || f.State == event.UndoFailed) {
		r.undone(s, f)
		return
	}
	if final(s.State) && s.parent == nil && s.detail == nil {
		return
	}
	if !e.Type.Transient() || s.detail == nil {
		t.began(s, e.Time)
	}
	d := s.detail
	switch x := e.Data.(type) {
	case *event.StepStarted:
		d.started = *x
		if x.Brief != "" {
			s.Plan.Brief = x.Brief
		}
	case *event.StepSkipped:
		d.skipped = x
		t.finished(s, event.Skipped)
	case *event.Expanded:
		d.live.count = len(x.Items)
	case *event.Approval:
		r.approval(s, e, x)
	case *event.Check:
		r.check(s, x)
	case *event.Remedy:
		r.judged(s, x)
	case *event.StepFinished:
		r.finish(s, x)
	default:
		if o, ok := x.(*event.Outcome); ok && o.Applied != action.AppliedNot && r.steps.phase != event.Finally {
			r.applied++
		}
		d.act(e)
	}
}

// act takes what an action does in a step.
func (d *detail) act(e event.Event) {
	switch x := e.Data.(type) {
	case *event.Intent:
		d.live.changing, d.live.attempt, d.live.retry = true, e.Attempt, nil
	case *event.Outcome:
		d.live.changing, d.applied, d.summary, d.done.Failure = false, x.Applied, x.Summary, x.Failure
	case *event.Settled:
		d.applied = x.Applied
	case *event.Result:
		d.summary = x.Summary
	case *event.Retry:
		d.live.retry = x
	case *event.Progress:
		d.live.progress = x
	case *event.Poll:
		d.live.poll = x
	}
}

func (r *Run) undone(s *Step, f *event.StepFinished) {
	s.State = f.State
	if s.detail == nil {
		s.detail = &detail{}
	}
	s.detail.done.Failure = f.Failure
	if r.steps.undone != nil {
		r.steps.undone(s)
	}
}

func (r *Run) approval(s *Step, e event.Event, a *event.Approval) {
	switch e.Type {
	case event.TypeApprovalRequested:
		for x := s; x != nil; x = x.parent {
			x.State = event.Waiting
		}
	case event.TypeApprovalGiven:
		s.detail.approval = approvedBy(a)
	}
}

// answeredBy says which of several people approved.
func answeredBy(a *event.Approval) string {
	return fmt.Sprintf("approved by %s, %d of %d", a.By, len(a.Answers), a.Approvers)
}

// approvedBy says who approved what.
func approvedBy(a *event.Approval) string {
	digest := a.Digest
	if len(digest) > 8 {
		digest = digest[:8]
	}
	if strings.HasPrefix(a.How, "--yes") {
		return "approved by " + a.How
	}
	return fmt.Sprintf("approved by %s, %s (%s)", a.By, cmp.Or(a.How, "as shown"), digest)
}

// check keeps the last verdict on a condition.
func (r *Run) check(s *Step, c *event.Check) {
	if c.Verdict == event.UnknownCheck && c.After != "" {
		r.dry.afterChange++
	}
	s.detail.live.poll = nil
	if c.Kind == "goal" && s.Plan.Kind == event.KindRemedies {
		s.trace(c)
	}
	for i, old := range s.detail.checks {
		if old.That == c.That && (old.Kind == c.Kind || old.Kind == "pre") {
			s.detail.checks[i] = c
			return
		}
	}
	s.detail.checks = append(s.detail.checks, c)
}

// trace keeps what the goal was at first.
func (s *Step) trace(c *event.Check) {
	for i := range s.Goals {
		if s.Goals[i].That == c.That {
			s.Goals[i].Held = c.Verdict == event.Held
			return
		}
	}
	first := c.Seen
	if c.Error != "" {
		first = ""
	}
	s.Goals = append(s.Goals, GoalTrace{That: c.That, First: first, Held: c.Verdict == event.Held})
}

// judged keeps the verdict on a remedy and the goal after it.
func (r *Run) judged(s *Step, m *event.Remedy) {
	s.detail.remedies = append(s.detail.remedies, m)
	for _, g := range m.Goal {
		for i := range s.Goals {
			t := &s.Goals[i]
			if t.That != g.That {
				continue
			}
			t.Name = g.Name
			t.After = append(t.After, g.After)
			t.Held = g.Held
			if g.Held && t.By == 0 {
				t.By = m.Index
			}
		}
	}
}

func (r *Run) finish(s *Step, f *event.StepFinished) {
	d := s.detail
	d.done = *f
	if f.Summary != "" {
		d.summary = f.Summary
	}
	d.live = live{count: d.live.count}
	s.Duration = f.Duration
	r.steps.finished(s, f.State)
}
