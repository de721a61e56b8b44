package redis

import (
	"context"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type queueLengthParams struct {
	Key string `yaml:"key" doc:"The key of the list."`
}

func (p queueLengthParams) Brief() string { return p.Key }

type queueLengthOutputs struct {
	Key    string `yaml:"key" doc:"The key of the list."`
	Length int    `yaml:"length" doc:"How many elements it has; 0 where there is no such key."`
}

func (o queueLengthOutputs) Summary() string {
	return o.Key + ": " + schema.HumanQuantity(o.Length, "element", "elements")
}

// QueueLength counts the elements of a list.
var QueueLength = action.New(action.Spec[queueLengthParams, queueLengthOutputs]{
	Name:    "redis.queue_length",
	Summary: "Counts the elements of a list, as of a queue.",
	Example: `
action: redis.queue_length
with: {key: "queue:downloads"}
verify: [outputs.length < 100]
`,
	Target: Target,
	Effect: action.Read,
	Run:    queueLength,
})

func queueLength(ctx context.Context, call action.Call, p queueLengthParams) (queueLengthOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return queueLengthOutputs{}, err
	}
	n, err := server.Ask(ctx, s, "LLEN "+p.Key, func(ctx context.Context, c *goredis.Client) (int64, error) { return c.LLen(ctx, p.Key).Result() })
	if err == nil {
		return queueLengthOutputs{Key: p.Key, Length: int(n)}, nil
	}
	failed := *action.AsFailure(err)
	if strings.HasPrefix(failed.What, "WRONGTYPE") {
		failed.What, failed.Final = p.Key+" is no list (WRONGTYPE)", true
		failed.Do = []string{s.Command("TYPE " + p.Key), "correct key"}
	}
	return queueLengthOutputs{}, &failed
}
