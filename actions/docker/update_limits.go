package docker

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type updateLimitsParams struct {
	one
	Memory *schema.Size `yaml:"memory" min:"6MiB" doc:"New limit of memory; that of memory and swap keeps its ratio to it."`
	CPUs   *float64     `yaml:"cpus" min:"0.01" max:"4096" doc:"New limit in processors."`
}

func (p updateLimitsParams) Brief() string {
	text := p.Container
	if p.Memory != nil {
		text += " memory " + schema.HumanBytes(float64(*p.Memory))
	}
	if p.CPUs != nil {
		text += " cpus " + number(*p.CPUs)
	}
	return text
}

type updateLimitsOutputs struct {
	Name                   string   `yaml:"name" doc:"Name of the container."`
	ID                     string   `yaml:"id" doc:"The whole id."`
	Changed                bool     `yaml:"changed" doc:"false: the limits were so already."`
	MemoryLimitBytes       int64    `yaml:"memory_limit_bytes" doc:"0: none."`
	BeforeMemoryLimitBytes int64    `yaml:"before_memory_limit_bytes" doc:"0: none."`
	CPUs                   float64  `yaml:"cpus" doc:"0: no limit."`
	BeforeCPUs             float64  `yaml:"before_cpus" doc:"0: no limit."`
	Warnings               []string `yaml:"warnings" doc:"Of the engine."`
}

func (o updateLimitsOutputs) Summary() string {
	var parts []string
	if o.MemoryLimitBytes != o.BeforeMemoryLimitBytes {
		parts = append(parts, "memory limit "+limitText(o.BeforeMemoryLimitBytes)+" → "+limitText(o.MemoryLimitBytes))
	}
	if o.CPUs != o.BeforeCPUs {
		parts = append(parts, "cpus "+cpuText(o.BeforeCPUs)+" → "+cpuText(o.CPUs))
	}
	if len(parts) == 0 {
		return "container " + o.Name + ": limits were so already"
	}
	return "container " + o.Name + ": " + strings.Join(parts, ", ")
}

// Nothing reports that all was as it should be.
func (o updateLimitsOutputs) Nothing() bool { return !o.Changed }

// UpdateLimits changes the limits of a container while it runs.
var UpdateLimits = action.New(action.Spec[updateLimitsParams, updateLimitsOutputs]{
	Name:     "docker.update_limits",
	Summary:  "Changes the memory and CPU limits of one container while it runs; creating it anew brings the old ones back.",
	Example:  "action: docker.update_limits\nwith: {container: app, memory: 2GiB}",
	Target:   Target,
	Effect:   action.Write, // and not idempotent: a second request would take back what somebody set meanwhile
	Run:      updateLimits,
	Preview:  previewLimits,
	Look:     inspecting[updateLimitsParams]("memory {{.HostConfig.Memory}}, cpus {{.HostConfig.NanoCpus}}e-9, quota {{.HostConfig.CpuQuota}}"),
	Subjects: subjectsOf[updateLimitsParams],
	Settle:   settleLimits,
})

func updateLimits(ctx context.Context, call action.Call, p updateLimitsParams) (updateLimitsOutputs, error) {
	e, c, err := findForLimits(ctx, call, p)
	if err != nil {
		return updateLimitsOutputs{}, action.NotApplied(err)
	}
	if p.holdOn(c) {
		return p.outputs(c, c, nil), nil
	}
	wanted := p.resources(c.is.HostConfig.Resources)
	try, a := e.Try(ctx)
	r, err := e.API.ContainerUpdate(try, c.id, client.ContainerUpdateOptions{Resources: &wanted})
	if status := a.progress().status; err != nil && (status < 200 || status > 299) {
		return updateLimitsOutputs{}, judgeLimits(ctx, e, c, p, a, err)
	}
	now, ok, lookErr := e.inspect(ctx, c.id)
	if !ok || lookErr != nil {
		o := p.outputs(c, c, r.Warnings)
		o.Changed, o.MemoryLimitBytes, o.CPUs = true, wanted.Memory, cpuLimit(wanted)
		return o, nil //nolint:nilerr // it was answered with success: what err is about is a warning of the client
	}
	return p.outputs(c, now, r.Warnings), nil
}

func findForLimits(ctx context.Context, call action.Call, p updateLimitsParams) (*Engine, *Container, error) {
	e, c, err := openAndFind(ctx, call, p.Container)
	if err == nil && p.Memory == nil && p.CPUs == nil {
		err = e.WrongParam("memory", "neither memory nor cpus is given", "give one of them")
	}
	return e, c, err
}

