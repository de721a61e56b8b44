package docker

import (
	"context"

	"github.com/moby/moby/client"
)

// Start starts a container that is stopped.
var Start = change{
	verb: "start", past: "started", after: "running", starts: true,
	holds: (*Container).active,
	send: func(ctx context.Context, e *Engine, c *Container) error {
		_, err := e.API.ContainerStart(ctx, c.id, client.ContainerStartOptions{})
		return err
	},
}.action(
	"Starts one stopped container.",
	"action: docker.start\nwith: {container: app}\nobserve: {action: docker.inspect, with: {container: app}}\nverify: [observed.running]",
)
