package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type expireKeysParams struct {
	selection
	TTL         time.Duration `yaml:"ttl" min:"1ms" max:"87600h" doc:"How long they are still kept."`
	OnlyForever bool          `yaml:"only_forever" default:"true" doc:"Only keys that do not expire; false also sets the time of those that do anew, which may keep them longer."`
	Limit       int           `yaml:"limit" min:"1" max:"10000000" doc:"How many keys to change at most; it stops there."`
}

type expireKeysOutputs struct {
	Changed  int  `yaml:"changed" doc:"How many keys expire now."`
	Complete bool `yaml:"complete" doc:"false: it stopped at the limit, or the server is one node of a cluster."`
}

func (o expireKeysOutputs) Summary() string {
	text := schema.HumanQuantity(o.Changed, "key expires", "keys expire") + " now"
	if !o.Complete {
		text += ", there may be more"
	}
	return text
}

// Nothing reports that all was as it should be.
func (o expireKeysOutputs) Nothing() bool { return o.Changed == 0 }

// ExpireKeys lets keys expire.
var ExpireKeys = action.New(action.Spec[expireKeysParams, expireKeysOutputs]{
	Name:    "redis.expire_keys",
	Summary: "Lets the keys of a Redis server that match a pattern expire after a time, in small parts; it stops at a limit.",
	Example: `
action: redis.expire_keys
with: {pattern: "cache:page:*", ttl: 1h, limit: 100000}
`,
	Target:  Target,
	Effect:  action.Write,
	Takes:   func(p expireKeysParams) time.Duration { return swept(p.Limit) },
	Run:     expireKeys,
	Preview: previewExpire,
	Subjects: func(ctx context.Context, call action.Call, p expireKeysParams) ([]action.Subject, error) {
		return p.ofServer(ctx, call)
	},
	Look: func(call action.Call, p expireKeysParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "--scan --pattern "+action.Quote(p.Pattern))
	},
})

// forever are those of the keys that a change is about.
func (p expireKeysParams) forever(ctx context.Context, n *sweep, keys []string) ([]string, error) {
	if !p.OnlyForever || len(keys) == 0 {
		return keys, nil
	}
	left, err := pipelined(ctx, n.Server, "PTTL", keys, func(c goredis.Pipeliner, key string) *goredis.DurationCmd { return c.PTTL(ctx, key) })
	if err != nil {
		return nil, action.NotApplied(err)
	}
	var out []string
	for i, key := range keys {
		if left[i] != nil && left[i].Val() == -1 {
			out = append(out, key)
		}
	}
	return out, nil
}

func expireKeys(ctx context.Context, call action.Call, p expireKeysParams) (expireKeysOutputs, error) {
	done, complete, err := p.changeKeys(ctx, call, p.Limit, func(ctx context.Context, n *sweep, keys []string) (int, error) {
		keys, err := p.forever(ctx, n, keys)
		if err != nil || len(keys) == 0 {
			return 0, err
		}
		set, err := pipelined(ctx, n.Server, "PEXPIRE of "+schema.HumanQuantity(len(keys), "key", "keys"), keys, func(c goredis.Pipeliner, key string) *goredis.BoolCmd { return c.PExpire(ctx, key, p.TTL) })
		changed := 0
		for _, answer := range set {
			if answer != nil && answer.Err() == nil && answer.Val() {
				changed++
			}
		}
		return changed, err
	})
	return expireKeysOutputs{Changed: done, Complete: complete}, err
}

func previewExpire(ctx context.Context, call action.Call, p expireKeysParams) (action.Preview, error) {
	_, c, err := p.preview(ctx, call, p.Limit, p.forever)
	if err != nil || c.count == 0 {
		return action.Preview{Summary: "no key is to be changed, " + p.Brief()}, err
	}
	before := "kept for ever"
	if !p.OnlyForever {
		before = "kept for ever, or as long as each has left"
	}
	return action.Preview{
		Summary: "let " + c.told() + " expire, " + p.Brief(),
		Touches: []action.Object{c.object(p.selection)},
		Changes: []action.Change{{Name: "time to live", Before: before, After: schema.HumanDuration(p.TTL)}},
	}, nil
}
