package docker

import (
	"context"

	"github.com/moby/moby/client"
)

// Unpause lets the processes of a paused container go on.
var Unpause = change{
	verb: "unpause", past: "unpaused", after: "running",
	holds: (*Container).active,
	send: func(ctx context.Context, e *Engine, c *Container) error {
		_, err := e.API.ContainerUnpause(ctx, c.id, client.ContainerUnpauseOptions{})
		return err
	},
}.action(
	"Lets the processes of one paused container go on.",
	"action: docker.unpause\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [not observed.paused]",
)
