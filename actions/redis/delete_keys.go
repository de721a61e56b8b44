package redis

import (
	"context"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

type deleteKeysParams struct {
	selection
	Limit int `yaml:"limit" min:"1" max:"10000000" doc:"How many keys to delete at most; it stops there."`
}

type deleteKeysOutputs struct {
	Deleted  *int `yaml:"deleted" doc:"How many keys were deleted; nil where a reply was lost, and reading found none left."`
	Complete bool `yaml:"complete" doc:"false: it stopped at the limit, or the server is one node of a cluster."`
}

func (o deleteKeysOutputs) Summary() string {
	if o.Deleted == nil {
		return "no such key is left"
	}
	text := schema.HumanQuantity(*o.Deleted, "key", "keys") + " deleted"
	if !o.Complete {
		text += ", there may be more"
	}
	return text
}

// Nothing reports that all was as it should be.
func (o deleteKeysOutputs) Nothing() bool { return o.Deleted != nil && *o.Deleted == 0 }

// DeleteKeys deletes keys in small parts.
var DeleteKeys = action.New(action.Spec[deleteKeysParams, deleteKeysOutputs]{
	Name:    "redis.delete_keys",
	Summary: "Deletes the keys of a Redis server that match a pattern, in small parts with rests between them, so that others need not wait; it stops at a limit.",
	Example: `
action: redis.delete_keys
with: {pattern: "cache:page:*", limit: 100000}
approve: {message: Delete the cached pages?}
`,
	Target:  Target,
	Effect:  action.Destructive,
	Takes:   func(p deleteKeysParams) time.Duration { return swept(p.Limit) },
	Run:     deleteKeys,
	Preview: previewDelete,
	Subjects: func(ctx context.Context, call action.Call, p deleteKeysParams) ([]action.Subject, error) {
		subjects, err := p.ofServer(ctx, call)
		if err != nil {
			return nil, err
		}
		_, c, err := p.preview(ctx, call, 1, nil)
		subjects[0].Parts = strconv.Itoa(c.count)
		return subjects, err
	},
	Settle: settleDelete,
	Look: func(call action.Call, p deleteKeysParams, _ []action.Subject) string {
		return server.Looking(server.Of, call, "--scan --pattern "+action.Quote(p.Pattern))
	},
})

// swept is how long so many keys may take, with the rests between the parts.
func swept(keys int) time.Duration { return time.Duration(keys) * 100 * time.Microsecond }

func deleteKeys(ctx context.Context, call action.Call, p deleteKeysParams) (deleteKeysOutputs, error) {
	done, complete, err := p.changeKeys(ctx, call, p.Limit, func(ctx context.Context, n *sweep, keys []string) (int, error) {
		gone, err := server.Ask(ctx, n.Server, "UNLINK of "+schema.HumanQuantity(len(keys), "key", "keys"), func(ctx context.Context, c *goredis.Client) (int64, error) {
			return c.Unlink(ctx, keys...).Result()
		})
		return int(gone), err
	})
	return deleteKeysOutputs{Deleted: &done, Complete: complete}, err
}

func previewDelete(ctx context.Context, call action.Call, p deleteKeysParams) (action.Preview, error) {
	_, c, err := p.preview(ctx, call, p.Limit, nil)
	if err != nil || c.count == 0 {
		return action.Preview{Summary: "no key matches " + p.Brief()}, err
	}
	return action.Preview{Summary: "delete " + c.told() + ", " + p.Brief(), Touches: []action.Object{c.object(p.selection)}}, nil
}

// settleDelete looks whether such a key is left. As long as one is, the server may still be
// at it, or it is another that was made meanwhile. Where there was none before, or another
// process has the keys now, that none is left proves nothing.
func settleDelete(ctx context.Context, call action.Call, p deleteKeysParams, subjects []action.Subject) (action.Applied, *deleteKeysOutputs, error) {
	if had, err := hadKeys(ctx, call, subjects); !had {
		return action.AppliedLost, nil, err
	}
	n, c, err := p.preview(ctx, call, 1, nil)
	if err != nil || c.count > 0 || n.oneNode {
		return action.AppliedLost, nil, err
	}
	return action.AppliedFully, &deleteKeysOutputs{Complete: true}, nil
}
