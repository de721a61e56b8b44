package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/actions/mongo/document"
	"runbook/actions/mongo/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// ServerInfoOutputs are the outputs of mongo.server_info; see buildInfo,
// serverStatus and hello in the manual of MongoDB.
type ServerInfoOutputs struct {
	Version              string  `yaml:"version" doc:"The server's version."`
	UptimeSeconds        *int    `yaml:"uptime_seconds" doc:"Seconds since the server started; nil where it does not tell."`
	ConnectionsCurrent   *int    `yaml:"connections_current" doc:"Open connections of clients; nil where the server does not tell."`
	ConnectionsAvailable *int    `yaml:"connections_available" doc:"Connections that the server would still take; nil where it does not tell."`
	IsPrimary            bool    `yaml:"is_primary" doc:"Whether the server takes writes; true of a server without replicas."`
	ReplicaSet           *string `yaml:"replica_set" doc:"Name of the replica set; nil without one."`
	ResidentMemoryBytes  *int    `yaml:"resident_memory_bytes" doc:"Memory of the process; nil where the server does not tell."`
}

// Summary returns version, role and connections.
func (o ServerInfoOutputs) Summary() string {
	text := "MongoDB " + o.Version
	switch {
	case o.ReplicaSet != nil && o.IsPrimary:
		text += ", primary of " + *o.ReplicaSet
	case o.ReplicaSet != nil:
		text += ", secondary of " + *o.ReplicaSet
	}
	if o.ConnectionsCurrent != nil {
		text += ", " + schema.HumanQuantity(*o.ConnectionsCurrent, "connection", "connections")
	}
	return text
}

// ServerInfo reads a server's version and figures.
var ServerInfo = action.New(action.Spec[action.None, ServerInfoOutputs]{
	Name:    "mongo.server_info",
	Summary: "Reads version, uptime, connections and role of a MongoDB server.",
	Example: `
id: mongo
action: mongo.server_info
verify:
  - outputs.is_primary
  - must(outputs.connections_available, "not told") > 100
`,
	Target: Target,
	Effect: action.Read,
	Run:    serverInfo,
})

func serverInfo(ctx context.Context, call action.Call, _ action.None) (ServerInfoOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return ServerInfoOutputs{}, err
	}
	build, err := s.Admin(ctx, bson.D{{Key: "buildInfo", Value: 1}})
	if err != nil {
		return ServerInfoOutputs{}, err
	}
	status, err := s.Admin(ctx, bson.D{{Key: "serverStatus", Value: 1}})
	if err != nil {
		return ServerInfoOutputs{}, err
	}
	hello, err := s.Admin(ctx, bson.D{{Key: "hello", Value: 1}})
	if err != nil {
		return ServerInfoOutputs{}, err
	}
	o := ServerInfoOutputs{
		UptimeSeconds:        document.FigureAt(status, "uptime"),
		ConnectionsCurrent:   document.FigureAt(status, "connections", "current"),
		ConnectionsAvailable: document.FigureAt(status, "connections", "available"),
	}
	o.Version, _ = build.Lookup("version").StringValueOK()
	o.IsPrimary, _ = hello.Lookup("isWritablePrimary").BooleanOK()
	if name, ok := hello.Lookup("setName").StringValueOK(); ok {
		o.ReplicaSet = &name
	}
	if resident, ok := document.NumberAt(status, "mem", "resident"); ok {
		resident <<= 20
		o.ResidentMemoryBytes = &resident
	}
	return o, nil
}
