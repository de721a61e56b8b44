package redis

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// InfoParams are the parameters of redis.info.
type InfoParams struct {
	Section string `yaml:"section,omitempty" pattern:"^[a-z]+$" doc:"A section beyond the default ones to have in info, as commandstats."`
}

// InfoOutputs are the outputs of redis.info; see INFO in the manual of Redis.
type InfoOutputs struct {
	Version          string            `yaml:"version" doc:"The server's version."`
	Role             string            `yaml:"role" doc:"master or slave, as Redis calls them."`
	UptimeSeconds    int               `yaml:"uptime_seconds" doc:"Seconds since the server started."`
	UsedMemoryBytes  int               `yaml:"used_memory_bytes" doc:"Memory that Redis allocated."`
	MaxmemoryBytes   int               `yaml:"maxmemory_bytes" doc:"The limit of memory; 0 is none."`
	MaxmemoryPolicy  string            `yaml:"maxmemory_policy" doc:"What is evicted at the limit, as allkeys-lru."`
	ConnectedClients int               `yaml:"connected_clients" doc:"Connections of clients, this one among them."`
	EvictedKeys      int               `yaml:"evicted_keys" doc:"Keys evicted since the start."`
	KeyspaceHits     int               `yaml:"keyspace_hits" doc:"Lookups since the start that found their key."`
	KeyspaceMisses   int               `yaml:"keyspace_misses" doc:"Lookups since the start that did not."`
	HitRatePercent   *float64          `yaml:"hit_rate_percent" doc:"Hits in percent of all lookups; nil while there was none."`
	Keys             int               `yaml:"keys" doc:"Keys in all databases."`
	Info             map[string]string `yaml:"info" doc:"Every field of the answer as text."`
}

// Summary returns the figures that matter most.
func (o InfoOutputs) Summary() string {
	text := fmt.Sprintf("Redis %s, %s, %s keys", o.Version, schema.HumanBytes(float64(o.UsedMemoryBytes)), schema.HumanCount(int64(o.Keys)))
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
	s, err := serverOf(call)
	if err != nil {
		return InfoOutputs{}, err
	}
	text, err := s.info(ctx)
	if err != nil {
		return InfoOutputs{}, err
	}
	fields := parseInfo(text)
	if p.Section != "" {
		more, err := s.info(ctx, p.Section)
		if err != nil {
			return InfoOutputs{}, err
		}
		maps.Copy(fields, parseInfo(more))
	}
	return infoOutputs(fields), nil
}

// info returns the answer to INFO for these sections, without one the default.
func (s *server) info(ctx context.Context, sections ...string) (string, error) {
	tried := strings.Join(append([]string{"INFO"}, sections...), " ")
	return ask(ctx, s, tried, func(ctx context.Context, c *goredis.Client) (string, error) { return c.Info(ctx, sections...).Result() })
}

func infoOutputs(fields map[string]string) InfoOutputs {
	o := InfoOutputs{
		Version: fields["redis_version"], Role: fields["role"], MaxmemoryPolicy: fields["maxmemory_policy"],
		UptimeSeconds:    whole(fields["uptime_in_seconds"]),
		UsedMemoryBytes:  whole(fields["used_memory"]),
		MaxmemoryBytes:   whole(fields["maxmemory"]),
		ConnectedClients: whole(fields["connected_clients"]),
		EvictedKeys:      whole(fields["evicted_keys"]),
		KeyspaceHits:     whole(fields["keyspace_hits"]),
		KeyspaceMisses:   whole(fields["keyspace_misses"]),
		Keys:             keys(fields),
		Info:             fields,
	}
	if lookups := o.KeyspaceHits + o.KeyspaceMisses; lookups > 0 {
		rate := 100 * float64(o.KeyspaceHits) / float64(lookups)
		o.HitRatePercent = &rate
	}
	return o
}

// parseInfo reads the lines "name:value" of an INFO answer.
func parseInfo(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if ok && !strings.HasPrefix(name, "#") {
			fields[name] = value
		}
	}
	return fields
}

// keys adds up the keys of all databases: "db0:keys=12,expires=3,avg_ttl=0".
func keys(fields map[string]string) int {
	sum := 0
	for name, value := range fields {
		number, isDB := strings.CutPrefix(name, "db")
		if _, err := strconv.Atoi(number); !isDB || err != nil {
			continue
		}
		count, _, _ := strings.Cut(strings.TrimPrefix(value, "keys="), ",")
		sum += whole(count)
	}
	return sum
}

func whole(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
