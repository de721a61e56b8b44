package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// PingOutputs are the outputs of mongo.ping.
type PingOutputs struct {
	LatencyMS float64 `yaml:"latency_ms" doc:"Milliseconds until the answer to ping; the first time the connection is in it."`
}

// Summary returns the latency.
func (o PingOutputs) Summary() string {
	return "answered in " + schema.HumanMilliseconds(o.LatencyMS)
}

// Ping asks a server whether it answers.
var Ping = action.New(action.Spec[action.None, PingOutputs]{
	Name:    "mongo.ping",
	Summary: "Asks a MongoDB server whether it answers.",
	Example: `
action: mongo.ping
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
	if _, err := s.Admin(ctx, bson.D{{Key: "ping", Value: 1}}); err != nil {
		return PingOutputs{}, err
	}
	return PingOutputs{LatencyMS: schema.Milliseconds(call.Clock.Now().Sub(started))}, nil
}
