package redis

import (
	"context"
	"strconv"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type resetSlowlogOutputs struct {
	Dropped *int `yaml:"dropped" doc:"How many entries there were; nil where the reply was lost."`
}

func (o resetSlowlogOutputs) Summary() string {
	if o.Dropped == nil {
		return "emptied"
	}
	return schema.HumanQuantity(*o.Dropped, "entry", "entries") + " dropped"
}

// ResetSlowlog empties the slow log.
var ResetSlowlog = action.New(action.Spec[action.None, resetSlowlogOutputs]{
	Name:    "redis.reset_slowlog",
	Summary: "Empties the log of slow commands of a Redis server; read it before with redis.slowlog, if it is evidence.",
	Example: "action: redis.reset_slowlog",
	Target:  Target,
	Effect:  action.Write,
	Run: func(ctx context.Context, call action.Call, _ action.None) (resetSlowlogOutputs, error) {
		s, log, err := slowLogOf(ctx, call)
		if err != nil {
			return resetSlowlogOutputs{}, action.NotApplied(err)
		}
		_, err = server.Ask(ctx, s, "SLOWLOG RESET", func(ctx context.Context, c *goredis.Client) (string, error) {
			return c.Do(ctx, "SLOWLOG", "RESET").Text()
		})
		return resetSlowlogOutputs{&log.count}, err
	},
	Preview: func(ctx context.Context, call action.Call, _ action.None) (action.Preview, error) {
		s, log, err := slowLogOf(ctx, call)
		if err != nil {
			return action.Preview{}, err
		}
		return action.Preview{
			Summary: "drop " + schema.HumanQuantity(log.count, "entry", "entries") + " of the log of slow commands",
			Touches: []action.Object{{Kind: "slow log", Name: s.Where, Count: log.count}},
		}, nil
	},
	Subjects: func(ctx context.Context, call action.Call, _ action.None) ([]action.Subject, error) {
		s, log, err := slowLogOf(ctx, call)
		if err != nil {
			return nil, err
		}
		return []action.Subject{{Kind: "slow log", Name: s.Where, ID: s.Where, Parts: strconv.FormatInt(log.newest, 10)}}, nil
	},
	Settle: func(ctx context.Context, call action.Call, _ action.None, subjects []action.Subject) (action.Applied, *resetSlowlogOutputs, error) {
		_, log, err := slowLogOf(ctx, call)
		if err != nil || len(subjects) != 1 {
			return action.AppliedLost, nil, err
		}
		before, err := strconv.ParseInt(subjects[0].Parts, 10, 64)
		if err != nil || before < 0 || log.count > 0 && log.oldest <= before {
			return action.AppliedLost, nil, nil
		}
		return action.AppliedFully, &resetSlowlogOutputs{}, nil
	},
	Look: func(call action.Call, _ action.None, _ []action.Subject) string {
		return server.Looking(server.Of, call, "SLOWLOG LEN")
	},
})

// slowLog is how much a server keeps of slow commands: the ids of entries grow.
type slowLog struct {
	count          int
	oldest, newest int64 // -1: it is empty
}

func slowLogOf(ctx context.Context, call action.Call) (*server.Server, slowLog, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, slowLog{}, err
	}
	found, err := server.Ask(ctx, s, "SLOWLOG GET", func(ctx context.Context, c *goredis.Client) ([]goredis.SlowLog, error) {
		return c.SlowLogGet(ctx, -1).Result()
	})
	log := slowLog{count: len(found), oldest: -1, newest: -1}
	if n := len(found); n > 0 {
		log.newest, log.oldest = found[0].ID, found[n-1].ID
	}
	return s, log, err
}
