package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// frame is a step in progress: what it sees, how its state is observed, and how
// long it may take.
type frame struct {
	*runner
	in    *instance
	sc    *scope
	look  *operation // observe; nil without
	soft  context.Context
	hard  context.Context
	watch *stopwatch
	names *scope // sc with outputs, observed, before

	looked    string // what the last look saw, in a line
	lookErr   error  // of the last look: nothing of it is known
	beforeErr error  // of the look that gave `before`
	unmet     string // after a lost reply: the check that the last look did not meet
}

func (r *runner) frame(in *instance, sc *scope) frame {
	own := map[string]any{} // what it has not is, in an undo, that of the step which is undone
	if in.step.Outputs != nil {
		own["outputs"] = nil
	}
	if in.step.Observed != nil {
		own["observed"], own["before"] = nil, nil
	}
	return frame{runner: r, in: in, sc: sc, soft: sc.bound.ctx, hard: r.hard, watch: sc.watch, names: sc.with(own)}
}

// bind gives the step its own time: soft ends with it or when the run halts, hard
// only with it or a second signal.
func (f *frame) bind() (done func()) {
	limit := f.in.step.Timeout
	if limit == 0 {
		return func() {}
	}
	hard, watch := withStopwatch(f.runner.hard, f.Clock, limit, f.sc.watch)
	soft, cancel := context.WithCancelCause(f.sc.bound.ctx)
	stop := context.AfterFunc(hard, func() { cancel(context.Cause(hard)) })
	f.soft, f.hard, f.watch = soft, hard, watch
	return func() { stop(); watch.end(); cancel(context.Canceled) }
}

// limit bounds one attempt: what its parameters take is beyond it, and a step's own
// timeout takes its place.
func (f *frame) limit(ctx context.Context, op *operation, base time.Duration) (context.Context, context.CancelFunc) {
	if f.in.step.Timeout > 0 && ctx != f.runner.hard {
		return context.WithCancel(ctx)
	}
	return f.Clock.WithTimeout(ctx, base+op.bound.Takes)
}

// given is what an attempt gave.
type given struct {
	action.Result
	raw  json.RawMessage // the outputs as the journal has them
	took time.Duration
}

// value is the outputs, nil for none.
func (g given) value() any {
	if g.Outputs == nil {
		return nil
	}
	return g.Outputs
}

// invoke runs a read once, in one of the run's slots.
func (f *frame) invoke(ctx context.Context, op *operation, base time.Duration) (given, error) {
	got, release, err := f.hold(ctx, op, base)
	release()
	return got, err
}

// hold runs a read once, in a slot that release gives back. It has given it back when it
// began to wait: what waits and polls holds none.
func (f *frame) hold(ctx context.Context, op *operation, base time.Duration) (_ given, release func(), _ error) {
	release, err := f.acquire(ctx)
	if err != nil {
		return given{}, func() {}, err
	}
	release = sync.OnceFunc(release)
	over := false
	defer func() {
		if !over { // by a fault of the action
			release()
		}
	}()
	got, err := f.perform(ctx, op, f.call(f.in.path, op.target), base, release)
	over = true
	return got, release, err
}

// perform runs an operation once. The caller has a slot; rests is called when the
// operation begins to wait.
func (f *frame) perform(ctx context.Context, op *operation, call action.Call, base time.Duration, rests func()) (given, error) {
	ctx, cancel := f.limit(ctx, op, base)
	defer cancel()
	start := f.Clock.Now()
	res, err := op.bound.Run(context.WithValue(ctx, resting{}, rests), call)
	took := f.Clock.Now().Sub(start)
	if err != nil {
		if ctx.Err() != nil {
			err = f.late(ctx, op, took, err)
		}
		return given{Result: res, took: took}, err
	}
	g, err := f.kept(op, res)
	g.took = took
	return g, err
}

// resting is the key of what is called when an operation begins to wait.
type resting struct{}

// restingClock is the clock of the run as operations have it.
type restingClock struct{ action.Clock }

// Sleep says that the operation waits, and does.
func (c restingClock) Sleep(ctx context.Context, d time.Duration) error {
	if rests, ok := ctx.Value(resting{}).(func()); ok {
		rests()
	}
	return c.Clock.Sleep(ctx, d)
}

// kept is what an action gave, as the journal and so the steps have it: without
// secrets, and within bounds. An error does not say that nothing was done.
func (f *frame) kept(op *operation, res action.Result) (given, error) {
	g := given{Result: res}
	if res.Outputs == nil {
		return g, nil
	}
	read := "outputs"
	if op == f.look {
		read = "observed"
	}
	unread(op.action.Outputs, res.Outputs, f.in.step.Read.Of(read))
	var err error
	if g.Outputs, g.raw, err = f.journalled(op.action.Outputs, res.Outputs); err != nil {
		err = &action.Failure{Applied: action.AppliedFully, Final: true, What: "its outputs cannot be kept: " + err.Error(), Do: []string{"let it ask for less"}, Err: err}
	}
	return g, err
}

// late says of an attempt that ended with its context how long it took, with
// what the action knows of it.
func (f *frame) late(ctx context.Context, op *operation, took time.Duration, err error) error {
	fail := *action.AsFailure(err)
	if fail.Where == "" && op.target.Name != "" {
		fail.Where = op.target.Name + " at " + op.target.Address
	}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) || errors.Is(context.Cause(ctx), errTimedOut) {
		if fail.Tried == "" {
			fail.Tried = op.action.Name + ", once, " + schema.HumanDuration(took)
		}
		if len(fail.Do) == 0 {
			fail.Do = []string{"or raise timeout, " + f.in.step.Place}
		}
	}
	return &fail
}

// lookOnce observes the state that matters, without a record of it: single polls
// stay outside the journal.
func (f *frame) lookOnce(before bool) (*event.Observation, error) {
	res, err := f.invoke(f.soft, f.look, readLimit)
	f.looked = cut(cmp.Or(res.Summary, schema.TextOf(res.Outputs)))
	if err != nil {
		f.looked = action.AsFailure(err).What
	}
	fact := &event.Observation{
		Action: f.look.action.Name, Target: f.look.target.Name, Before: before,
		Outputs: res.raw, Summary: res.Summary, Failure: event.FailureOf(err), Duration: res.took,
	}
	f.in.observed, f.lookErr = res.value(), err
	f.names.names["observed"] = f.in.observed
	if before {
		f.in.before, f.names.names["before"], f.beforeErr = f.in.observed, f.in.observed, err
	}
	return fact, err
}

// lookAgain is a further look while a verification is polled.
func (f *frame) lookAgain() (event.Type, any, error) {
	fact, err := f.lookOnce(false)
	return event.TypeObservation, fact, err
}

// observe looks once and records it. The look before the effect gives `before`
// too.
func (f *frame) observe(before bool) error {
	fact, err := f.lookOnce(before)
	if jerr := f.record(event.TypeObservation, f.in.path, 0, fact); jerr != nil {
		return jerr
	}
	return err
}

// pre judges on the first observation the items that can be: whether there are
// some and all hold. None does in a look that failed.
func (f *frame) pre() (bool, []*event.Check) {
	v := &verification{runner: f.runner, in: f.in, kind: "pre", names: f.names, ctx: f.soft, lastErr: f.beforeErr}
	v.only = func(item *plan.Check) bool { return !item.Warn && item.Pre }
	j := v.evaluate()
	return len(j.checks) > 0 && j.failed == nil && !j.unknown, j.checks
}
