package redis

import (
	"context"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type clientsParams struct {
	Max int `yaml:"max" default:"100" min:"1" max:"10000" doc:"How many connections to list; all are counted."`
}

type connection struct {
	ID          *int   `yaml:"id" doc:"Its number, since the server started; nil where the server does not tell, as of the figures below."`
	Address     string `yaml:"address" doc:"Host and port of the client."`
	Name        string `yaml:"name" doc:"Name that it gave itself; may be empty."`
	AgeSeconds  *int   `yaml:"age_seconds" doc:"Seconds since it connected."`
	IdleSeconds *int   `yaml:"idle_seconds" doc:"Seconds since its last command."`
	DB          *int   `yaml:"db" doc:"The number of its database."`
	Command     string `yaml:"command" doc:"Its last command."`
	Flags       string `yaml:"flags" doc:"As CLIENT LIST has them: N of a usual one, S of a replica, b of one that is blocked."`
	User        string `yaml:"user" doc:"The user as which it logged in."`
}

type clientsOutputs struct {
	Count   int          `yaml:"count" doc:"All connections, this one among them."`
	Clients []connection `yaml:"clients" doc:"The connections, by id."`
}

func (o clientsOutputs) Summary() string {
	return schema.HumanQuantity(o.Count, "connection", "connections")
}

// Clients lists the connections to a server.
var Clients = action.New(action.Spec[clientsParams, clientsOutputs]{
	Name:    "redis.clients",
	Summary: "Lists the connections of clients to a Redis server.",
	Example: `
action: redis.clients
verify: [outputs.count < 500]
`,
	Target: Target,
	Effect: action.Read,
	Run:    listClients,
})

func listClients(ctx context.Context, call action.Call, p clientsParams) (clientsOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return clientsOutputs{}, err
	}
	text, err := server.Ask(ctx, s, "CLIENT LIST", func(ctx context.Context, c *goredis.Client) (string, error) { return c.ClientList(ctx).Result() })
	if err != nil {
		return clientsOutputs{}, err
	}
	o := clientsOutputs{Clients: []connection{}}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if o.Count++; o.Count <= p.Max {
			o.Clients = append(o.Clients, parseClient(line))
		}
	}
	return o, nil
}

// parseClient reads a line of CLIENT LIST: "id=3 addr=127.0.0.1:51422 name= …".
func parseClient(line string) connection {
	fields := map[string]string{}
	for field := range strings.FieldsSeq(line) {
		if name, value, ok := strings.Cut(field, "="); ok {
			fields[name] = value
		}
	}
	return connection{
		ID: server.Figure(fields, "id"), Address: fields["addr"], Name: fields["name"], AgeSeconds: server.Figure(fields, "age"), IdleSeconds: server.Figure(fields, "idle"),
		DB: server.Figure(fields, "db"), Command: fields["cmd"], Flags: fields["flags"], User: fields["user"],
	}
}
