package docker

import (
	"context"

	"github.com/moby/moby/client"
)

// Pause freezes the processes of a container; their memory and connections stay.
var Pause = change{
	verb: "pause", past: "paused", after: "paused", interrupts: true,
	holds: func(c *Container) bool { return c.is.State.Paused },
	send: func(ctx context.Context, e *Engine, c *Container) error {
		_, err := e.API.ContainerPause(ctx, c.id, client.ContainerPauseOptions{})
		return err
	},
}.action(
	"Freezes the processes of one container until it is unpaused; nothing in it is lost.",
	"action: docker.pause\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [observed.paused]\nundo: {action: docker.unpause, with: {container: app}}",
)
