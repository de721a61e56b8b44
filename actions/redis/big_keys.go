package redis

import (
	"cmp"
	"context"
	"slices"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type bigKeysParams struct {
	Pattern string `yaml:"pattern" default:"*" doc:"Which keys, as session:*."`
	Top     int    `yaml:"top" default:"10" min:"1" max:"1000" doc:"How many of the largest to give."`
	Max     int    `yaml:"max" default:"100000" min:"1" max:"10000000" doc:"At how many keys to stop."`
}

func (p bigKeysParams) Brief() string { return p.Pattern }

type bigKey struct {
	Key        string   `yaml:"key" doc:"The key."`
	Bytes      int      `yaml:"size_bytes" doc:"Memory of key and value, as the server estimates it from some of its elements."`
	Type       string   `yaml:"type" doc:"string, list, set, zset, hash or stream; empty where it has gone meanwhile."`
	TTLSeconds *float64 `yaml:"ttl_seconds" doc:"Seconds that it has left; nil where it does not expire."`
}

type bigKeysOutputs struct {
	Keys         []bigKey `yaml:"keys" show:"first" doc:"The largest, the largest first."`
	Count        int      `yaml:"count" doc:"How many keys were measured."`
	MeasuredSize int      `yaml:"measured_bytes" doc:"Memory of all that were."`
	Complete     bool     `yaml:"complete" doc:"false: it stopped at max, or the server is one node of a cluster."`
}

func (o bigKeysOutputs) Summary() string {
	if len(o.Keys) == 0 {
		return "no key"
	}
	return o.Keys[0].Key + " has " + schema.HumanBytes(float64(o.Keys[0].Bytes)) + ", the largest of " + schema.HumanQuantity(o.Count, "key", "keys")
}

// BigKeys finds the keys that use most memory.
var BigKeys = action.New(action.Spec[bigKeysParams, bigKeysOutputs]{
	Name:    "redis.big_keys",
	Summary: "Finds the keys that use most of a Redis server's memory, by SCAN and MEMORY USAGE in small parts.",
	Example: `
action: redis.big_keys
with: {top: 5}
verify: ["none(outputs.keys, .size_bytes > bytes('10MiB'))"]
`,
	Target: Target,
	Effect: action.Read,
	Run:    bigKeys,
})

func bigKeys(ctx context.Context, call action.Call, p bigKeysParams) (bigKeysOutputs, error) {
	n, err := newSweep(ctx, call, selection{Pattern: p.Pattern})
	if err != nil {
		return bigKeysOutputs{}, err
	}
	o, cut := bigKeysOutputs{Keys: []bigKey{}}, false
	all, err := n.each(ctx, func(keys []string) (bool, error) {
		cut = len(keys) > p.Max-o.Count
		keys = keys[:min(len(keys), p.Max-o.Count)]
		sizes, err := pipelined(ctx, n.Server, "MEMORY USAGE", keys, func(c goredis.Pipeliner, key string) *goredis.IntCmd { return c.MemoryUsage(ctx, key) })
		if err != nil {
			return false, err
		}
		for i, size := range sizes {
			if size != nil {
				o.Count++
				o.MeasuredSize += int(size.Val())
				o.Keys = append(o.Keys, bigKey{Key: keys[i], Bytes: int(size.Val())})
			}
		}
		o.Keys = largest(o.Keys, p.Top)
		call.Progress(action.Progress{Done: o.Count, Note: schema.HumanQuantity(o.Count, "key", "keys")})
		return o.Count < p.Max, nil
	})
	if err != nil {
		return bigKeysOutputs{}, err
	}
	o.Complete = all && !cut && !n.oneNode
	return o, describe(ctx, n, o.Keys)
}

// largest are the n largest keys, each once.
func largest(keys []bigKey, n int) []bigKey {
	slices.SortFunc(keys, func(a, b bigKey) int { return cmp.Or(b.Bytes-a.Bytes, cmp.Compare(a.Key, b.Key)) })
	keys = slices.CompactFunc(keys, func(a, b bigKey) bool { return a.Key == b.Key })
	return keys[:min(len(keys), n)]
}

// describe adds type and time left.
func describe(ctx context.Context, n *sweep, keys []bigKey) error {
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = keys[i].Key
	}
	if len(names) == 0 {
		return nil
	}
	types, err := pipelined(ctx, n.Server, "TYPE", names, func(c goredis.Pipeliner, key string) *goredis.StatusCmd { return c.Type(ctx, key) })
	if err != nil {
		return err
	}
	left, err := pipelined(ctx, n.Server, "PTTL", names, func(c goredis.Pipeliner, key string) *goredis.DurationCmd { return c.PTTL(ctx, key) })
	if err != nil {
		return err
	}
	for i := range keys {
		if kind := types[i].Val(); kind != "none" {
			keys[i].Type = kind
		}
		if ttl := left[i].Val(); ttl > 0 {
			seconds := ttl.Seconds()
			keys[i].TTLSeconds = &seconds
		}
		keys[i].Key = shownKey(keys[i].Key)
	}
	return nil
}
