package redis

import (
	"context"
	"time"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type hitRateParams struct {
	For time.Duration `yaml:"for" default:"0s" min:"0s" max:"1h" doc:"How long to watch; with 0s it is all since the server started."`
}

type hitRateOutputs struct {
	HitRatePercent *float64 `yaml:"hit_rate_percent" doc:"Lookups that found their key, in percent; nil where there was none."`
	Hits           *int     `yaml:"hits" doc:"How many did; nil where the server does not tell, as of the figures below."`
	Misses         *int     `yaml:"misses" doc:"How many did not."`
	EvictedKeys    *int     `yaml:"evicted_keys" doc:"Keys evicted in that time."`
	ExpiredKeys    *int     `yaml:"expired_keys" doc:"Keys whose time was over in it."`
	WindowSeconds  *float64 `yaml:"window_seconds" doc:"The time in seconds, as the clock of the run or the uptime has it."`
}

func (o hitRateOutputs) Summary() string {
	if o.HitRatePercent == nil {
		return "no lookup"
	}
	text := "hit rate " + schema.HumanPercent(*o.HitRatePercent) + " of " + schema.HumanQuantity(*o.Hits+*o.Misses, "lookup", "lookups")
	if o.EvictedKeys != nil && *o.EvictedKeys > 0 {
		text += ", " + schema.HumanQuantity(*o.EvictedKeys, "key", "keys") + " evicted"
	}
	return text
}

// HitRate tells how many lookups find their key.
var HitRate = action.New(action.Spec[hitRateParams, hitRateOutputs]{
	Name:    "redis.hit_rate",
	Summary: "Tells how many lookups of a Redis server find their key, since it started or while it is watched.",
	Example: `
action: redis.hit_rate
with: {for: 10s}
verify: [(outputs.hit_rate_percent ?? 100) > 70]
`,
	Target: Target,
	Effect: action.Read,
	Takes:  func(p hitRateParams) time.Duration { return p.For },
	Run:    hitRate,
})

// lookups are what a server counted since it started.
type lookups struct {
	run                           string // id of the process
	hits, misses, evicted, uptime *int
	expired                       *int
}

func lookupsOf(ctx context.Context, s *server.Server) (lookups, error) {
	text, err := s.Info(ctx)
	if err != nil {
		return lookups{}, err
	}
	f := server.ParseInfo(text)
	return lookups{
		run: f["run_id"], hits: server.Figure(f, "keyspace_hits"), misses: server.Figure(f, "keyspace_misses"),
		evicted: server.Figure(f, "evicted_keys"), expired: server.Figure(f, "expired_keys"), uptime: server.Figure(f, "uptime_in_seconds"),
	}, nil
}

func hitRate(ctx context.Context, call action.Call, p hitRateParams) (hitRateOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return hitRateOutputs{}, err
	}
	now, err := lookupsOf(ctx, s)
	if err != nil {
		return hitRateOutputs{}, err
	}
	var before lookups
	began := call.Clock.Now()
	if p.For > 0 {
		before = now
		if err := call.Clock.Sleep(ctx, p.For); err != nil {
			return hitRateOutputs{}, s.Failed(ctx, "watched the lookups", call.Clock.Now().Sub(began), err)
		}
		if now, err = lookupsOf(ctx, s); err != nil {
			return hitRateOutputs{}, err
		}
	}
	o := hitRateOutputs{
		Hits: since(now.hits, before.hits), Misses: since(now.misses, before.misses),
		EvictedKeys: since(now.evicted, before.evicted), ExpiredKeys: since(now.expired, before.expired),
	}
	switch {
	case p.For > 0 && before.run != now.run || o.Hits != nil && *o.Hits < 0:
		return hitRateOutputs{}, &action.Failure{
			Where: s.Where, What: "the server was started anew, or its figures were set to 0, while they were watched", Tried: "INFO, twice in " + schema.HumanDuration(p.For),
			Do: []string{"try again"},
		}
	case p.For > 0:
		seconds := call.Clock.Now().Sub(began).Seconds()
		o.WindowSeconds = &seconds
	case now.uptime != nil:
		seconds := float64(*now.uptime)
		o.WindowSeconds = &seconds
	}
	if o.Hits != nil && o.Misses != nil && *o.Hits+*o.Misses > 0 {
		rate := 100 * float64(*o.Hits) / float64(*o.Hits+*o.Misses)
		o.HitRatePercent = &rate
	}
	return o, nil
}

// since is what a figure has grown by; nil where the server does not tell it.
func since(now, before *int) *int {
	if now == nil || before == nil {
		return now
	}
	grown := *now - *before
	return &grown
}
