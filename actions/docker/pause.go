package docker

import (
	"context"

	"github.com/moby/moby/client"

	"runbook/engine/action"
)

type pauseParams struct {
	Container string `yaml:"container" doc:"Name of a container, its Compose service, or the beginning of its id."`
}

func (p pauseParams) Brief() string { return p.Container }

// Pause freezes the processes of a container; their memory and connections stay.
var Pause = action.New(action.Spec[pauseParams, changedOutputs]{
	Name:       "docker.pause",
	Summary:    "Freezes the processes of one container until it is unpaused; nothing in it is lost.",
	Example:    "action: docker.pause\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [observed.paused]\nundo: {action: docker.unpause, with: {container: app}}",
	Target:     Target,
	Effect:     action.Write,
	Idempotent: true,
	Run: func(ctx context.Context, call action.Call, p pauseParams) (changedOutputs, error) {
		return pausing().apply(ctx, call, p.Container)
	},
	Preview: func(ctx context.Context, call action.Call, p pauseParams) (action.Preview, error) {
		return previewOf(ctx, call, p.Container, "pause", "paused", true)
	},
	Subjects: func(ctx context.Context, call action.Call, p pauseParams) ([]action.Subject, error) {
		return subjectsOf(ctx, call, p.Container)
	},
	Settle: func(ctx context.Context, call action.Call, _ pauseParams, subjects []action.Subject) (action.Applied, *changedOutputs, error) {
		return pausing().settle(ctx, call, subjects)
	},
})

func pausing() change {
	return change{
		past:  "paused",
		holds: func(c *found) bool { return c.is.State.Paused },
		send: func(ctx context.Context, e *engine, c *found) error {
			_, err := e.api.ContainerPause(ctx, c.id, client.ContainerPauseOptions{})
			return err
		},
	}
}
