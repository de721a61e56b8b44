package docker

import (
	"context"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// changedOutputs is what a change of a container's state gives.
type changedOutputs struct {
	Name      string    `yaml:"name" doc:"Name of the container."`
	ID        string    `yaml:"id" doc:"The whole id."`
	Changed   bool      `yaml:"changed" doc:"false: it was in that state already."`
	StartedAt time.Time `yaml:"started_at" doc:"Of the last start, by the engine's clock."`
	TookMS    float64   `yaml:"took_ms" doc:"From the request to its answer."`

	past string // "stopped"
}

func (o changedOutputs) Summary() string {
	switch {
	case o.past == "":
		return "container " + o.Name
	case !o.Changed:
		return "container " + o.Name + " was " + o.past + " already"
	}
	return fmt.Sprintf("container %s %s in %s", o.Name, o.past, schema.HumanMilliseconds(o.TookMS))
}

// Nothing reports that all was as it should be.
func (o changedOutputs) Nothing() bool { return !o.Changed }

// one are the parameters of an action on one container.
type one struct {
	Container string `yaml:"container" doc:"Name of a container, its Compose service, or the beginning of its id."`
}

// Brief returns the container.
func (p one) Brief() string { return p.Container }

func (p one) named() string { return p.Container }

// change is a request that brings a container into a state.
type change struct {
	verb       string // "stop"
	past       string // "stopped"
	after      string // the state in a preview: "exited"
	interrupts bool
	starts     bool                  // the container anew, which its subject tells
	holds      func(*Container) bool // the state that it brings about
	send       func(context.Context, *Engine, *Container) error
}

// action is the change as an action without other parameters. Only a start may be
// sent again: before that its subject is compared, and who started and stopped the
// container meanwhile has changed it. What somebody paused or unpaused meanwhile
// leaves no trace, and a second request would undo it.
func (ch change) action(summary, example string) *action.Action {
	return action.New(action.Spec[one, changedOutputs]{
		Name: "docker." + ch.verb, Summary: summary, Example: example,
		Target: Target, Effect: action.Write, Idempotent: ch.starts,
		Run: func(ctx context.Context, call action.Call, p one) (changedOutputs, error) {
			return ch.apply(ctx, call, p.Container)
		},
		Preview: func(ctx context.Context, call action.Call, p one) (action.Preview, error) {
			return previewOf(ctx, call, p.Container, func(*Container) string { return ch.verb }, ch.after, ch.interrupts)
		},
		Look:     inspecting[one](stateAndStart),
		Subjects: subjectsOf[one],
		Settle: func(ctx context.Context, call action.Call, _ one, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
			return ch.settle(ctx, call, subjects)
		},
	})
}

// apply sends the change unless its state holds already.
func (ch change) apply(ctx context.Context, call action.Call, name string) (changedOutputs, error) {
	e, c, err := openAndFind(ctx, call, name)
	if err != nil {
		return changedOutputs{}, action.NotApplied(err)
	}
	if ch.holds(c) {
		return ch.outputs(c, false, 0), nil
	}
	began := call.Clock.Now()
	try, a := e.Try(ctx)
	if err := ch.send(try, e, c); err != nil {
		return changedOutputs{}, ch.judge(ctx, e, c, a, err)
	}
	took := call.Clock.Now().Sub(began)
	// An answer of 304 means that somebody else was quicker.
	changed := a.progress().status != 304
	if now, ok, err := e.inspect(ctx, c.id); err == nil && ok {
		c = now
	}
	return ch.outputs(c, changed, took), nil
}

// judge says what a failed change left behind: where the container is as it was,
// nothing.
func (ch change) judge(ctx context.Context, e *Engine, before *Container, a *Attempt, err error) error {
	now, f := e.left(ctx, before, a, err)
	switch {
	case now == nil:
		return f
	case now.started.Equal(before.started) && now.state() == before.state():
		return action.NotApplied(f)
	}
	return action.Partial(f)
}

// left is the failure of a change, and what it left behind; nil where that is not
// known or proves nothing: Docker answers 500 after it tried, so the state decides
// then, and what else it answers is clear.
func (e *Engine) left(ctx context.Context, before *Container, a *Attempt, err error) (*Container, *action.Failure) {
	f := *action.AsFailure(e.Failed(a, err, before))
	if a.progress().status != 500 {
		return nil, &f
	}
	now, ok, err := e.inspect(ctx, before.id)
	if err != nil || !ok {
		return nil, &f
	}
	f.Seen = append(f.Seen, fmt.Sprintf("container %s: %s → %s", now.name, before.state(), now.state()))
	return now, &f
}

func (ch change) outputs(c *Container, changed bool, took time.Duration) changedOutputs {
	return changedOutputs{Name: c.name, ID: c.id, Changed: changed, StartedAt: c.started, TookMS: schema.Milliseconds(took), past: ch.past}
}

// settle looks at the containers that were touched: where the state holds, or one
// was started anew, the change was applied; else the request may still be under way.
func (ch change) settle(ctx context.Context, call action.Call, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
	_, c, applied, err := lookAgain(ctx, call, subjects)
	if c == nil {
		return applied, nil, err
	}
	if again := ch.starts && c.started.After(parseTime(subjects[0].Version)); !ch.holds(c) && !again {
		return action.AppliedLost, nil, nil
	}
	o := ch.outputs(c, true, 0)
	return action.AppliedFully, &o, nil
}

// lookAgain reads the container of a change by its id; c is nil where it could
// not be read, and then nothing is known.
func lookAgain(ctx context.Context, call action.Call, subjects []action.Subject) (e *Engine, c *Container, applied action.Applied, err error) {
	if len(subjects) != 1 {
		return nil, nil, action.AppliedLost, nil
	}
	e, err = Open(call)
	if err != nil {
		return nil, nil, action.AppliedLost, err
	}
	c, _, err = e.inspect(ctx, subjects[0].ID)
	return e, c, action.AppliedLost, err
}

func openAndFind(ctx context.Context, call action.Call, name string) (*Engine, *Container, error) {
	e, err := Open(call)
	if err != nil {
		return nil, nil, err
	}
	c, err := e.Find(ctx, name)
	return e, c, err
}

// subjectsOf gives the container with its start.
func subjectsOf[P interface{ named() string }](ctx context.Context, call action.Call, p P) ([]action.Subject, error) {
	_, c, err := openAndFind(ctx, call, p.named())
	if err != nil {
		return nil, err
	}
	return []action.Subject{c.Subject()}, nil
}

// previewOf previews a change of state: what is done, and who is away meanwhile.
func previewOf(ctx context.Context, call action.Call, name string, does func(*Container) string, after string, interrupts bool) (action.Preview, error) {
	_, c, err := openAndFind(ctx, call, name)
	if err != nil {
		return action.Preview{}, err
	}
	p := action.Preview{
		Summary: fmt.Sprintf("container %s (%s, %s): %s", c.name, ShortID(c.id), c.image, does(c)),
		Touches: []action.Object{c.Object()},
		Changes: []action.Change{{Name: "state", Before: c.state(), After: after}},
	}
	if interrupts && c.running() {
		p.Summary += "; interrupts " + c.name
		p.Interrupts = []string{c.name}
	}
	return p, nil
}

// graceSeconds is a time to stop as the API takes it, in whole seconds, rounded
// up; nil leaves it to the container.
func graceSeconds(d *time.Duration) *int {
	if d == nil {
		return nil
	}
	s := int((*d + time.Second - 1) / time.Second)
	return &s
}

// grace is how long a container may take to stop: what was given, else its own.
func (f *Container) grace(given *time.Duration) time.Duration {
	switch {
	case given != nil:
		return *given
	case f.is.Config.StopTimeout != nil && *f.is.Config.StopTimeout >= 0:
		return time.Duration(*f.is.Config.StopTimeout) * time.Second
	}
	return 10 * time.Second
}

// stopsWithin says within what time a container stops.
func stopsWithin(given *time.Duration, then string) func(*Container) string {
	return func(c *Container) string {
		whole := c.grace(given)
		return fmt.Sprintf("stop within %ds%s", *graceSeconds(&whole), then)
	}
}
