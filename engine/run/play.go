package run

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// play plays the whole run and returns its last fact.
func (r *runner) play() event.RunFinished {
	sc := r.rootScope(r.Decided, r.Inputs)
	limit := r.Decided.Timeout
	ctx, watch := withStopwatch(r.root.ctx, r.Clock, limit, nil)
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), errTimedOut) {
			p := &problem{state: event.Failed, path: "", title: r.Plan.Title, reason: "timed_out",
				failure: &event.Failure{What: "the playbook's timeout of " + limit.String() + " has passed"}}
			r.tally.note(p)
			r.root.halt()
		}
	})
	sc.watch = watch
	o := r.playbook(r.Plan, sc, &instance{}, func(o outcome) outcome {
		stop()
		watch.end()
		if p := r.tally.first; p != nil && p.reason == "timed_out" && p.path == "" && !r.suspended() {
			o = outcome{state: event.Failed, problem: p}
		}
		return o
	})
	return r.end(sc, o)
}

// suspended: the run waits for a person or is in doubt, so it has not ended.
func (r *runner) suspended() (is bool) {
	r.tally.do(func() { is = r.tally.doubt != nil || r.tally.waits != nil })
	return is
}

// open writes the head of the journal.
func (r *runner) open() error {
	if err := r.record(event.TypeRunCreated, "", 0, &r.Header); err != nil {
		return err
	}
	left := maxValue // in all; of what is beyond it the header has the digest
	for _, p := range r.Plan.Whole() {
		if left -= len(p.Source.Text); left < 0 {
			break
		}
		if err := r.record(event.TypeSource, "", 0, &event.SourceText{Name: p.Source.Name, Text: string(p.Source.Text)}); err != nil {
			return err
		}
	}
	if err := r.recordPlan(); err != nil {
		return err
	}
	if len(r.Locks) > 0 {
		if err := r.record(event.TypeLocks, "", 0, &event.Locks{Keys: r.Locks}); err != nil {
			return err
		}
	}
	return r.record(event.TypeOwner, "", 0, &event.Owner{PID: os.Getpid(), Host: r.Header.Host, User: r.Header.User})
}

const planChunk = 500

func (r *runner) recordPlan() error {
	called := calledFacts(nil, r.Plan, "")
	for chunk := range slices.Chunk(stepFacts(r.Plan), planChunk) {
		if err := r.record(event.TypePlan, "", 0, &event.Plan{Steps: chunk, Called: called}); err != nil {
			return err
		}
		called = nil
	}
	return nil
}

// broken is the end of a run whose journal failed: nothing was begun after it. Who
// follows the run is told what the journal cannot say.
func (r *runner) broken(err error) event.RunFinished {
	f := event.FailureOf(err)
	if len(r.Locks) > 0 {
		guard := ", free: no effect was begun"
		if r.begun() {
			guard = ", guarded until a run names this one, or it is closed"
			again := r.Header.Command
			f.Do = append(f.Do, again.Again()+" --despite "+r.Header.Run, again.Close(r.Header.Run))
		}
		f.Facts = append(f.Facts, action.Fact{Label: "Lock", Value: strings.Join(r.Locks, ", ") + guard})
	}
	fin := event.RunFinished{
		Schema: 1, State: event.EndJournal.State(), ExitCode: event.EndJournal.Code(), Reason: event.EndJournal.Reason(), Failure: f,
		Changes: r.changes(), Warnings: []event.Finding{}, Duration: r.Clock.Now().Sub(r.started),
	}
	r.show(event.TypeRunFinished, "", &fin)
	return fin
}

// begun reports whether an effect was, by what the journal has.
func (r *runner) begun() (some bool) {
	r.tally.do(func() { some = r.tally.changes.Mark() > 0 })
	return some
}

func (r *runner) changes() (all []event.Change) {
	r.tally.do(func() { all = r.tally.changes.List() })
	return all
}