// resources is the request that changes now. Docker refuses memory above the
// present limit of memory and swap, so both are set. What was limited by a
// quota must be changed by a quota.
func (p updateLimitsParams) resources(now container.Resources) container.Resources {
	var r container.Resources
	if p.Memory != nil {
		r.Memory, r.MemorySwap = int64(*p.Memory), swapFor(int64(*p.Memory), now)
	}
	switch {
	case p.CPUs == nil:
	case now.NanoCPUs == 0 && now.CPUQuota > 0:
		r.CPUPeriod = cpuPeriod(now)
		r.CPUQuota = int64(math.Round(*p.CPUs * float64(r.CPUPeriod)))
	default:
		r.NanoCPUs = int64(math.Round(*p.CPUs * 1e9))
	}
	return r
}

// swapFor keeps the ratio of memory and swap to memory; where there was no
// limit it is two, which is Docker's own; no limit of swap (-1) stays.
func swapFor(memory int64, now container.Resources) int64 {
	ratio := 2.0
	switch {
	case now.MemorySwap < 0:
		return -1
	case now.Memory > 0 && now.MemorySwap >= now.Memory:
		ratio = float64(now.MemorySwap) / float64(now.Memory)
	}
	swap := math.Round(float64(memory) * ratio)
	if swap >= math.MaxInt64 {
		return -1
	}
	return max(int64(swap), memory)
}

// holdOn reports whether c has the limits.
func (p updateLimitsParams) holdOn(c *Container) bool {
	r := c.is.HostConfig.Resources
	return (p.Memory == nil || r.Memory == int64(*p.Memory)) && (p.CPUs == nil || math.Abs(cpuLimit(r)-*p.CPUs) < 1e-5)
}

func (p updateLimitsParams) outputs(before, now *Container, warnings []string) updateLimitsOutputs {
	was, is := before.is.HostConfig.Resources, now.is.HostConfig.Resources
	o := updateLimitsOutputs{
		Name: now.name, ID: now.id, Warnings: append([]string{}, warnings...),
		MemoryLimitBytes: is.Memory, BeforeMemoryLimitBytes: was.Memory, CPUs: cpuLimit(is), BeforeCPUs: cpuLimit(was),
	}
	o.Changed = o.MemoryLimitBytes != o.BeforeMemoryLimitBytes || o.CPUs != o.BeforeCPUs
	return o
}

// judgeLimits: on 500 the engine puts its own record back, though of two
// limits the kernel may have taken one.
func judgeLimits(ctx context.Context, e *Engine, c *Container, p updateLimitsParams, a *Attempt, err error) error {
	now, f := e.left(ctx, c, a, err)
	switch {
	case now == nil:
		return f
	case !p.holdOn(now) && (p.Memory == nil || p.CPUs == nil):
		return action.NotApplied(f)
	}
	return action.Partial(f)
}

func previewLimits(ctx context.Context, call action.Call, p updateLimitsParams) (action.Preview, error) {
	e, c, err := findForLimits(ctx, call, p)
	if err != nil {
		return action.Preview{}, err
	}
	now := c.is.HostConfig.Resources
	wanted := p.resources(now)
	preview := action.Preview{Touches: []action.Object{c.Object()}}
	if p.Memory != nil {
		preview.Changes = append(preview.Changes, action.Change{Name: "memory limit", Before: limitText(now.Memory), After: limitText(wanted.Memory)})
		if now.MemorySwap != wanted.MemorySwap {
			preview.Changes = append(preview.Changes, action.Change{Name: "memory and swap", Before: limitText(now.MemorySwap), After: limitText(wanted.MemorySwap)})
		}
	}
	if p.CPUs != nil {
		preview.Changes = append(preview.Changes, action.Change{Name: "cpus", Before: cpuText(cpuLimit(now)), After: cpuText(cpuLimit(wanted))})
	}
	var texts []string
	for _, ch := range preview.Changes {
		if ch.Name != "memory and swap" {
			texts = append(texts, ch.Name+" "+ch.Before+" → "+ch.After)
		}
	}
	preview.Summary = "container " + c.name + ": " + strings.Join(texts, ", ")
	if p.Memory != nil && c.running() {
		if s, err := e.sample(ctx, c); err == nil && s.memory > float64(*p.Memory) {
			preview.Summary += "; uses " + schema.HumanBytes(s.memory) + ", so the kernel may kill it"
			preview.Interrupts = []string{c.name}
		}
	}
	return preview, nil
}

func settleLimits(ctx context.Context, call action.Call, p updateLimitsParams, subjects []action.Subject) (action.Applied, *updateLimitsOutputs, error) {
	_, c, applied, err := lookAgain(ctx, call, subjects)
	if c == nil {
		return applied, nil, err
	}
	if !p.holdOn(c) {
		return action.AppliedLost, nil, nil
	}
	o := p.outputs(c, c, nil)
	return action.AppliedFully, &o, nil
}

// limitText shows a limit as Docker has it: 0 and less is none.
func limitText(bytes int64) string {
	if bytes <= 0 {
		return "none"
	}
	return schema.HumanBytes(float64(bytes))
}

func cpuText(cpus float64) string {
	if cpus == 0 {
		return "none"
	}
	return number(cpus)
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
