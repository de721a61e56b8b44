package run

import (
	"fmt"
	"sync"

	"runbook/engine/event"
	"runbook/engine/plan"
	"runbook/engine/schema"
)

// loop plays the body of a step for each of its items.
func (r *runner) loop(in *instance, sc *scope, when *event.Check) outcome {
	s := in.step
	got, err := r.value(sc.bound.ctx, s.Loop.Items, sc)
	if err != nil {
		return failed(in, &event.Failure{What: "its `for_each` could not be evaluated: " + err.Error(), Place: s.Loop.Items.Place})
	}
	if u, ok := got.(schema.Unknown); ok {
		return r.unknownLoop(in, sc, u, when)
	}
	items, ok := got.([]any)
	switch {
	case !ok:
		return failed(in, &event.Failure{What: "its `for_each` gave " + schema.TextOf(got) + ", not a list", Place: s.Loop.Items.Place})
	case len(items) > maxItems:
		return failed(in, &event.Failure{What: fmt.Sprintf("its `for_each` gave %d items; at most %d are taken", len(items), maxItems), Place: s.Loop.Items.Place})
	case len(items) == 0:
		in.gather(nil)
		if r.record(event.TypeStepSkipped, in.path, 0, &event.StepSkipped{Reason: "empty list", When: when}) != nil {
			return r.stopped(in)
		}
		return outcome{state: event.Skipped}
	}
	return r.items(in, sc, items, when)
}

// itemName is how an item is called in all that is shown: its text, or its name, id or
// title.
func itemName(item any) string {
	if members, ok := item.(map[string]any); ok {
		for _, key := range []string{"name", "id", "title"} {
			switch v := members[key].(type) {
			case nil, map[string]any, []any:
			case string:
				if v != "" {
					return cut(v)
				}
			default:
				return cut(schema.TextOf(v))
			}
		}
	}
	return cut(schema.TextOf(item))
}

func (r *runner) items(in *instance, sc *scope, items []any, when *event.Check) outcome {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = itemName(item)
	}
	if r.record(event.TypeStepStarted, in.path, 0, &event.StepStarted{Title: in.title, When: when, Brief: in.step.Brief, Phase: sc.phase}) != nil ||
		r.record(event.TypeExpanded, in.path, 0, &event.Expanded{Items: texts, Value: marshal(schema.ListOf(in.step.Loop.Item), items)}) != nil {
		return r.stopped(in)
	}
	sc.begun.Store(true)
	sc, done := r.timed(in, sc)
	l := &loopRun{r: r, in: in, scope: sc, items: make([]*instance, len(items)), ends: make([]outcome, len(items))}
	o, ok := passed(), true
	if l.asks() {
		o, ok = l.approveAll(items)
	}
	if ok {
		l.play(items)
		in.gather(l.items)
		o = l.total()
	}
	if done() && o.state != event.Waiting && o.state != event.InDoubt {
		o = halted(in, errTimedOut)
	}
	if o.bad() && in.step.OnFailure == plan.Undo {
		r.undoWithin(in.path, sc)
	}
	return o
}

// loopRun is a loop in progress.
type loopRun struct {
	r     *runner
	in    *instance
	scope *scope
	items []*instance
	ends  []outcome
	mu    sync.Mutex
	halt  bool
	fails int // items that failed, also where that became a warning
	after string

	approved []approvedItem // where one approval was given for all
}

// play starts the items in order, at most max_parallel at once. After one that
// failed none starts, unless the loop says otherwise.
func (l *loopRun) play(values []any) {
	var wait sync.WaitGroup
	slots := make(chan struct{}, max(1, l.in.step.Loop.MaxParallel))
	for i, v := range values {
		slots <- struct{}{}
		if l.stopped() {
			<-slots
			l.ends[i] = outcome{state: event.NotRun}
			continue
		}
		wait.Add(1)
		go func() {
			defer func() { <-slots; wait.Done() }()
			l.ended(i, l.one(i, v))
		}()
	}
	wait.Wait()
}

func (l *loopRun) stopped() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.halt || l.scope.bound.halted()
}

func (l *loopRun) ended(i int, o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ends[i] = o
	if o.after != "" {
		l.after = o.after
	}
	f := l.in.step.OnFailure
	if o.bad() && f != plan.Continue && f != plan.Warn || l.spent() {
		l.halt = true
	}
}

// spent: as many items failed as may.
func (l *loopRun) spent() bool {
	most := l.in.step.Loop.MaxFailures
	return most > 0 && l.fails >= most
}

// one plays item i.
func (l *loopRun) one(i int, value any) outcome {
	r, s := l.r, l.in.step
	part, done := r.partScope(s.OnFailure, l.scope)
	defer done()
	sc := part.within(s, l.in.path.Item(i), s.Loop.Names(value, i))
	if l.approved != nil {
		sc.approved = &l.approved[i]
	}
	l.mu.Lock()
	if l.after != "" && s.Loop.MaxParallel <= 1 {
		sc.after = l.after
	}
	l.mu.Unlock()
	in := &instance{step: s, path: l.in.path.Item(i), state: event.Running, item: true}
	l.items[i] = in
	start := r.Clock.Now()
	r.titled(in, sc)
	o := r.once(in, sc, nil)
	if o.state == event.Failed {
		l.mu.Lock()
		l.fails++
		l.mu.Unlock()
	}
	return r.finish(in, sc, o, start)
}

func (l *loopRun) total() outcome {
	o := outcome{state: event.Passed, after: l.scope.after}
	if l.after != o.after && l.after != "" { // an item previewed a change
		o.after = string(l.in.path)
	}
	missed := 0
	var dry dryEnds
	for _, e := range l.ends {
		dry.add(e.state)
		switch {
		case e.bad() && e.before(o.problem, false):
			o.problem = e.problem
		case e.state == event.Warned && o.state == event.Passed:
			o.state = event.Warned
		case e.state == event.NotRun:
			missed++
		}
	}
	switch {
	case missed > 0 && l.spent() && (o.problem == nil || o.problem.state == event.Failed && !o.problem.partial):
		after := o.after
		o = failed(l.in, &event.Failure{What: fmt.Sprintf("%s failed, so %s not started (max_failures: %d)", schema.HumanQuantity(l.fails, "item", "items"), were(missed), l.in.step.Loop.MaxFailures)})
		o.after = after
	case o.problem != nil && o.problem.state == event.Failed && !o.problem.partial && l.in.step.OnFailure == plan.Warn:
		o.state, o.problem = event.Warned, nil
	case o.problem != nil:
		o.state = o.problem.state
	case missed > 0:
		c := ended(l.in, event.Cancelled, nil)
		c.after = o.after
		return c
	case o.state == event.Passed:
		o.state = dry.state()
	}
	return o
}

func were(n int) string {
	if n == 1 {
		return "1 was"
	}
	return fmt.Sprintf("%d were", n)
}

// gather makes lists of what the items gave, in order.
func (in *instance) gather(items []*instance) {
	outputs, observed, before := make([]any, len(items)), make([]any, len(items)), make([]any, len(items))
	for i, it := range items {
		if it == nil {
			continue
		}
		outputs[i], observed[i], before[i] = it.outputs, it.observed, it.before
		in.attempts += it.attempts
	}
	in.outputs, in.observed, in.before = outputs, observed, before
}
