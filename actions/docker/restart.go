package docker

import (
	"context"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type restartParams struct {
	one
	Timeout *time.Duration `yaml:"timeout" min:"0s" max:"1h" doc:"Time to stop by itself; then it is killed. In whole seconds, rounded up; without it the container's own, which is 10s unless it was created with another."`
}

type restartOutputs struct {
	Name      string    `yaml:"name" doc:"Name of the container."`
	ID        string    `yaml:"id" doc:"The whole id."`
	StartedAt time.Time `yaml:"started_at" doc:"Of the new start, by the engine's clock."`
	AwayMS    float64   `yaml:"away_ms" doc:"From the request until it was started again; 0 where the reply was lost."`
}

func (o restartOutputs) Summary() string {
	if o.AwayMS == 0 {
		return "container " + o.Name + " restarted"
	}
	return "container " + o.Name + " restarted, away for " + schema.HumanMilliseconds(o.AwayMS)
}

// Restart stops a container and starts it again.
var Restart = action.New(action.Spec[restartParams, restartOutputs]{
	Name:    "docker.restart",
	Summary: "Stops one container and starts it again; it is away meanwhile.",
	Example: "action: docker.restart\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [observed.running]",
	Target:  Target,
	Effect:  action.Write,
	Takes:   func(p restartParams) time.Duration { return given(p.Timeout) },
	Run:     restart,
	Preview: func(ctx context.Context, call action.Call, p restartParams) (action.Preview, error) {
		return previewOf(ctx, call, p.Container, stopsWithin(p.Timeout, ", start"), "running, started anew", true)
	},
	Look:     inspecting[restartParams](stateAndStart),
	Subjects: subjectsOf[restartParams],
	Settle:   settleRestart,
})

func restart(ctx context.Context, call action.Call, p restartParams) (restartOutputs, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return restartOutputs{}, action.NotApplied(err)
	}
	began := call.Clock.Now()
	try, a := e.Try(ctx)
	if _, err := e.API.ContainerRestart(try, c.id, client.ContainerRestartOptions{Timeout: graceSeconds(p.Timeout)}); err != nil {
		return restartOutputs{}, judgeRestart(ctx, e, c, a, err)
	}
	o := restartOutputs{Name: c.name, ID: c.id, StartedAt: c.started, AwayMS: schema.Milliseconds(call.Clock.Now().Sub(began))}
	if now, ok, err := e.inspect(ctx, c.id); err == nil && ok {
		o.StartedAt = now.started
	}
	return o, nil
}

// judgeRestart says what a failed restart left behind: the stop or the start
// failed.
func judgeRestart(ctx context.Context, e *Engine, before *Container, a *Attempt, err error) error {
	now, f := e.left(ctx, before, a, err)
	if now == nil {
		return f
	}
	answer := f.What
	f.Do = []string{e.Command("start " + now.name), e.Command("logs --tail 50 " + now.name)}
	switch {
	case now.started.Equal(before.started) && now.running() == before.running():
		f.What = "the container was not restarted and is " + now.state() + " as before; " + answer
		return action.NotApplied(f)
	case !now.running():
		f.What = "the container was stopped and did not start again; " + answer
	default:
		f.What = "the container was started again, yet with an error; " + answer
	}
	return action.Partial(f)
}

// settleMargin is how much longer than its time to stop a container is watched.
const settleMargin = 10 * time.Second

// settleRestart waits for the trace of a restart: a later start. The engine
// sends the signal to stop at once and kills after the time to stop, so a
// container that runs unpaused and unchanged well beyond that was not touched.
// One that is stopped was stopped by the restart or by something else.
func settleRestart(ctx context.Context, call action.Call, p restartParams, subjects []action.Subject) (action.Applied, *restartOutputs, error) {
	e, c, applied, err := lookAgain(ctx, call, subjects)
	if c == nil {
		return applied, nil, err
	}
	before := parseTime(subjects[0].Version)
	for until := call.Clock.Now().Add(c.grace(p.Timeout) + settleMargin); ; {
		if c.started.After(before) {
			return action.AppliedFully, &restartOutputs{Name: c.name, ID: c.id, StartedAt: c.started}, nil
		}
		if !call.Clock.Now().Before(until) {
			break
		}
		if err := call.Clock.Sleep(ctx, time.Second); err != nil {
			return action.AppliedLost, nil, err
		}
		next, ok, err := e.inspect(ctx, c.id)
		if err != nil || !ok {
			return action.AppliedLost, nil, err
		}
		c = next
	}
	if c.running() && !c.is.State.Paused {
		return action.AppliedNot, nil, nil
	}
	return action.AppliedLost, nil, nil
}

// given is a time that may be left to the container.
func given(t *time.Duration) time.Duration {
	if t == nil {
		return 0
	}
	return *t
}
