package redis

import (
	"context"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
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
	Summary: "Counts the keys that match a pattern, by SCAN: it goes over all keys of the database in small parts.",
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
	s, err := server.Of(call)
	if err != nil {
		return keysCountOutputs{}, err
	}
	type page struct {
		keys []string
		next uint64
	}
	var o keysCountOutputs
	if text, err := s.Info(ctx, "cluster"); err == nil { // a user who may only scan is not told
		o.OneNode = server.OneNode(server.ParseInfo(text))
	}
	seen, cursor := map[string]struct{}{}, uint64(0)
	for {
		got, err := server.Ask(ctx, s, "SCAN MATCH "+p.Pattern, func(ctx context.Context, c *goredis.Client) (page, error) {
			keys, next, err := c.Scan(ctx, cursor, p.Pattern, 1000).Result()
			return page{keys, next}, err
		})
		if err != nil {
			return keysCountOutputs{}, err
		}
		for _, key := range got.keys {
			seen[key] = struct{}{}
			if len(seen) > p.Max {
				o.Count = p.Max
				return o, nil
			}
		}
		if cursor = got.next; cursor == 0 {
			o.Count, o.Complete = len(seen), !o.OneNode
			return o, nil
		}
		call.Progress(action.Progress{Done: len(seen), Note: schema.HumanQuantity(len(seen), "key", "keys")})
	}
}
