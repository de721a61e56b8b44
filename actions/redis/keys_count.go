package redis

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type keysCountParams struct {
	Pattern string `yaml:"pattern" doc:"Which keys, as session:*."`
	Max     int    `yaml:"max" default:"100000" min:"1" max:"1000000" doc:"At how many keys to stop."`
}

func (p keysCountParams) Brief() string { return p.Pattern }

type keysCountOutputs struct {
	Count    int  `yaml:"count" doc:"How many keys match, at most max."`
	Complete bool `yaml:"complete" doc:"false: it stopped at max, or the server is one node of a cluster."`
	OneNode  bool `yaml:"one_node" doc:"Whether the server is one node of a cluster: the others have keys that are not counted."`
}

func (o keysCountOutputs) Summary() string {
	text := schema.HumanQuantity(o.Count, "key", "keys")
	switch {
	case o.OneNode:
		return text + " on this node of a cluster"
	case !o.Complete:
		return "at least " + text
	}
	return text
}

// KeysCount counts keys that match a pattern.
var KeysCount = action.New(action.Spec[keysCountParams, keysCountOutputs]{
	Name:    "redis.keys_count",
	Summary: "Counts the keys that match a pattern, by SCAN: it goes over all keys of the database in small parts, and rests between them.",
	Example: `
action: redis.keys_count
with: {pattern: "session:*"}
verify: [outputs.count > 0]
`,
	Target: Target,
	Effect: action.Read,
	Run:    keysCount,
})

// keysCount counts each key once: SCAN may give one twice.
func keysCount(ctx context.Context, call action.Call, p keysCountParams) (keysCountOutputs, error) {
	n, err := newSweep(ctx, call, selection{Pattern: p.Pattern})
	if err != nil {
		return keysCountOutputs{}, err
	}
	seen := map[string]struct{}{}
	all, err := n.each(ctx, func(keys []string) (bool, error) {
		for _, key := range keys {
			seen[key] = struct{}{}
		}
		call.Progress(action.Progress{Done: len(seen), Note: schema.HumanQuantity(len(seen), "key", "keys")})
		return len(seen) <= p.Max, nil
	})
	if err != nil {
		return keysCountOutputs{}, err
	}
	return keysCountOutputs{Count: min(len(seen), p.Max), Complete: all && len(seen) <= p.Max && !n.oneNode, OneNode: n.oneNode}, nil
}
