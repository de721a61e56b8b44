package docker

import (
	"context"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type waitHealthyParams struct {
	one
	For   time.Duration `yaml:"for" default:"60s" min:"0s" max:"24h" doc:"How long to wait at most."`
	Every time.Duration `yaml:"every" default:"1s" min:"50ms" max:"10m" doc:"Time from the end of one look to the next."`
}

func (p waitHealthyParams) Brief() string {
	return fmt.Sprintf("%s for %s", p.Container, schema.HumanDuration(p.For))
}

type waitHealthyOutputs struct {
	Name           string    `yaml:"name" doc:"Name of the container."`
	Healthy        bool      `yaml:"healthy" doc:"false: the time ran out. Without a health check a container is healthy when it runs and is not paused."`
	HasHealthCheck bool      `yaml:"has_health_check" doc:"Its image or its creation declares one."`
	Running        bool      `yaml:"running" doc:"Also of a paused container."`
	State          string    `yaml:"state" enum:"created,running,paused,restarting,removing,exited,dead" doc:"As docker ps has it."`
	Health         string    `yaml:"health" enum:"none,starting,healthy,unhealthy" doc:"none without a health check."`
	StartedAt      time.Time `yaml:"started_at" doc:"Of the last start, by the engine's clock."`
	WaitedMS       float64   `yaml:"waited_ms" doc:"Until it was healthy, or the time was over."`
}

func (o waitHealthyOutputs) Summary() string {
	waited := schema.HumanMilliseconds(o.WaitedMS)
	if o.Healthy {
		return "container " + o.Name + " healthy after " + waited
	}
	return fmt.Sprintf("container %s not healthy after %s: %s, health %s", o.Name, waited, o.State, o.Health)
}

// WaitHealthy polls a container until it is healthy or the time is over, which
// is no error.
var WaitHealthy = action.New(action.Spec[waitHealthyParams, waitHealthyOutputs]{
	Name:    "docker.wait_healthy",
	Summary: "Waits until one container is healthy; when the time is over it gives healthy: false.",
	Example: "action: docker.wait_healthy\nwith: {container: app, for: 90s}\nverify: [outputs.healthy]",
	Target:  Target,
	Effect:  action.Read,
	Takes:   func(p waitHealthyParams) time.Duration { return p.For },
	Run:     waitHealthy,
})

// waitHealthy fails at once where the first look finds no such container.
// Later the container may be replaced and the engine may be away: only the
// last look must have found one.
func waitHealthy(ctx context.Context, call action.Call, p waitHealthyParams) (waitHealthyOutputs, error) {
	began := call.Clock.Now()
	e, c, err := openAndFind(ctx, call, p.Container)
	if err != nil {
		return waitHealthyOutputs{}, err
	}
	for last := c; c == nil || !c.healthy(); {
		waited := call.Clock.Now().Sub(began)
		if waited >= p.For {
			break
		}
		note := "no answer"
		if c != nil {
			last, note = c, c.state()+", health "+c.health()
		}
		call.Progress(action.Progress{Done: int(waited / time.Second), Total: int(p.For / time.Second), Note: note})
		if err := call.Clock.Sleep(ctx, min(p.Every, p.For-waited)); err != nil {
			return waitHealthyOutputs{}, e.interrupted(last, err, "to wait for its health")
		}
		c, err = e.Find(ctx, p.Container)
		if err != nil && action.AsFailure(err).Final {
			break
		}
	}
	if err != nil {
		return waitHealthyOutputs{}, err
	}
	return waitHealthyOutputs{
		Name: c.name, Healthy: c.healthy(), HasHealthCheck: c.hasHealthCheck(), Running: c.running(),
		State: string(c.is.State.Status), Health: c.health(), StartedAt: c.started,
		WaitedMS: schema.Milliseconds(call.Clock.Now().Sub(began)),
	}, nil
}
