package docker

import (
	"fmt"
	"time"

	"runbook/lab/model"
)

// status is the text of docker ps: "Up 2 hours (healthy)".
func status(c *model.Container, now time.Time) string {
	switch c.State {
	case model.Created:
		return "Created"
	case model.Exited:
		return fmt.Sprintf("Exited (%d) %s ago", c.ExitCode, human(now.Sub(c.Finished)))
	}
	up := "Up " + human(now.Sub(c.Started))
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

// human is a time as Docker says it.
func human(d time.Duration) string {
	seconds, minutes, hours := int(d.Seconds()), int(d.Minutes()), int(d.Hours()+0.5)
	switch {
	case seconds < 1:
		return "Less than a second"
	case seconds == 1:
		return "1 second"
	case seconds < 60:
		return fmt.Sprintf("%d seconds", seconds)
	case minutes == 1:
		return "About a minute"
	case minutes < 60:
		return fmt.Sprintf("%d minutes", minutes)
	case hours == 1:
		return "About an hour"
	case hours < 48:
		return fmt.Sprintf("%d hours", hours)
	case hours < 24*7*2:
		return fmt.Sprintf("%d days", hours/24)
	case hours < 24*30*2:
		return fmt.Sprintf("%d weeks", hours/24/7)
	case hours < 24*365*2:
		return fmt.Sprintf("%d months", hours/24/30)
	}
	return fmt.Sprintf("%d years", int(d.Hours())/24/365)
}

// stamp is a time as the engine writes it; what never was is the year 1.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
