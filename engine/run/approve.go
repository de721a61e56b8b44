package run

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/environment"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// approved asks until the effect is approved as it is shown, and says whether it
// is needed still. What it touches is compared after the answer: if it changed, it
// asks once more. held is whether what the step is for held before.
func (w *work) approved(d environment.Decision, p action.Preview, subjects []action.Subject, held bool) ([]action.Subject, bool, outcome) {
	var moved []string // since it was approved
	for {
		a, err := w.question(p, subjects)
		if err != nil {
			return nil, false, w.failed(&event.Failure{What: "the message of its approval: " + err.Error()})
		}
		if moved != nil {
			a.Because = "it changed since it was approved: " + strings.Join(moved, "; ")
		}
		if o := w.ask(d, a); o.bad() {
			return nil, false, o
		}
		if met, o := w.metByNow(held); met || o.bad() {
			return nil, false, o
		}
		p2, now, fail := w.preview()
		if fail != nil {
			return nil, false, w.failed(fail)
		}
		if slices.Equal(now, subjects) {
			return now, true, passed()
		}
		void := *a
		void.Reason = "changed since it was shown"
		_ = w.record(event.TypeApprovalVoid, w.in.path, 0, &void)
		if moved != nil {
			return nil, false, ended(w.in, event.Refused, &event.Failure{What: "what it touches changed again while it waited", Seen: differences(subjects, now)})
		}
		p, moved, subjects = p2, differences(subjects, now), now
	}
}

// failed is the failure of work, unless it ended because the run did.
func (w *work) failed(f *event.Failure) outcome {
	if cause, ok := interrupted(w.soft); ok {
		return halted(w.in, cause)
	}
	return failed(w.in, f)
}

// decide is the policy's answer to an effect of a step.
func (r *runner) decide(s *plan.Step, a *action.Action, e action.Effect) environment.Decision {
	personal := s.Approve != nil && (s.Approve.By != "" || s.Approve.Approvers > 1)
	return r.Environment.Policy.Decide(a.Name, e, s.Approve != nil, personal)
}

// answer is the policy's answer to an operation of a step; a stub that answers for a
// program leaves nothing to ask about it.
func (r *runner) answer(s *plan.Step, op *operation) environment.Decision {
	d := r.decide(s, op.action, op.effect)
	if d.Rule.Unstubbed && r.Environment.Confine.Stands(op.asked()) {
		d = r.Environment.Policy.Stubbed().Decide(op.action.Name, op.effect, s.Approve != nil, false)
	}
	return d
}

// observation resolves what a step observes. By its values it must read, and the
// policy must allow it; in a dry run what is not allowed is not looked at.
func (r *runner) observation(ctx context.Context, in *instance, sc *scope) (*operation, outcome) {
	look, fail := r.resolve(ctx, in.step.Observe, sc)
	switch {
	case fail != nil:
		return nil, failed(in, fail)
	case look.unknown != nil:
		return look, passed()
	case look.effect != action.Read:
		return nil, failed(in, &event.Failure{What: "`observe` only reads, and this " + look.action.Name + " does not: its effect is " + look.effect.String(), Do: look.action.Target.ToRead(look.target.Name)})
	}
	refused, d := r.Environment.Policy.DecideLook(look.action.Name, look.effect)
	switch {
	case refused == "":
	case r.DryRun:
		look.unknown = &schema.Unknown{Why: "refused by the policy"}
	default:
		return nil, ended(in, event.Refused, &event.Failure{What: "the environment's policy " + refused, Do: owner(d.Rule)})
	}
	return look, passed()
}

// owner says who may be asked about a rule, if it stands somewhere.
func owner(rule environment.Rule) []string {
	if rule.Place == "" {
		return nil
	}
	return []string{"ask who owns the policy, " + rule.Place}
}

