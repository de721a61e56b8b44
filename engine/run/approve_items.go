package run

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
)

// asks reports whether each item of the loop would ask for itself.
func (l *loopRun) asks() bool {
	op := l.in.step.Op
	if op == nil || l.r.DryRun || l.scope.mild {
		return false
	}
	d := l.r.decide(l.in.step, op.Action, op.Effect)
	return d.Answer == environment.Asked && (op.Effect != action.Read || l.in.step.Approve != nil)
}

// approveAll shows what each item would do in one approval, and keeps it by item.
func (l *loopRun) approveAll(values []any) (outcome, bool) {
	a := &event.Approval{}
	var whole *work
	asks := false
	for i, v := range values {
		w, fail := l.resolved(i, v)
		if fail != nil {
			return failed(l.in, fail), false
		}
		asks = asks || l.r.answer(l.in.step, w.op).Answer == environment.Asked
		held := false
		if w.look != nil {
			_, err := w.lookOnce(true)
			held, _ = w.pre()
			held = held && err == nil
		}
		p, subjects, fail := w.preview()
		if fail != nil {
			return failed(l.in, fail), false
		}
		one, err := w.question(p, subjects)
		if err != nil {
			return failed(l.in, &event.Failure{What: "the message of its approval: " + err.Error()}), false
		}
		if whole == nil {
			whole, a = w, one
			a.Preview = action.Preview{Summary: strconv.Itoa(len(values)) + " items"}
		}
		a.Effect = max(a.Effect, one.Effect)
		a.Preview.Touches = append(a.Preview.Touches, p.Touches...)
		a.Preview.Changes = append(a.Preview.Changes, p.Changes...)
		a.Preview.Interrupts = append(a.Preview.Interrupts, p.Interrupts...)
		a.Items = append(a.Items, event.ApprovalItem{Item: itemName(v), Summary: p.Summary, Message: one.Message, Digest: one.Digest, Held: held})
	}
	if !asks {
		return passed(), true
	}
	return l.askAll(whole, a)
}

// askAll asks for all items. A message that is the same for all is said once.
func (l *loopRun) askAll(first *work, a *event.Approval) (outcome, bool) {
	d := l.r.decide(l.in.step, first.op.action, a.Effect)
	if d.Answer != environment.Asked {
		return passed(), true
	}
	whole := *first
	whole.in = l.in
	same := !slices.ContainsFunc(a.Items, func(x event.ApprovalItem) bool { return x.Message != a.Message })
	if !same {
		a.Message = ""
	}
	for i := range a.Items {
		if same {
			a.Items[i].Message = ""
		}
	}
	all := sha256.New()
	for _, x := range a.Items {
		all.Write([]byte(x.Digest))
	}
	a.Digest = hex.EncodeToString(all.Sum(nil))
	o := whole.ask(d, a)
	for _, x := range a.Items {
		l.approved = append(l.approved, approvedItem{ApprovalItem: x, by: whole.approval})
	}
	return o, !o.bad()
}

// resolved is the work of item i, as far as it can be shown before it begins.
func (l *loopRun) resolved(i int, value any) (*work, *event.Failure) {
	sc := l.scope.within(l.in.step, l.in.path.Item(i), l.in.step.Loop.Names(value, i))
	op, fail := l.r.resolve(sc.bound.ctx, l.in.step.Op, sc)
	if fail != nil {
		return nil, fail
	}
	in := &instance{step: l.in.step, path: l.in.path.Item(i), item: true}
	w := &work{frame: l.r.frame(in, sc), op: op}
	if in.step.Observe != nil {
		var o outcome
		if w.look, o = l.r.observation(w.soft, in, sc); o.bad() {
			return nil, o.problem.failure
		}
	}
	return w, nil
}

// covered reports whether the approval of the whole loop stands, and covers what this
// item would do now.
func (w *work) covered(subjects []action.Subject) bool {
	all := w.sc.approved
	if all == nil || w.expired(all.by) || all.Digest != w.digest(subjects) {
		return false
	}
	w.approval = all.by
	return true
}
