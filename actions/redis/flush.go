package redis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type flushParams struct {
	What string `yaml:"what" enum:"database,server" doc:"The keys of the database of the target, or of all databases of the server."`
}

func (p flushParams) Brief() string { return "the " + p.What }

type flushOutputs struct {
	KeysBefore *int `yaml:"keys_before" doc:"How many keys there were; nil where the server does not tell."`
}

func (o flushOutputs) Summary() string {
	if o.KeysBefore == nil {
		return "emptied"
	}
	return schema.HumanQuantity(*o.KeysBefore, "key", "keys") + " deleted"
}

// Flush deletes all keys.
var Flush = action.New(action.Spec[flushParams, flushOutputs]{
	Name:    "redis.flush",
	Summary: "Deletes all keys of a database of a Redis server, or of all of them; the memory is freed in the background.",
	Example: `
action: redis.flush
with: {what: database}
approve: {message: Empty the cache?}
`,
	Target:  Target,
	Effect:  action.Destructive,
	Run:     flush,
	Preview: previewFlush,
	Subjects: func(ctx context.Context, call action.Call, p flushParams) ([]action.Subject, error) {
		s, run, err := processOf(ctx, call)
		if err != nil {
			return nil, err
		}
		n, _, err := p.keys(ctx, s)
		subject := action.Subject{Kind: p.What, Name: p.name(s), ID: s.Where + " " + p.name(s), Version: run}
		if n != nil {
			subject.Parts = strconv.Itoa(*n)
		}
		return []action.Subject{subject}, err
	},
	Settle: func(ctx context.Context, call action.Call, p flushParams, subjects []action.Subject) (action.Applied, *flushOutputs, error) {
		if had, err := hadKeys(ctx, call, subjects); !had {
			return action.AppliedLost, nil, err
		}
		s, err := server.Of(call)
		if err != nil {
			return action.AppliedLost, nil, err
		}
		left, _, err := p.keys(ctx, s)
		if err != nil || left == nil || *left > 0 {
			return action.AppliedLost, nil, err
		}
		return action.AppliedFully, &flushOutputs{}, nil
	},
	Look: func(call action.Call, _ flushParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "INFO keyspace")
	},
})

// name is what is emptied: "db0", or "all databases".
func (p flushParams) name(s *server.Server) string {
	if p.What == "server" {
		return "all databases"
	}
	db, _ := s.Call.Target.Config["db"].(int)
	return "db" + strconv.Itoa(db)
}

// keys are how many keys would be deleted, and which databases they are of.
func (p flushParams) keys(ctx context.Context, s *server.Server) (n *int, of []string, err error) {
	text, err := s.Info(ctx)
	if err != nil {
		return nil, nil, err
	}
	fields := server.ParseInfo(text)
	for name, line := range fields {
		number, isDB := strings.CutPrefix(name, "db")
		if _, err := strconv.Atoi(number); isDB && err == nil {
			if p.What == "database" && name != p.name(s) {
				delete(fields, name)
				continue
			}
			of = append(of, name+" "+line)
		}
	}
	slices.Sort(of)
	return keys(maps.Clone(fields)), of, nil
}

func flush(ctx context.Context, call action.Call, p flushParams) (flushOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return flushOutputs{}, err
	}
	before, _, err := p.keys(ctx, s)
	if err != nil {
		return flushOutputs{}, action.NotApplied(err)
	}
	command := map[string]string{"database": "FLUSHDB", "server": "FLUSHALL"}[p.What]
	_, err = server.Ask(ctx, s, command+" ASYNC", func(ctx context.Context, c *goredis.Client) (string, error) {
		return c.Do(ctx, command, "ASYNC").Text()
	})
	return flushOutputs{before}, err
}

func previewFlush(ctx context.Context, call action.Call, p flushParams) (action.Preview, error) {
	s, err := server.Of(call)
	if err != nil {
		return action.Preview{}, err
	}
	n, of, err := p.keys(ctx, s)
	if err != nil {
		return action.Preview{}, err
	}
	preview := action.Preview{Summary: "empty " + p.name(s) + ", an unknown number of keys"}
	if n != nil {
		preview.Summary = fmt.Sprintf("empty %s, %s", p.name(s), schema.HumanQuantity(*n, "key", "keys"))
		preview.Touches = []action.Object{{Kind: "keys", Name: p.name(s), Note: strings.Join(of, "; "), Count: *n}}
	}
	return preview, nil
}
