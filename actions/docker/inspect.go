package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"

	"runbook/engine/action"
)

type containerIdentity struct {
	ID      string `yaml:"id" doc:"The whole id."`
	Name    string `yaml:"name" doc:"Name of the container."`
	Service string `yaml:"service" doc:"Compose service; empty if it has none."`
	Project string `yaml:"project" doc:"Compose project; empty if it has none."`
	Image   string `yaml:"image" doc:"Image as the container was created from it."`
}

type containerState struct {
	State          string    `yaml:"state" enum:"created,running,paused,restarting,removing,exited,dead" doc:"As docker ps has it."`
	Running        bool      `yaml:"running" doc:"Also of a paused container; not between two restarts."`
	Paused         bool      `yaml:"paused" doc:"Its processes are frozen."`
	Healthy        bool      `yaml:"healthy" doc:"The health check passes; without one: it runs and is not paused."`
	HasHealthCheck bool      `yaml:"has_health_check" doc:"Its image or its creation declares one."`
	Health         string    `yaml:"health" enum:"none,starting,healthy,unhealthy" doc:"none without a health check."`
	RestartCount   int       `yaml:"restart_count" doc:"By its restart policy, not by people."`
	StartedAt      time.Time `yaml:"started_at" doc:"Of the last start, by the engine's clock; year 1 if it never started."`
}

type containerLimits struct {
	MemoryLimitBytes int64   `yaml:"memory_limit_bytes" doc:"0: none."`
	CPUs             float64 `yaml:"cpus" doc:"Limit in processors; 0: none."`
	Privileged       bool    `yaml:"privileged" doc:"It may do what root may on the host."`
}

type inspectOutputs struct {
	containerIdentity
	containerState
	containerLimits
	containerMake
	MemorySwapBytes int64      `yaml:"memory_swap_bytes" doc:"Limit of memory and swap together; 0: by Docker's default, -1: none."`
	ExitCode        int        `yaml:"exit_code" doc:"Of the last time that it ended; 0 while it runs."`
	OOMKilled       bool       `yaml:"oom_killed" doc:"The kernel killed it for its use of memory."`
	FinishedAt      *time.Time `yaml:"finished_at" doc:"When it last ended; nil if it never did."`
	PID             int        `yaml:"pid" doc:"0 if it does not run."`
	Networks        []string   `yaml:"networks" doc:"Names, sorted."`
	Ports           []string   `yaml:"ports" doc:"Published, as in \"127.0.0.1:8060->8060/tcp\", sorted."`
}

// containerMake is what a container was made with.
type containerMake struct {
	ImageID  string            `yaml:"image_id" doc:"The whole id of its image, sha256:…."`
	Digest   *string           `yaml:"digest" doc:"Of its image, as name@sha256:…; nil for an image that was never pulled or pushed, or is gone."`
	Mounts   []mountedAt       `yaml:"mounts" doc:"By their path in the container."`
	EnvNames []string          `yaml:"env_names" doc:"Names of its environment variables, sorted; their values, which may be secrets, are not told."`
	Labels   map[string]string `yaml:"labels" doc:"Its labels."`
}

type mountedAt struct {
	Type     string `yaml:"type" doc:"volume, bind, tmpfs and others."`
	Source   string `yaml:"source" doc:"Name of the volume, or the path on the host; empty where it has none."`
	Path     string `yaml:"path" doc:"In the container."`
	ReadOnly bool   `yaml:"read_only" doc:"It cannot be written to."`
}

func (o inspectOutputs) Summary() string {
	text := o.State
	if o.HasHealthCheck && o.Running {
		text += ", " + o.Health
	}
	if o.State == string(container.StateExited) {
		text = fmt.Sprintf("exited (%d)", o.ExitCode)
	}
	return "container " + o.Name + " " + text
}

// Inspect reads the state and configuration of one container.
var Inspect = action.New(action.Spec[one, inspectOutputs]{
	Name:    "docker.inspect",
	Summary: "Reads the state, health, limits and configuration of one container.",
	Example: "action: docker.inspect\nwith: {container: app}\nverify: [outputs.running, outputs.healthy]",
	Target:  Target,
	Effect:  action.Read,
	Run:     inspect,
})

