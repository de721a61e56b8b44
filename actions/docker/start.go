package docker

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type startParams struct {
	Container string `yaml:"container" doc:"Name of a container, its Compose service, or the beginning of its id."`
}

func (p startParams) Brief() string { return p.Container }

// Start starts a container that is stopped.
var Start = action.New(action.Spec[startParams, changedOutputs]{
	Name:       "docker.start",
	Summary:    "Starts one stopped container.",
	Example:    "action: docker.start\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [observed.running]",
	Target:     Target,
	Effect:     action.Write,
	Idempotent: true,
	Run: func(ctx context.Context, call action.Call, p startParams) (changedOutputs, error) {
		return starting().apply(ctx, call, p.Container)
	},
	Preview: func(ctx context.Context, call action.Call, p startParams) (action.Preview, error) {
		return previewOf(ctx, call, p.Container, "start", "running", false)
	},
	Subjects: func(ctx context.Context, call action.Call, p startParams) ([]action.Subject, error) {
		return subjectsOf(ctx, call, p.Container)
	},
	Settle: func(ctx context.Context, call action.Call, _ startParams, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
		return starting().settle(ctx, call, subjects)
	},
})

func starting() change {
	return change{
		past:  "started",
		holds: func(c *found) bool { return c.running() && !c.is.State.Paused },
		send: func(ctx context.Context, e *engine, c *found) error {
			_, err := e.api.ContainerStart(ctx, c.id, client.ContainerStartOptions{})
			return err
		},
	}
}
