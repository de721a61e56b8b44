package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
)

// Why an approval was not had.
var (
	errNoPerson = errors.New("approval is needed and there is no terminal")
	errVoid     = errors.New("what it touches changed again while it waited")
	errExpired  = errors.New("nobody answered in time")
)

// approved asks until a person approves the effect as it is shown. What it
// touches is compared after the answer: if it changed, it asks once more.
func (w *work) approved(d environment.Decision, p action.Preview, subjects []action.Subject) ([]action.Subject, *event.Failure) {
	for round := 0; ; round++ {
		a, err := w.approval(p, subjects)
		if err != nil {
			return nil, &event.Failure{What: "the message of its approval: " + err.Error()}
		}
		if fail := w.ask(d, a); fail != nil {
			return nil, fail
		}
		p2, now, fail := w.preview()
		if fail != nil {
			return nil, fail
		}
		if slices.Equal(now, subjects) {
			return now, nil
		}
		a.Reason = "changed since it was shown"
		_ = w.record(event.TypeApprovalVoid, w.in.path, 0, a)
		if round == 1 {
			w.in.why = string(event.Refused)
			return nil, &event.Failure{What: errVoid.Error(), Seen: differences(subjects, now)}
		}
		p, subjects = p2, now
	}
}

// approval is what a person is shown.
func (w *work) approval(p action.Preview, subjects []action.Subject) (*event.Approval, error) {
	a := &event.Approval{
		Action: w.op.action.Name, Target: w.op.target.Name, Effect: w.op.effect, Preview: p,
		Digest: w.digest(subjects), Expires: w.Clock.Now().Add(expiresIn), SoFar: w.soFar(),
	}
	if u := w.in.step.Undo; u != nil {
		a.Undo = u.Name()
	}
	if ap := w.in.step.Approve; ap != nil {
		a.Role = ap.By
		if ap.Expires > 0 {
			a.Expires = w.Clock.Now().Add(ap.Expires)
		}
		var err error
		if a.Message, err = w.text(w.soft, ap.Message, w.names); err != nil {
			return nil, err
		}
	}
	if goal, ok := w.sc.Name("because"); ok {
		a.Because, _ = goal.(string)
	}
	return a, nil
}

// ask gets the answer of the policy's --yes, or of a person.
func (w *work) ask(d environment.Decision, a *event.Approval) *event.Failure {
	if w.record(event.TypeApprovalRequested, w.in.path, 0, a) != nil {
		return &event.Failure{What: "the journal cannot be written"}
	}
	answered := *a
	if w.Yes && d.YesOK {
		answered.How = "--yes, as the policy of " + w.Environment.Name + " allows"
		answered.By = w.Header.User
		return w.recorded(event.TypeApprovalGiven, &answered)
	}
	if w.Person == nil {
		w.in.why = string(event.Waiting)
		return &event.Failure{What: errNoPerson.Error()}
	}
	w.in.set(event.Waiting)
	resume := w.watch.pause()
	ctx, cancel := w.Clock.WithTimeout(w.soft, a.Expires.Sub(w.Clock.Now()))
	got, err := w.Person.Approve(ctx, w.in.path, a)
	expired := errors.Is(context.Cause(ctx), context.DeadlineExceeded)
	cancel()
	resume()
	w.in.set(event.Running)
	answered.By = got.By
	switch {
	case err == nil && got.Approved && w.lacks(got.By) != "":
		w.in.why = string(event.Waiting)
		return &event.Failure{What: w.lacks(got.By)}
	case err == nil && got.Approved:
		answered.How = "as shown"
		return w.recorded(event.TypeApprovalGiven, &answered)
	case expired:
		answered.Reason = errExpired.Error()
		_ = w.recorded(event.TypeApprovalExpired, &answered)
	case err != nil && w.soft.Err() != nil:
		return &event.Failure{What: context.Cause(w.soft).Error()}
	case err != nil:
		w.in.why = string(event.Waiting)
		return &event.Failure{What: err.Error()}
	default:
		answered.Reason = got.By + " declined"
		if got.Reason != "" {
			answered.Reason = got.Reason
		}
		_ = w.recorded(event.TypeApprovalRefused, &answered)
	}
	w.in.why = string(event.Refused)
	return &event.Failure{What: answered.Reason}
}

// lacks says what the approval of that person lacks, "" if nothing: the role that
// the step names, or further people.
func (w *work) lacks(by string) string {
	ap := w.in.step.Approve
	switch {
	case ap == nil:
		return ""
	case ap.By != "" && by != ap.By && !slices.Contains(w.Environment.Roles[ap.By], by):
		return fmt.Sprintf("%s may not approve this; it is for %s of environment %s", by, ap.By, w.Environment.Name)
	case ap.Approvers > 1:
		return fmt.Sprintf("%s approved; %d different people must", by, ap.Approvers)
	}
	return ""
}

func (w *work) recorded(t event.Type, a *event.Approval) *event.Failure {
	if w.record(t, w.in.path, 0, a) != nil {
		return &event.Failure{What: "the journal cannot be written"}
	}
	return nil
}

// unapproved ends a step without its approval: refused, or waiting for a
// person when there was none to ask.
func (w *work) unapproved(f *event.Failure) outcome {
	why := event.State(w.in.why)
	w.in.why = ""
	if cause, ok := interrupted(w.soft); ok && why == "" {
		return halted(w.in, cause)
	}
	switch why {
	case event.Refused, event.Waiting:
		return ended(w.in, why, f)
	}
	return failed(w.in, f)
}

// digest binds an approval and an intent to all that they are for.
func (w *work) digest(subjects []action.Subject) string {
	raw, _ := json.Marshal([]any{
		w.Header.Run, w.in.path, w.Environment.Name, w.op.target.Address, w.op.action.Name,
		marshal(w.op.action.Params, w.op.params), subjects,
	})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func (w *work) soFar() []string {
	var out []string
	w.tally.do(func() {
		for _, c := range w.tally.changes {
			out = append(out, c.Summary)
		}
	})
	return out
}
