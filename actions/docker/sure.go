package docker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
	"runbook/internal/lines"
)

// Sure sends one request of a change that is made of several. Where its reply was lost,
// what is there tells whether it was done.
func (e *Engine) Sure(ctx context.Context, c *Container, send func(context.Context) error, done func(context.Context) (bool, error)) error {
	try, a := e.Try(ctx)
	err := send(try)
	if err == nil {
		return nil
	}
	failed := e.Failed(a, err, c)
	if action.ClassOf(failed) != action.AppliedLost || ctx.Err() != nil {
		return failed
	}
	if is, err := done(ctx); err == nil && is {
		return nil
	}
	return failed
}

// isSo looks at a container for sure; one that is gone is nil.
func (e *Engine) isSo(id string, so func(*Container) bool) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		c, _, err := e.inspect(ctx, id)
		return so(c), err
	}
}

// The requests that changes of several containers are made of.

func (e *Engine) startIt(ctx context.Context, c *Container) error {
	return e.Sure(ctx, c, func(ctx context.Context) error {
		_, err := e.API.ContainerStart(ctx, c.id, client.ContainerStartOptions{})
		return err
	}, e.isSo(c.id, func(now *Container) bool { return now != nil && now.is.State.Running }))
}

func (e *Engine) stopIt(ctx context.Context, c *Container, timeout *time.Duration) error {
	return e.Sure(ctx, c, func(ctx context.Context) error {
		_, err := e.API.ContainerStop(ctx, c.id, client.ContainerStopOptions{Timeout: graceSeconds(timeout)})
		return err
	}, e.isSo(c.id, func(now *Container) bool { return now != nil && !now.is.State.Running }))
}

func (e *Engine) renameIt(ctx context.Context, c *Container, name string) error {
	return e.Sure(ctx, c, func(ctx context.Context) error {
		_, err := e.API.ContainerRename(ctx, c.id, client.ContainerRenameOptions{NewName: name})
		return err
	}, e.isSo(c.id, func(now *Container) bool { return now != nil && now.name == name }))
}

// removeIt removes a container; its volumes stay.
func (e *Engine) removeIt(ctx context.Context, c *Container, force bool) error {
	return e.Sure(ctx, c, func(ctx context.Context) error {
		_, err := e.API.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{Force: force})
		return err
	}, e.isSo(c.id, func(now *Container) bool { return now == nil }))
}

// createIt makes a container and does not start it.
func (e *Engine) createIt(ctx context.Context, options client.ContainerCreateOptions) (made *Container, warnings []string, err error) {
	id := options.Name
	err = e.Sure(ctx, nil, func(ctx context.Context) error {
		r, err := e.API.ContainerCreate(ctx, options)
		if err == nil {
			id, warnings = r.ID, r.Warnings
		}
		return err
	}, func(ctx context.Context) (bool, error) {
		_, ok, err := e.inspect(ctx, options.Name)
		return ok, err
	})
	if err != nil {
		return nil, nil, err
	}
	made, ok, err := e.inspect(ctx, id)
	if err == nil && !ok {
		err = &action.Failure{
			Applied: action.AppliedLost, What: "the container " + options.Name + " was made, and is gone", Where: e.Where(), Tried: "to look at it, once",
			Do: []string{e.Command("events --since 5m")},
		}
	}
	return made, warnings, err
}

// upEvery is the time between two looks at a container that starts.
const upEvery = 250 * time.Millisecond

// comesUp waits until a container that was started is healthy; one without a health check
// must run for steady. Otherwise why says what it is like. A look that fails is no end:
// the engine may be busy.
func (e *Engine) comesUp(ctx context.Context, id string, within, steady time.Duration) (c *Container, why string, err error) {
	began, up := e.call.Clock.Now(), e.call.Clock.Now()
	var last *Container
	for {
		now, ok, err := e.inspect(ctx, id)
		waited := e.call.Clock.Now().Sub(began)
		switch {
		case err == nil && !ok:
			return last, "it is gone", nil
		case err == nil:
			if last != nil && (!now.started.Equal(last.started) || !now.active()) {
				up = e.call.Clock.Now() // it was started anew
			}
			last = now
			if !now.is.State.Running && !now.is.State.Restarting {
				return now, "it is " + now.state(), nil
			}
			if now.hasHealthCheck() && now.health() == "unhealthy" {
				return now, "its health check fails", nil
			}
			if now.healthy() && (now.hasHealthCheck() || e.call.Clock.Now().Sub(up) >= steady) {
				return now, "", nil
			}
		}
		if waited >= within {
			return last, notUp(last, within), err
		}
		e.call.Progress(action.Progress{Done: int(waited / time.Second), Total: int(within / time.Second), Note: stateOf(last)})
		if err := e.call.Clock.Sleep(ctx, min(upEvery, within-waited)); err != nil {
			return last, "", err
		}
	}
}

func stateOf(c *Container) string {
	if c == nil {
		return "no answer"
	}
	return c.state() + ", health " + c.health()
}

func notUp(c *Container, within time.Duration) string {
	return "it is not healthy after " + schema.HumanDuration(within) + ": " + stateOf(c)
}

// saidLast are the last lines of a container's log, for who asks why it does not run.
func (e *Engine) saidLast(ctx context.Context, c *Container) []string {
	tail := &lines.Tail{}
	if err := e.readLog(ctx, c, logsParams{Tail: 3}, tail); err != nil {
		return nil
	}
	last := tail.Found().Lines
	if len(last) == 0 {
		return nil
	}
	for i, line := range last {
		last[i] = strings.ToValidUTF8(line[:min(len(line), 200)], "")
	}
	return []string{fmt.Sprintf("the last of its log: %s", strings.Join(last, " | "))}
}
