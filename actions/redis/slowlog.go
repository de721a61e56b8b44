package redis

import (
	"context"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type slowlogParams struct {
	Max int `yaml:"max" default:"10" min:"1" max:"1000" doc:"How many entries, the newest ones."`
}

type slowCommand struct {
	ID         int64     `yaml:"id" doc:"Its number, since the server started."`
	At         time.Time `yaml:"at" doc:"When it was carried out, by the server's clock."`
	DurationMS float64   `yaml:"duration_ms" doc:"Milliseconds that it took, without waiting and sending."`
	Command    string    `yaml:"command" doc:"Its name and first arguments, at most 200 bytes."`
	Client     string    `yaml:"client" doc:"Address of who sent it."`
	ClientName string    `yaml:"client_name" doc:"Name that it gave itself; may be empty."`
}

type slowlogOutputs struct {
	Count         int           `yaml:"count" doc:"Entries that the server keeps."`
	MaxDurationMS float64       `yaml:"max_duration_ms" doc:"The longest of those given, in milliseconds; 0 without one."`
	Entries       []slowCommand `yaml:"entries" doc:"The newest first."`
}

func (o slowlogOutputs) Summary() string {
	if o.Count == 0 {
		return "no slow command"
	}
	return schema.HumanQuantity(o.Count, "slow command", "slow commands") + ", up to " + schema.HumanMilliseconds(o.MaxDurationMS)
}

// Slowlog reads which commands were slow.
var Slowlog = action.New(action.Spec[slowlogParams, slowlogOutputs]{
	Name:    "redis.slowlog",
	Summary: "Reads the commands that took a Redis server longer than its slowlog-log-slower-than.",
	Example: `
action: redis.slowlog
verify: [outputs.max_duration_ms < 100]
`,
	Target: Target,
	Effect: action.Read,
	Run:    slowlog,
})

func slowlog(ctx context.Context, call action.Call, p slowlogParams) (slowlogOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return slowlogOutputs{}, err
	}
	count, err := server.Ask(ctx, s, "SLOWLOG LEN", func(ctx context.Context, c *goredis.Client) (int, error) { return c.Do(ctx, "SLOWLOG", "LEN").Int() })
	if err != nil {
		return slowlogOutputs{}, err
	}
	found, err := server.Ask(ctx, s, "SLOWLOG GET", func(ctx context.Context, c *goredis.Client) ([]goredis.SlowLog, error) {
		return c.SlowLogGet(ctx, int64(p.Max)).Result()
	})
	if err != nil {
		return slowlogOutputs{}, err
	}
	o := slowlogOutputs{Count: max(count, len(found)), Entries: make([]slowCommand, 0, len(found))}
	for _, e := range found {
		ms := schema.Milliseconds(e.Duration)
		o.MaxDurationMS = max(o.MaxDurationMS, ms)
		o.Entries = append(o.Entries, slowCommand{ID: e.ID, At: e.Time.UTC(), DurationMS: ms, Command: shortened(e.Args), Client: e.ClientAddr, ClientName: e.ClientName})
	}
	return o, nil
}

// shortened is a command with its first arguments.
func shortened(args []string) string {
	const limit = 200
	text := strings.ToValidUTF8(strings.Join(args, " "), "?")
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
