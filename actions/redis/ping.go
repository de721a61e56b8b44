package redis

import (
	"context"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// PingOutputs are the outputs of redis.ping.
type PingOutputs struct {
	LatencyMS float64 `yaml:"latency_ms" doc:"Milliseconds until the answer to PING; the first time the connection is in it."`
	Version   string  `yaml:"version" doc:"The server's version; empty where it does not tell this user."`
}

// Summary returns version and latency.
func (o PingOutputs) Summary() string {
	took := schema.HumanMilliseconds(o.LatencyMS)
	if o.Version == "" {
		return "PONG in " + took
	}
	return "Redis " + o.Version + " in " + took
}

// Ping asks a server whether it answers.
var Ping = action.New(action.Spec[action.None, PingOutputs]{
	Name:    "redis.ping",
	Summary: "Asks a Redis server whether it answers.",
	Example: `
action: redis.ping
verify: [outputs.latency_ms < 100]
`,
	Target: Target,
	Effect: action.Read,
	Run:    ping,
})

func ping(ctx context.Context, call action.Call, _ action.None) (PingOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return PingOutputs{}, err
	}
	started := call.Clock.Now()
	_, err = server.Ask(ctx, s, "PING", func(ctx context.Context, c *goredis.Client) (string, error) { return c.Ping(ctx).Result() })
	if err != nil {
		return PingOutputs{}, err
	}
	o := PingOutputs{LatencyMS: schema.Milliseconds(call.Clock.Now().Sub(started))}
	if text, err := s.Info(ctx, "server"); err == nil {
		o.Version = server.ParseInfo(text)["redis_version"]
	}
	return o, nil
}
