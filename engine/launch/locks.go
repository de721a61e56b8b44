package launch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
	"runbook/engine/expression"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/run"
	"runbook/engine/schema"
)

// names is what the expressions of a lock can see.
type names map[string]any

var _ expression.Values = names(nil)

// Name implements expression.Values.
func (n names) Name(name string) (any, bool) {
	v, ok := n[name]
	return v, ok
}

// Step implements expression.Values: no step has run.
func (n names) Step(string) (any, bool) { return schema.Unknown{}, true }

// keys gathers the locks of a plan and of the playbooks that it calls, each once.
type keys struct {
	all  []string
	seen map[string]bool // calls, by playbook and inputs
}

func (q *Request) keys(ctx context.Context, in *Inputs) ([]string, error) {
	k := &keys{seen: map[string]bool{}}
	err := k.gather(ctx, q.Plan, q.names(in))
	return k.all, err
}

func (q *Request) names(in *Inputs) names {
	env := q.Environment
	return names{"inputs": in.Values, "vars": env.Vars, "environment": env.Value()}
}

func (k *keys) gather(ctx context.Context, p *plan.Plan, n names) error {
	for _, v := range p.Lock {
		got, err := n.value(ctx, v)
		switch {
		case err != nil:
			return &Refusal{Ending: event.EndInvalid, Failure: &action.Failure{
				What: fmt.Sprintf("the lock %s has no value: %v", v, err), Where: v.Place, Err: err,
			}}
		case schema.HasUnknown(got):
			return &Refusal{Ending: event.EndInvalid, Failure: &action.Failure{
				What: fmt.Sprintf("the lock %s of %s has no value before the first step", v, p.Name), Where: v.Place,
			}}
		case !slices.Contains(k.all, schema.TextOf(got)):
			k.all = append(k.all, schema.TextOf(got))
		}
	}
	for _, s := range p.All() {
		for _, one := range s.WithUndo() {
			if err := k.called(ctx, one.Call, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// called gathers those of a playbook that a step calls; nil for none.
func (k *keys) called(ctx context.Context, call *plan.Call, n names) error {
	if call == nil {
		return nil
	}
	inputs := n.calleeInputs(ctx, call)
	one := callOf(call.Plan, names{"inputs": inputs})
	if k.seen[one] {
		return nil
	}
	k.seen[one] = true
	return k.gather(ctx, call.Plan, names{"inputs": inputs, "vars": n["vars"], "environment": n["environment"]})
}

// callOf is a call, by the playbook and its inputs.
func callOf(p *plan.Plan, n names) string { return fmt.Sprintf("%p %v", p, n["inputs"]) }

// value evaluates a constant or a template.
func (n names) value(ctx context.Context, v *plan.Value) (any, error) {
	if v.Template != nil {
		return v.Template.Eval(ctx, n, expression.Limits{})
	}
	return v.Const, nil
}

// calleeInputs are the inputs of a call. What only a step can give is unknown.
func (n names) calleeInputs(ctx context.Context, c *plan.Call) map[string]any {
	values := map[string]any{}
	for _, f := range c.Plan.Inputs.Fields {
		values[f.Name] = f.Default
	}
	for _, f := range c.Params.Fields {
		values[f.Name], _ = f.Value.Fill(func(v *plan.Value) (any, error) {
			if got, err := n.value(ctx, v); err == nil && v.Template != nil {
				return got, nil
			}
			return schema.Unknown{}, nil
		})
	}
	return values
}

// lock takes the keys of a run, waiting as long as the request allows or until a
// signal.
func (q *Request) lock(ctx context.Context, h *event.RunCreated, pid int) (*journal.Locks, error) {
	quiet, end := whileQuiet(ctx, q.Stop)
	locks, err := q.State.Lock(quiet, journal.LockRequest{
		Keys: h.Lock, Wait: q.Wait, Despite: q.Despite,
		Holder: journal.Holder{Run: h.Run, Playbook: h.Playbook, Environment: h.Environment.Name, User: h.User, Host: h.Host, PID: pid},
		Waiting: func(e *journal.LockedError) {
			q.note("waiting for %s, held by %s (%s, %s), at most %s",
				e.Key, e.Holder.Run, e.Holder.Playbook, e.Holder.User, schema.HumanDuration(q.Wait))
		},
	})
	var held *journal.LockedError
	switch signal, stopped := end(); {
	case stopped:
		if err == nil {
			err = locks.Release(true)
		}
		return nil, &Refusal{Ending: event.EndSignal, Signal: signal.Code, Failure: &action.Failure{
			What: "stopped by " + signal.Name + " while it waited for a lock; no run was started", Err: err,
		}}
	case err == nil:
		return locks, nil
	case errors.As(err, &held):
		return nil, q.locked(held)
	case ctx.Err() != nil: // who asked for the run is gone
		return nil, &Refusal{Ending: event.EndSignal, Signal: event.EndSignal.Code(), Failure: &action.Failure{
			What: "cancelled while it waited for a lock; no run was started", Err: context.Cause(ctx),
		}}
	}
	return nil, Storage(err)
}

// whileQuiet returns a context that ends with the first signal. end says which one
// came until then; later ones are left in stop.
func whileQuiet(ctx context.Context, stop <-chan run.Signal) (quiet context.Context, end func() (run.Signal, bool)) {
	ctx, cancel := context.WithCancel(ctx)
	var signal run.Signal
	var stopped bool
	var listening sync.WaitGroup
	listening.Go(func() {
		select {
		case signal, stopped = <-stop:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() (run.Signal, bool) {
		cancel()
		listening.Wait()
		return signal, stopped
	}
}

// locked tells who holds the key, or why it is guarded.
func (q *Request) locked(e *journal.LockedError) *Refusal {
	h := e.Holder
	what := e.Key + " is held by another run"
	facts := []action.Fact{{Label: "Holder", Value: fmt.Sprintf("run %s of %s, by %s on %s, pid %d, alive", h.Run, h.Playbook, h.User, h.Host, h.PID)}}
	then := []string{q.Command.Again() + " --wait 10m"}
	switch {
	case e.Guarded:
		what = e.Key + " is guarded by a run that did not end"
		facts[0] = action.Fact{Label: "Last holder", Value: fmt.Sprintf("run %s of %s, by %s on %s", h.Run, h.Playbook, h.User, h.Host)}
		if e.State != "" {
			facts = append(facts, action.Fact{Label: "State", Value: strings.ReplaceAll(string(e.State), "_", " ") + at(", at step ", e.Step)})
		}
		then = []string{q.Command.Again() + " --despite " + h.Run, q.Command.Close(h.Run)}
	case !h.Since.IsZero():
		facts = append(facts, action.Fact{Label: "Since", Value: fmt.Sprintf("%s, %s ago%s", h.Since.Local().Format("15:04:05 MST"), schema.HumanDuration(time.Since(h.Since)), at("; now at step ", e.Step))})
	}
	f := &action.Failure{What: what, Err: e, Facts: append(facts, action.Fact{Label: "Changed", Value: untouched})}
	return &Refusal{Ending: event.EndLocked, Failure: f, Notice: &Notice{Text: what, Safe: []string{q.Command.Report(h.Run)}, Then: then}}
}

func at(before, step string) string {
	if step == "" {
		return ""
	}
	return before + step
}
