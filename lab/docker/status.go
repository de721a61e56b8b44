package docker

import (
	"fmt"
	"time"

	"github.com/docker/go-units"

	"runbook/lab/model"
)

// status is the text of docker ps: "Up 2 hours (healthy)".
func status(c *model.Container, now time.Time) string {
	switch c.State {
	case model.Created:
		return "Created"
	case model.Exited:
		return fmt.Sprintf("Exited (%d) %s ago", c.ExitCode, units.HumanDuration(now.Sub(c.Finished)))
	}
	up := "Up " + units.HumanDuration(now.Sub(c.Started))
	switch {
	case c.State == model.Paused:
		return up + " (Paused)"
	case c.Health == nil:
		return up
	case c.Health.Status == "starting":
		return up + " (health: starting)"
	}
	return up + " (" + c.Health.Status + ")"
}

// stamp is a time as the engine writes it; what never was is the year 1.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