func inspect(ctx context.Context, call action.Call, p one) (inspectOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return inspectOutputs{}, err
	}
	c, err := e.Find(ctx, p.Container)
	if err != nil {
		return inspectOutputs{}, err
	}
	o := inspected(c)
	o.Digest, err = e.digest(ctx, c.is.Image)
	return o, err
}

// digest is the name by digest of an image; nil where it has none.
func (e *Engine) digest(ctx context.Context, id string) (*string, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // the engine does not say
	}
	ctx, a := e.Try(ctx)
	r, err := e.API.ImageInspect(ctx, id)
	switch {
	case err != nil && a.Status() == 404:
		return nil, nil //nolint:nilnil // the image was removed
	case err != nil:
		return nil, e.Failed(a, err, nil)
	case len(r.RepoDigests) == 0:
		return nil, nil //nolint:nilnil // it was built here
	}
	return &r.RepoDigests[0], nil
}

func inspected(c *Container) inspectOutputs {
	s, h := c.is.State, c.is.HostConfig
	o := inspectOutputs{
		containerIdentity: containerIdentity{
			ID: c.id, Name: c.name, Image: c.image,
			Service: c.is.Config.Labels[ServiceLabel], Project: c.is.Config.Labels[ProjectLabel],
		},
		containerState: containerState{
			State: string(s.Status), Running: c.running(), Paused: s.Paused,
			Healthy: c.healthy(), HasHealthCheck: c.hasHealthCheck(), Health: c.health(),
			RestartCount: c.is.RestartCount, StartedAt: c.started,
		},
		containerLimits: containerLimits{MemoryLimitBytes: h.Memory, CPUs: cpuLimit(h.Resources), Privileged: h.Privileged},
		containerMake:   madeWith(c),
		MemorySwapBytes: h.MemorySwap, ExitCode: s.ExitCode, OOMKilled: s.OOMKilled, PID: s.Pid,
		Networks: networks(c.is.NetworkSettings), Ports: ports(c.is.NetworkSettings),
	}
	if ended := parseTime(s.FinishedAt); !ended.IsZero() {
		o.FinishedAt = &ended
	}
	return o
}

func madeWith(c *Container) containerMake {
	m := containerMake{ImageID: c.is.Image, Mounts: []mountedAt{}, EnvNames: []string{}, Labels: map[string]string{}}
	for _, at := range c.is.Mounts {
		source := at.Source
		if at.Name != "" {
			source = at.Name
		}
		m.Mounts = append(m.Mounts, mountedAt{string(at.Type), source, at.Destination, !at.RW})
	}
	slices.SortFunc(m.Mounts, func(a, b mountedAt) int { return strings.Compare(a.Path, b.Path) })
	for _, v := range c.is.Config.Env {
		name, _, _ := strings.Cut(v, "=")
		m.EnvNames = append(m.EnvNames, name)
	}
	slices.Sort(m.EnvNames)
	maps.Copy(m.Labels, c.is.Config.Labels)
	return m
}

// cpuLimit returns the limit in processors, however it was set; 0 is none.
func cpuLimit(r container.Resources) float64 {
	switch {
	case r.NanoCPUs > 0:
		return float64(r.NanoCPUs) / 1e9
	case r.CPUQuota > 0:
		return float64(r.CPUQuota) / float64(cpuPeriod(r))
	}
	return 0
}

// cpuPeriod is the period of a quota in microseconds; the kernel's default is 100 ms.
func cpuPeriod(r container.Resources) int64 {
	if r.CPUPeriod > 0 {
		return r.CPUPeriod
	}
	return 100_000
}

func networks(n *container.NetworkSettings) []string {
	names := []string{}
	if n != nil {
		for name := range n.Networks {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func ports(n *container.NetworkSettings) []string {
	published := []string{}
	if n == nil {
		return published
	}
	for port, bindings := range n.Ports {
		for _, b := range bindings {
			host := "*"
			if b.HostIP.IsValid() {
				host = b.HostIP.String()
			}
			if strings.Contains(host, ":") {
				host = "[" + host + "]"
			}
			published = append(published, fmt.Sprintf("%s:%s->%s", host, b.HostPort, port))
		}
	}
	slices.Sort(published)
	return published
}
