package redis

import (
	"context"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
)

// key is what a server tells of one key.
type key struct {
	kind string        // "none" where there is none
	left time.Duration // 0: it does not expire
}

func (k key) exists() bool { return k.kind != "none" }

func keyOf(ctx context.Context, s *server.Server, name string) (key, error) {
	return server.Ask(ctx, s, "TYPE "+shownKey(name), func(ctx context.Context, c *goredis.Client) (key, error) {
		kind, err := c.Type(ctx, name).Result()
		if err != nil || kind == "none" {
			return key{kind: kind}, err
		}
		left, err := c.PTTL(ctx, name).Result()
		return key{kind, max(left, 0)}, err
	})
}