// end evaluates the outputs, chooses state and exit code, and records the last
// fact.
func (r *runner) end(sc *scope, o outcome) event.RunFinished {
	fin := event.RunFinished{Schema: 1, State: event.Done, Changes: r.changes(), Warnings: []event.Finding{}}
	if !r.suspended() && r.journalError() == nil {
		got, err := r.results(r.Plan, sc)
		if err != nil && !o.bad() && !r.DryRun {
			o = outcome{state: event.Failed, problem: &problem{state: event.Failed, reason: "failed", failure: &event.Failure{What: "the playbook's outputs: " + err.Error()}}}
		}
		r.found(&fin, got)
	}
	r.tally.do(func() { fin.Warnings = append(fin.Warnings, r.tally.warnings...) })
	r.judge(&fin, o)
	fin.Reached = r.reached(sc)
	fin.Duration = r.Clock.Now().Sub(r.started)
	if r.DryRun {
		d := r.tally.dry
		fin.Dry = &d
	}
	t := event.TypeRunFinished
	var data any = &fin
	if fin.State == event.Waiting || fin.State == event.InDoubt {
		t, data = event.TypeRunSuspended, &event.RunSuspended{RunFinished: fin}
	}
	if err := r.record(t, "", 0, data); err != nil {
		return r.broken(err)
	}
	return fin
}

func (r *runner) found(fin *event.RunFinished, got map[string]any) {
	if r.Plan.Result == nil || len(got) == 0 {
		return
	}
	fin.Outputs = marshal(r.Plan.Result, got)
	for _, o := range r.Plan.Outputs {
		if v, ok := got[o.Name]; ok {
			fin.Found = append(fin.Found, event.Found{
				Input: event.Input{Name: o.Name, Text: cut(schema.TextOf(v)), Number: event.NumberOf(o.Name, v)}, Shown: r.foundPart(o.Value.Type, v),
			})
		}
	}
}

// judge chooses state and exit code: of all endings that apply, the first.
func (r *runner) judge(fin *event.RunFinished, o outcome) {
	first := r.tally.first // it may have become a warning: then what ended the run counts
	if o.bad() && (first == nil || o.problem.state != event.Cancelled) {
		first = o.problem
	}
	end := event.First(r.endings(fin, o, first)...)
	fin.State, fin.ExitCode = end.State(), end.Code()
	p := first
	switch {
	case r.DryRun && end != event.EndSignal:
		fin.State = event.DryRun
	case end == event.EndDoubt:
		p, fin.Check = r.tally.doubt, r.tally.doubt.look
	case end == event.EndWaiting:
		p = r.tally.waits
	}
	if p != nil && (o.bad() || r.suspended()) {
		fin.Step, fin.Reason, fin.Failure = p.path, p.reason, p.failure
	}
	if signal := r.signal.Load(); end == event.EndSignal {
		fin.ExitCode, fin.Reason = signal.Code, signal.Name
	}
}

// endings are all that apply.
func (r *runner) endings(fin *event.RunFinished, o outcome, first *problem) []event.Ending {
	var all []event.Ending
	add := func(e event.Ending, applies bool) {
		if applies {
			all = append(all, e)
		}
	}
	add(event.EndSignal, r.signal.Load() != nil)
	if r.DryRun {
		add(event.EndFailed, o.bad())
		return all
	}
	add(event.EndDoubt, r.tally.doubt != nil)
	add(event.EndWaiting, r.tally.waits != nil)
	add(event.EndRefused, o.bad() && first.state == event.Refused)
	add(event.EndFailed, o.bad() && first.state != event.Refused)
	add(event.EndWarned, r.Strict && len(fin.Warnings) > 0)
	return all
}

// reached says what was planned and not done.
func (r *runner) reached(sc *scope) event.Reached {
	var out event.Reached
	if r.DryRun {
		return out
	}
	for _, s := range r.Plan.All() {
		sc.shared.mu.RLock()
		in := sc.shared.byID[s.ID]
		sc.shared.mu.RUnlock()
		begun := in != nil && s.ID != "" && in.state != event.NotRun
		switch {
		case s.Body == plan.BodyAction && r.mayChange(s.Op) && !r.tally.looked[s] && !r.tally.acted[s] && phase(r.Plan, s) != event.Finally:
			out.NotChanged = append(out.NotChanged, event.Path(s.Path))
		case !begun && s.ID != "" && s.Parent == r.Plan.Steps:
			out.NotReached = append(out.NotReached, event.Path(s.Path))
		}
	}
	return out
}

// mayChange reports whether an operation may change something in the run's environment.
func (r *runner) mayChange(op *plan.Operation) bool {
	kind := op.Action.Target
	if op.Effect == action.Read || kind == nil || op.Target != nil && op.Target.Const == nil {
		return op.Effect != action.Read
	}
	target, _ := r.Environment.Target(cmp.Or(op.Target.String(), kind.Name))
	worst, _ := op.EffectAt(target, plan.Unread)
	return worst != action.Read
}