// question is what a person is shown.
func (w *work) question(p action.Preview, subjects []action.Subject) (*event.Approval, error) {
	a := &event.Approval{
		Action: w.op.action.Name, Target: w.op.target.Name, Effect: w.op.effect, Preview: p,
		Digest: w.digest(subjects), Expires: w.Clock.Now().Add(expiresIn), SoFar: w.soFar(), Because: w.sc.remedy.because,
	}
	if all := w.sc.approved; all != nil && w.expired(all.by) {
		a.Because = "the approval of all items has expired"
	}
	if u := w.in.step.Undo; u != nil {
		a.Undo = u.Name()
	}
	if ap := w.in.step.Approve; ap != nil {
		a.Role = ap.By
		if ap.Approvers > 1 {
			a.Approvers = ap.Approvers
		}
		if ap.Expires > 0 {
			a.Expires = w.Clock.Now().Add(ap.Expires)
		}
		var err error
		if a.Message, err = w.text(w.soft, ap.Message, w.names); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// ask gets the answer of the policy's --yes, or of people.
func (w *work) ask(d environment.Decision, a *event.Approval) outcome {
	asked := *a
	shown, err := w.recorded(event.TypeApprovalRequested, w.in.path, 0, &asked)
	switch {
	case err != nil:
		return w.stopped(w.in)
	case w.Yes && d.YesOK:
		by := event.Answer{By: w.Header.User, How: "--yes, as the policy of " + w.Environment.Name + " allows"}
		return w.decided(event.TypeApprovalGiven, a, by)
	case w.Person == nil && w.in.step.Approve != nil && w.in.step.Approve.Refuse:
		by := event.Answer{Reason: "approval is needed, there is no terminal, and the step says unattended: refuse"}
		return w.decided(event.TypeApprovalRefused, a, by)
	case w.Person == nil:
		return ended(w.in, event.Waiting, &event.Failure{What: "approval is needed and there is no terminal"})
	}
	var o outcome
	w.wait(w.soft, w.in, w.watch, a.Expires.Sub(w.Clock.Now()), func(ctx context.Context) {
		o = w.collect(ctx, shown.(*event.Approval), a)
	})
	if !o.bad() {
		w.approval = a
	}
	return o
}

// stands refuses what was approved and did not begin while the approval stood. What
// began in time goes on, with all of its attempts.
func (w *work) stands() outcome {
	if !w.expired(w.approval) {
		return passed()
	}
	o := w.decided(event.TypeApprovalExpired, w.approval, event.Answer{Reason: "the approval expired before it was used; nothing was sent"})
	if o.state == event.Refused {
		o.problem.failure.Do = []string{"run it again: it asks afresh", "or let the approval stand longer, by expires"}
	}
	return o
}

// expired reports whether an approval of people stands no more.
func (r *runner) expired(a *event.Approval) bool { return a != nil && !r.Clock.Now().Before(a.Expires) }

// wait lets people answer within that time, which counts towards no other limit.
func (r *runner) wait(ctx context.Context, in *instance, watch *stopwatch, limit time.Duration, ask func(context.Context)) {
	in.state = event.Waiting
	defer func() { in.state = event.Running }()
	defer watch.pause()()
	ctx, cancel := r.Clock.WithTimeout(ctx, limit)
	defer cancel()
	ask(ctx)
}

// collect takes answers until the approval is decided: by as many different people
// as it needs, or by one who declines. Where no further answer comes it waits for
// them, and those that were given stay in the journal.
func (w *work) collect(ctx context.Context, shown, a *event.Approval) outcome {
	lacks := "nobody answered"
	for got, err := range w.Person.Approve(ctx, w.in.path, shown) {
		if err != nil {
			lacks = err.Error()
		}
		if err != nil || ctx.Err() != nil {
			break
		}
		if !got.Approved {
			got.Reason = cmp.Or(got.Reason, got.By+" declined")
			return w.decided(event.TypeApprovalRefused, a, got.Answer)
		}
		got.How, got.At = cmp.Or(got.How, "as shown"), w.at(got.At)
		if lacks = w.mayNot(a, got.By); lacks != "" {
			continue
		}
		if a.Approvers < 2 {
			return w.decided(event.TypeApprovalGiven, a, got.Answer)
		}
		if o, decided := w.count(a, got.Answer); decided {
			return o
		}
		lacks = fmt.Sprintf("%s approved; %d of %d different people have, the others must as well", names(a.Answers), len(a.Answers), a.Approvers)
	}
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return w.decided(event.TypeApprovalExpired, a, event.Answer{Reason: "nobody answered in time"})
	case w.soft.Err() != nil:
		return halted(w.in, context.Cause(w.soft))
	}
	return ended(w.in, event.Waiting, &event.Failure{What: lacks})
}

// count adds the approval of one of several people. It is decided by the last of
// them, or by a journal that fails.
func (w *work) count(a *event.Approval, by event.Answer) (o outcome, decided bool) {
	a.Answers = append(slices.Clone(a.Answers), by)
	if len(a.Answers) == a.Approvers {
		by.By = names(a.Answers)
		return w.decided(event.TypeApprovalGiven, a, by), true
	}
	fact := *a
	fact.Answer = by
	if w.record(event.TypeApprovalAnswered, w.in.path, 0, &fact) != nil {
		return w.stopped(w.in), true
	}
	return outcome{}, false
}

func names(answers []event.Answer) string {
	var out []string
	for _, a := range answers {
		out = append(out, a.By)
	}
	return strings.Join(out, ", ")
}

func (w *work) at(t time.Time) time.Time {
	if t.IsZero() {
		return w.Clock.Now()
	}
	return t
}

// mayNot says why the approval of that person does not count, "" if it does.
func (w *work) mayNot(a *event.Approval, by string) string {
	switch {
	case a.Role != "" && by != a.Role && !slices.Contains(w.Environment.Roles[a.Role], by):
		return fmt.Sprintf("%s may not approve this; it is for %s of environment %s", by, a.Role, w.Environment.Name)
	case slices.ContainsFunc(a.Answers, func(x event.Answer) bool { return x.By == by }):
		return fmt.Sprintf("%s approved already; %d different people must", by, a.Approvers)
	}
	return ""
}

// decided records the last fact of an approval. What was not given ends the step as
// refused.
func (w *work) decided(t event.Type, a *event.Approval, by event.Answer) outcome {
	fact := *a
	fact.Answer = by
	fact.At = w.at(by.At)
	if w.record(t, w.in.path, 0, &fact) != nil {
		return w.stopped(w.in)
	}
	if t == event.TypeApprovalGiven {
		return passed()
	}
	return ended(w.in, event.Refused, &event.Failure{What: by.Reason})
}

// digest binds an approval and an intent to all that they are for, secrets by their
// values: without the key nobody can try values against it.
func (w *work) digest(subjects []action.Subject) string {
	raw, _ := json.Marshal([]any{
		w.Header.Run, w.in.path, w.Environment.Name, w.op.target.Address, w.op.action.Name,
		marshal(w.op.action.Params, w.op.params), subjects, secretsIn(w.op.params, nil),
	})
	mac := hmac.New(sha256.New, w.Key)
	mac.Write(raw)
	return hex.EncodeToString(mac.Sum(nil))
}

// secretsIn adds the values of the secrets in v, in the order of its keys.
func secretsIn(v any, all []string) []string {
	switch v := v.(type) {
	case schema.Secret:
		return append(all, v.Reveal())
	case []any:
		for _, x := range v {
			all = secretsIn(x, all)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = secretsIn(v[k], all)
		}
	}
	return all
}

func (w *work) soFar() []string {
	var out []string
	for _, c := range w.changes() {
		out = append(out, c.Summary)
	}
	return out
}
