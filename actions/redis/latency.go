package redis

import (
	"context"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type latencyParams struct {
	Samples int           `yaml:"samples" default:"20" min:"1" max:"10000" doc:"How many times to ask."`
	Every   time.Duration `yaml:"every" default:"50ms" min:"1ms" max:"10s" doc:"How long to wait between two."`
}

type latencyEvent struct {
	Event    string    `yaml:"event" doc:"What took long, as command, fork or aof-write."`
	At       time.Time `yaml:"at" doc:"When it last did, by the server's clock."`
	LatestMS int       `yaml:"latest_ms" doc:"How long it last took, in milliseconds."`
	MaxMS    int       `yaml:"max_ms" doc:"How long it took at most."`
}

type latencyOutputs struct {
	MinMS  float64        `yaml:"min_ms" doc:"The quickest answer to PING, in milliseconds; the way there is in each."`
	P50MS  float64        `yaml:"p50_ms" doc:"Half of the answers came within that."`
	P99MS  float64        `yaml:"p99_ms" doc:"99 of 100 did; with fewer samples it is the slowest."`
	MaxMS  float64        `yaml:"max_ms" doc:"The slowest answer."`
	Events []latencyEvent `yaml:"events" doc:"What took the server longer than its latency-monitor-threshold; empty where that is 0, as it is if nobody sets it."`
}

func (o latencyOutputs) Summary() string {
	return "p50 " + schema.HumanMilliseconds(o.P50MS) + ", p99 " + schema.HumanMilliseconds(o.P99MS) + ", at most " + schema.HumanMilliseconds(o.MaxMS)
}

// Latency measures how soon a server answers.
var Latency = action.New(action.Spec[latencyParams, latencyOutputs]{
	Name:    "redis.latency",
	Summary: "Measures how soon a Redis server answers, and reads what its latency monitor saw.",
	Example: `
action: redis.latency
verify: [outputs.p99_ms < 20]
`,
	Target: Target,
	Effect: action.Read,
	Takes:  func(p latencyParams) time.Duration { return time.Duration(p.Samples) * p.Every },
	Run:    latency,
})

// latency asks once before it measures, so that no connection is made in what it measures.
func latency(ctx context.Context, call action.Call, p latencyParams) (latencyOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return latencyOutputs{}, err
	}
	var took []float64
	for i := range p.Samples + 1 {
		began := call.Clock.Now()
		_, err := server.Ask(ctx, s, "PING", func(ctx context.Context, c *goredis.Client) (string, error) { return c.Ping(ctx).Result() })
		if err != nil {
			return latencyOutputs{}, err
		}
		if i == 0 {
			continue
		}
		took = append(took, schema.Milliseconds(call.Clock.Now().Sub(began)))
		call.Progress(action.Progress{Done: i, Total: p.Samples})
		if i == p.Samples {
			break
		}
		if err := call.Clock.Sleep(ctx, p.Every); err != nil {
			return latencyOutputs{}, s.Failed(ctx, "waited between two PINGs", p.Every, err)
		}
	}
	slices.Sort(took)
	o := latencyOutputs{MinMS: took[0], P50MS: rank(took, 50), P99MS: rank(took, 99), MaxMS: took[len(took)-1]}
	o.Events, err = events(ctx, s)
	return o, err
}

// rank is the smallest of sorted values that so many percent do not exceed.
func rank(sorted []float64, percent int) float64 {
	return sorted[(len(sorted)*percent+99)/100-1]
}

func events(ctx context.Context, s *server.Server) ([]latencyEvent, error) {
	rows, err := server.Ask(ctx, s, "LATENCY LATEST", func(ctx context.Context, c *goredis.Client) ([]any, error) {
		return c.Do(ctx, "LATENCY", "LATEST").Slice()
	})
	out := []latencyEvent{}
	for _, row := range rows {
		if f, ok := row.([]any); ok && len(f) >= 4 {
			name, _ := f[0].(string)
			at, _ := f[1].(int64)
			latest, _ := f[2].(int64)
			worst, _ := f[3].(int64)
			out = append(out, latencyEvent{Event: name, At: time.Unix(at, 0).UTC(), LatestMS: int(latest), MaxMS: int(worst)})
		}
	}
	return out, err
}
