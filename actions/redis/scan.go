package redis

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/schema"
)

type scanParams struct {
	selection
	Limit int `yaml:"limit" default:"100" min:"1" max:"10000" doc:"How many keys to give at most."`
}

type scanOutputs struct {
	Keys     []string `yaml:"keys" show:"first" doc:"The keys, sorted."`
	Count    int      `yaml:"count" doc:"How many they are."`
	Complete bool     `yaml:"complete" doc:"false: it stopped at the limit, or the server is one node of a cluster."`
}

func (o scanOutputs) Summary() string {
	text := schema.HumanQuantity(o.Count, "key", "keys")
	if !o.Complete {
		return "at least " + text
	}
	return text
}

// Scan lists keys.
var Scan = action.New(action.Spec[scanParams, scanOutputs]{
	Name:    "redis.scan",
	Summary: "Lists the keys of a Redis server that match a pattern, by type and by how long nobody used them, in small parts.",
	Example: `
action: redis.scan
with: {pattern: "session:*", idle_longer_than: 30d}
`,
	Target: Target,
	Effect: action.Read,
	Run:    listKeys,
})

func listKeys(ctx context.Context, call action.Call, p scanParams) (scanOutputs, error) {
	n, err := newSweep(ctx, call, p.selection)
	if err != nil {
		return scanOutputs{}, err
	}
	found := map[string]bool{}
	all, err := n.each(ctx, func(keys []string) (bool, error) {
		for _, key := range keys {
			found[shownKey(key)] = true
		}
		call.Progress(action.Progress{Done: len(found), Note: schema.HumanQuantity(len(found), "key", "keys")})
		return len(found) <= p.Limit, nil
	})
	if err != nil {
		return scanOutputs{}, err
	}
	o := scanOutputs{Keys: make([]string, 0, len(found)), Complete: all && len(found) <= p.Limit && !n.oneNode}
	for key := range found {
		o.Keys = append(o.Keys, key)
	}
	slices.Sort(o.Keys)
	o.Keys = o.Keys[:min(len(o.Keys), p.Limit)]
	o.Count = len(o.Keys)
	return o, nil
}
