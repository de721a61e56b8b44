package docker

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type unpauseParams struct {
	Container string `yaml:"container" doc:"Name of a container, its Compose service, or the beginning of its id."`
}

func (p unpauseParams) Brief() string { return p.Container }

// Unpause lets the processes of a paused container go on.
var Unpause = action.New(action.Spec[unpauseParams, changedOutputs]{
	Name:       "docker.unpause",
	Summary:    "Lets the processes of one paused container go on.",
	Example:    "action: docker.unpause\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [not observed.paused]",
	Target:     Target,
	Effect:     action.Write,
	Idempotent: true,
	Run: func(ctx context.Context, call action.Call, p unpauseParams) (changedOutputs, error) {
		return unpausing().apply(ctx, call, p.Container)
	},
	Preview: func(ctx context.Context, call action.Call, p unpauseParams) (action.Preview, error) {
		return previewOf(ctx, call, p.Container, "unpause", "running", false)
	},
	Subjects: func(ctx context.Context, call action.Call, p unpauseParams) ([]action.Subject, error) {
		return subjectsOf(ctx, call, p.Container)
	},
	Settle: func(ctx context.Context, call action.Call, _ unpauseParams, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
		return unpausing().settle(ctx, call, subjects)
	},
})

func unpausing() change {
	return change{
		past:  "unpaused",
		holds: func(c *found) bool { return c.running() && !c.is.State.Paused },
		send: func(ctx context.Context, e *engine, c *found) error {
			_, err := e.api.ContainerUnpause(ctx, c.id, client.ContainerUnpauseOptions{})
			return err
		},
	}
}
