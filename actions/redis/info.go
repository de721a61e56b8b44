package redis

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// InfoParams are the parameters of redis.info.
type InfoParams struct {
	Section string `yaml:"section,omitempty" pattern:"^[a-z]+$" doc:"A section beyond the default ones to have in info, as commandstats."`
}

// InfoOutputs are the outputs of redis.info; see INFO in the manual of Redis. A
// figure that the server does not tell, as a Sentinel most of them, is nil.
type InfoOutputs struct {
	Version          string            `yaml:"version" doc:"The server's version."`
	Role             string            `yaml:"role" doc:"master or slave, as Redis calls them; empty where the server does not tell."`
	UptimeSeconds    *int              `yaml:"uptime_seconds" doc:"Seconds since the server started; nil where it does not tell, as each of the figures."`
	UsedMemoryBytes  *int              `yaml:"used_memory_bytes" doc:"Memory that Redis allocated."`
	MaxmemoryBytes   *int              `yaml:"maxmemory_bytes" doc:"The limit of memory; 0 is none."`
	MaxmemoryPolicy  string            `yaml:"maxmemory_policy" doc:"What is evicted at the limit, as allkeys-lru; empty where the server does not tell."`
	ConnectedClients *int              `yaml:"connected_clients" doc:"Connections of clients, this one among them."`
	EvictedKeys      *int              `yaml:"evicted_keys" doc:"Keys evicted since the start."`
	KeyspaceHits     *int              `yaml:"keyspace_hits" doc:"Lookups since the start that found their key."`
	KeyspaceMisses   *int              `yaml:"keyspace_misses" doc:"Lookups since the start that did not."`
	HitRatePercent   *float64          `yaml:"hit_rate_percent" doc:"Hits in percent of all lookups; nil while there was none."`
	Keys             *int              `yaml:"keys" doc:"Keys in all databases of this server."`
	OneNode          bool              `yaml:"one_node" doc:"Whether the server is one node of a cluster: the figures are its own, not the cluster's."`
	Info             map[string]string `yaml:"info" doc:"Every field of the answer as text."`
}

// Summary returns the figures that matter most.
func (o InfoOutputs) Summary() string {
	text := "Redis " + o.Version
	if o.OneNode {
		text += ", one node of a cluster"
	}
	if o.UsedMemoryBytes != nil {
		text += ", " + schema.HumanBytes(float64(*o.UsedMemoryBytes))
	}
	if o.Keys != nil {
		text += ", " + schema.HumanQuantity(*o.Keys, "key", "keys")
	}
	if o.HitRatePercent != nil {
		text += ", hit rate " + schema.HumanPercent(*o.HitRatePercent)
	}
	return text
}

// Info reads a server's figures.
var Info = action.New(action.Spec[InfoParams, InfoOutputs]{
	Name:    "redis.info",
	Summary: "Reads the figures of a Redis server: memory, keys, hits, clients.",
	Example: `
id: cache
action: redis.info
verify:
  - outputs.role == "master"
  - (outputs.hit_rate_percent ?? 100) > 70
`,
	Target: Target,
	Effect: action.Read,
	Run:    info,
})

func info(ctx context.Context, call action.Call, p InfoParams) (InfoOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return InfoOutputs{}, err
	}
	text, err := s.Info(ctx)
	if err != nil {
		return InfoOutputs{}, err
	}
	fields := server.ParseInfo(text)
	if p.Section != "" {
		more, err := s.Info(ctx, p.Section)
		if err != nil {
			return InfoOutputs{}, err
		}
		maps.Copy(fields, server.ParseInfo(more))
	}
	return infoOutputs(fields), nil
}

func infoOutputs(fields map[string]string) InfoOutputs {
	o := InfoOutputs{
		Version: fields["redis_version"], Role: fields["role"], MaxmemoryPolicy: fields["maxmemory_policy"],
		UptimeSeconds:    server.Figure(fields, "uptime_in_seconds"),
		UsedMemoryBytes:  server.Figure(fields, "used_memory"),
		MaxmemoryBytes:   server.Figure(fields, "maxmemory"),
		ConnectedClients: server.Figure(fields, "connected_clients"),
		EvictedKeys:      server.Figure(fields, "evicted_keys"),
		KeyspaceHits:     server.Figure(fields, "keyspace_hits"),
		KeyspaceMisses:   server.Figure(fields, "keyspace_misses"),
		Keys:             keys(fields),
		OneNode:          server.OneNode(fields),
		Info:             fields,
	}
	if hits, misses := o.KeyspaceHits, o.KeyspaceMisses; hits != nil && misses != nil && *hits+*misses > 0 {
		rate := 100 * float64(*hits) / float64(*hits+*misses)
		o.HitRatePercent = &rate
	}
	return o
}

// keys adds up the keys of all databases: "db0:keys=12,expires=3,avg_ttl=0". A
// server that keeps keys tells of its memory; of any other, as a Sentinel, and
// where a line reads otherwise, it is nil.
func keys(fields map[string]string) *int {
	sum := 0
	_, keeps := fields["used_memory"]
	for name, value := range fields {
		number, isDB := strings.CutPrefix(name, "db")
		if _, err := strconv.Atoi(number); !isDB || err != nil {
			continue
		}
		count, _, _ := strings.Cut(strings.TrimPrefix(value, "keys="), ",")
		n, err := strconv.Atoi(count)
		if err != nil {
			return nil
		}
		sum, keeps = sum+n, true
	}
	if !keeps {
		return nil
	}
	return &sum
}
