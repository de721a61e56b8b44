package run

import (
	"fmt"
	"slices"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
)

// approvedItem is an approval that was given for all items of a loop at once, as
// far as it is for this item: what it may touch.
type approvedItem struct{ subjects []action.Subject }

// asks reports whether each item of the loop would ask for itself.
func (l *loopRun) asks() bool {
	op := l.in.step.Op
	if op == nil || l.r.DryRun || l.scope.mild {
		return false
	}
	d := l.r.decide(l.in.step, op.Action, op.Effect)
	return d.Answer == environment.Asked && (op.Effect != action.Read || l.in.step.Approve != nil)
}

// approveAll shows the effects of all items in one approval, and keeps what
// each may touch.
func (l *loopRun) approveAll(values []any) (outcome, bool) {
	var whole action.Preview
	var all []action.Subject
	var first *work
	for i, v := range values {
		w, fail := l.resolved(i, v)
		if fail != nil {
			return failed(l.in, fail), false
		}
		p, subjects, fail := w.preview()
		if fail != nil {
			return failed(l.in, fail), false
		}
		if first == nil {
			first = w
		}
		l.approved = append(l.approved, approvedItem{subjects})
		all = append(all, subjects...)
		whole.Touches = append(whole.Touches, p.Touches...)
		whole.Changes = append(whole.Changes, p.Changes...)
		whole.Interrupts = append(whole.Interrupts, p.Interrupts...)
		whole.Summary = fmt.Sprintf("%d items: %s", len(values), p.Summary)
	}
	return l.askAll(first, whole, all)
}

func (l *loopRun) askAll(first *work, p action.Preview, subjects []action.Subject) (outcome, bool) {
	whole := *first
	whole.in = l.in
	a, err := whole.approval(p, subjects)
	if err != nil {
		return failed(l.in, &event.Failure{What: "the message of its approval: " + err.Error()}), false
	}
	d := l.r.decide(l.in.step, whole.op.action, whole.op.effect)
	if d.Answer != environment.Asked {
		return passed(), true
	}
	o := whole.ask(d, a)
	return o, !o.bad()
}

// resolved is the work of item i, as far as it can be shown before it begins.
func (l *loopRun) resolved(i int, value any) (*work, *event.Failure) {
	sc := l.scope.within(l.in.path.Item(i), map[string]any{"item": value, "index": i})
	op, fail := l.r.resolve(sc.bound.ctx, l.in.step.Op, sc)
	if fail != nil {
		return nil, fail
	}
	in := &instance{step: l.in.step, path: l.in.path.Item(i), item: true}
	return &work{frame: l.r.frame(in, sc), op: op}, nil
}

// covered reports whether the approval of the whole loop covers what this item
// touches now.
func (w *work) covered(subjects []action.Subject) bool {
	return w.sc.approved != nil && slices.Equal(w.sc.approved.subjects, subjects)
}
