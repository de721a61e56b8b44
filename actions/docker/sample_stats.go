package docker

import (
	"context"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type sampleStatsParams struct {
	one
	For   time.Duration `yaml:"for" min:"200ms" max:"24h" doc:"How long to sample; at least twice every."`
	Every time.Duration `yaml:"every" default:"1s" min:"100ms" max:"1h" doc:"Time from one sample to the next."`
}

func (p sampleStatsParams) Brief() string {
	return fmt.Sprintf("%s for %s, every %s", p.Container, schema.HumanDuration(p.For), schema.HumanDuration(p.Every))
}

type statsSample struct {
	AtSeconds     float64 `yaml:"at_seconds" doc:"Since the first sample."`
	MemoryBytes   int64   `yaml:"memory_bytes" doc:"Used, without inactive page cache."`
	MemoryPercent float64 `yaml:"memory_percent" doc:"Of the limit."`
	CPUPercent    float64 `yaml:"cpu_percent" doc:"Since the sample before, 100 is one processor; the first has that of the second."`
}

type sampleStatsOutputs struct {
	Name                   string        `yaml:"name" doc:"Name of the container."`
	Samples                []statsSample `yaml:"samples" doc:"In the order of time."`
	Count                  int           `yaml:"count" doc:"How many."`
	FirstPercent           float64       `yaml:"first_percent" doc:"Memory of the first sample, of the limit."`
	LastPercent            float64       `yaml:"last_percent" doc:"Memory of the last sample, of the limit."`
	MaxPercent             float64       `yaml:"max_percent" doc:"The most memory in any sample, of the limit."`
	SlopeBytesPerSecond    float64       `yaml:"slope_bytes_per_second" doc:"Growth of memory by least squares."`
	SlopeLowBytesPerSecond float64       `yaml:"slope_low_bytes_per_second" doc:"Its lower bound with 95 % confidence (one-sided, Student's t): above 0 is growth, not noise."`
	FreeBytes              int64         `yaml:"free_bytes" doc:"Left below the limit at the last sample."`
	MemoryLimitBytes       int64         `yaml:"memory_limit_bytes" doc:"The limit; without one the memory of the engine's host."`
}

func (o sampleStatsOutputs) Summary() string {
	return fmt.Sprintf("slope %s   last %s   limit %s", schema.HumanRate(o.SlopeBytesPerSecond),
		schema.HumanPercent(o.LastPercent), schema.HumanBytes(float64(o.MemoryLimitBytes)))
}

// SampleStats measures memory repeatedly and says how it grows.
var SampleStats = action.New(action.Spec[sampleStatsParams, sampleStatsOutputs]{
	Name:    "docker.sample_stats",
	Summary: "Samples the memory and CPU of one container over a time, and gives the slope of its memory with a lower bound.",
	Example: "action: docker.sample_stats\nwith: {container: app, for: 30s, every: 1s}\nverify: [outputs.last_percent < 70]",
	Target:  Target,
	Effect:  action.Read,
	Takes:   func(p sampleStatsParams) time.Duration { return p.For },
	Run:     sampleStats,
})

// maxSamples bounds what one step holds and journals.
const maxSamples = 10_000

func sampleStats(ctx context.Context, call action.Call, p sampleStatsParams) (sampleStatsOutputs, error) {
	e, err := Open(call)
	if err != nil {
		return sampleStatsOutputs{}, err
	}
	if p.Every <= 0 || p.For < 2*p.Every {
		return sampleStatsOutputs{}, e.WrongParam("for", fmt.Sprintf("%s holds fewer than 3 samples, every %s", p.For, p.Every),
			"raise for to at least "+(2*p.Every).String()+", or lower every")
	}
	n := int(p.For/p.Every) + 1
	if n > maxSamples {
		return sampleStatsOutputs{}, e.WrongParam("every", fmt.Sprintf("%d samples are too many, at most %d", n, maxSamples), "raise every")
	}
	c, err := e.Find(ctx, p.Container)
	if err != nil {
		return sampleStatsOutputs{}, err
	}
	if !c.running() {
		return sampleStatsOutputs{}, e.notRunning(c)
	}
	samples, err := e.samples(ctx, c, n, p.Every)
	if err != nil {
		return sampleStatsOutputs{}, err
	}
	return summarized(c.name, samples), nil
}

// samples takes n samples of one life of the container: a restart between them
// is an error, as memory starts anew.
func (e *Engine) samples(ctx context.Context, c *Container, n int, every time.Duration) ([]sample, error) {
	samples := make([]sample, 0, n)
	begin := e.call.Clock.Now()
	for i := range n {
		if wait := begin.Add(time.Duration(i) * every).Sub(e.call.Clock.Now()); wait > 0 {
			if err := e.call.Clock.Sleep(ctx, wait); err != nil {
				return nil, e.interrupted(c, err, fmt.Sprintf("%d of %d samples", i, n))
			}
		}
		s, err := e.sample(ctx, c)
		if err != nil {
			return nil, err
		}
		samples = append(samples, s)
		e.call.Progress(action.Progress{Done: i + 1, Total: n, Note: "memory " + schema.HumanPercent(s.percent())})
	}
	now, ok, err := e.inspect(ctx, c.id)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, e.gone(c)
	case !now.running():
		return nil, e.notRunning(now)
	case !now.started.Equal(c.started):
		return nil, &action.Failure{
			Applied: action.AppliedNot, Where: e.whereOf(now), Tried: fmt.Sprintf("%d samples, every %s", n, every),
			What: "container " + c.name + " was restarted while it was sampled",
			Seen: []string{"started at " + c.started.Format(time.RFC3339), "started again at " + now.started.Format(time.RFC3339),
				fmt.Sprintf("restarts by its policy: %d", now.is.RestartCount)},
			Do: []string{e.Command("logs --tail 50 " + c.name)},
		}
	}
	return samples, nil
}

func (e *Engine) interrupted(c *Container, err error, tried string) error {
	return &action.Failure{Applied: action.AppliedNot, Where: e.whereOf(c), What: "stopped before its time was over: " + err.Error(), Tried: tried, Err: err}
}

func summarized(name string, samples []sample) sampleStatsOutputs {
	first, last := samples[0], samples[len(samples)-1]
	o := sampleStatsOutputs{
		Name: name, Count: len(samples), FirstPercent: first.percent(), LastPercent: last.percent(),
		FreeBytes: int64(last.memoryLimit - last.memory), MemoryLimitBytes: int64(last.memoryLimit),
	}
	x, y := make([]float64, len(samples)), make([]float64, len(samples))
	for i, s := range samples {
		x[i], y[i] = s.at.Sub(first.at).Seconds(), s.memory
		cpu := samples[1].cpuPercent(first)
		if i > 0 {
			cpu = s.cpuPercent(samples[i-1])
		}
		o.MaxPercent = max(o.MaxPercent, s.percent())
		o.Samples = append(o.Samples, statsSample{AtSeconds: x[i], MemoryBytes: int64(s.memory), MemoryPercent: s.percent(), CPUPercent: cpu})
	}
	t := fitTrend(x, y)
	o.SlopeBytesPerSecond, o.SlopeLowBytesPerSecond = t.slope, t.low
	return o
}
