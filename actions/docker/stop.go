package docker

import (
	"context"
	"time"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type stopParams struct {
	one
	Timeout *time.Duration `yaml:"timeout" min:"0s" max:"1h" doc:"Time to stop by itself; then it is killed. In whole seconds, rounded up; without it the container's own, which is 10s unless it was created with another."`
}

// Stop stops a container; what it wrote stays.
var Stop = action.New(action.Spec[stopParams, changedOutputs]{
	Name:       "docker.stop",
	Summary:    "Stops one container until it is started again.",
	Example:    "action: docker.stop\nwith: {container: app, timeout: 30s}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [not observed.running]\nundo: {action: docker.start, with: {container: app}}",
	Target:     Target,
	Effect:     action.Write,
	Takes:      func(p stopParams) time.Duration { return given(p.Timeout) },
	Idempotent: true, // who started it meanwhile has changed its subject, which is compared before it is sent again
	Run: func(ctx context.Context, call action.Call, p stopParams) (changedOutputs, error) {
		return stopping(p).apply(ctx, call, p.Container)
	},
	Preview: func(ctx context.Context, call action.Call, p stopParams) (action.Preview, error) {
		return previewOf(ctx, call, p.Container, stopsWithin(p.Timeout, ""), "exited", true)
	},
	Look:     inspecting[stopParams](stateAndStart),
	Subjects: subjectsOf[stopParams],
	Settle: func(ctx context.Context, call action.Call, p stopParams, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
		return stopping(p).settle(ctx, call, subjects)
	},
})

func stopping(p stopParams) change {
	return change{
		past:  "stopped",
		holds: func(c *Container) bool { return !c.is.State.Running && !c.is.State.Restarting },
		send: func(ctx context.Context, e *Engine, c *Container) error {
			_, err := e.API.ContainerStop(ctx, c.id, client.ContainerStopOptions{Timeout: graceSeconds(p.Timeout)})
			return err
		},
	}
}
