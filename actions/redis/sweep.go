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

// selection says which keys a step is about.
type selection struct {
	Pattern        string         `yaml:"pattern" doc:"Which keys, as session:*; see SCAN in the manual of Redis."`
	Type           string         `yaml:"type,omitempty" enum:"string,list,set,zset,hash,stream" doc:"Only keys of this type."`
	IdleLongerThan *time.Duration `yaml:"idle_longer_than" min:"1s" doc:"Only keys that nobody has used for that long; a server that evicts by LFU does not tell."`
}

func (p selection) Brief() string {
	text := p.Pattern
	if p.Type != "" {
		text += " of type " + p.Type
	}
	if p.IdleLongerThan != nil {
		text += " idle longer than " + schema.HumanDuration(*p.IdleLongerThan)
	}
	return text
}

// A batch is aimed at what keeps a server busy for up to busyTime: others wait
// for that long at most.
const (
	busyTime   = 2 * time.Millisecond
	leastBatch = 10
	mostBatch  = 500
)

// sweep goes over the keys of a selection in batches, and rests after each for as long
// as the server was busy with it.
type sweep struct {
	*server.Server
	selection
	oneNode  bool // of a cluster: the others have keys that it does not see
	asked    int  // keys that were looked at
	quickest time.Duration
	size     int
}

func newSweep(ctx context.Context, call action.Call, of selection) (*sweep, error) {
	s, err := server.Of(call)
	if err != nil {
		return nil, err
	}
	n := &sweep{Server: s, selection: of, size: 100}
	text, err := s.Info(ctx, "cluster")
	if err != nil && !server.Answered(err) { // a user who may only scan is not told
		return nil, err
	}
	n.oneNode = server.OneNode(server.ParseInfo(text))
	began := call.Clock.Now()
	_, err = server.Ask(ctx, s, "PING", func(ctx context.Context, c *goredis.Client) (string, error) { return c.Ping(ctx).Result() })
	n.quickest = call.Clock.Now().Sub(began)
	if err != nil && !server.Answered(err) {
		return nil, err
	}
	return n, nil
}

// each calls do with the keys of each batch that fit, until it wants no more. It reports
// whether all keys of the server were seen. SCAN may give a key twice, and one that is
// made meanwhile or not.
func (n *sweep) each(ctx context.Context, do func(keys []string) (more bool, err error)) (complete bool, err error) {
	type page struct {
		keys []string
		next uint64
	}
	for cursor := uint64(0); ; {
		began := n.Call.Clock.Now()
		got, err := server.Ask(ctx, n.Server, "SCAN MATCH "+n.Pattern, func(ctx context.Context, c *goredis.Client) (page, error) {
			scanned := c.Scan(ctx, cursor, n.Pattern, int64(n.size))
			if n.Type != "" {
				scanned = c.ScanType(ctx, cursor, n.Pattern, int64(n.size), n.Type)
			}
			keys, next, err := scanned.Result()
			return page{keys, next}, err
		})
		if err != nil {
			return false, err
		}
		n.asked += n.size
		keys, err := n.idle(ctx, got.keys)
		if err != nil {
			return false, err
		}
		if len(keys) > 0 {
			if more, err := do(keys); err != nil || !more {
				return err == nil && got.next == 0, err
			}
		}
		if cursor = got.next; cursor == 0 {
			return true, nil
		}
		if err := n.rest(ctx, n.Call.Clock.Now().Sub(began)); err != nil {
			return false, err
		}
	}
}

// rest leaves the server to others after a batch that took that long, and makes the next
// one smaller or larger by that. What the way to the server takes is not its work.
func (n *sweep) rest(ctx context.Context, took time.Duration) error {
	n.quickest = min(n.quickest, took)
	busy := took - n.quickest
	switch {
	case busy > busyTime:
		n.size = max(n.size/2, leastBatch)
	case busy < busyTime/4:
		n.size = min(n.size*2, mostBatch)
	}
	pause := max(busy, time.Millisecond)
	if err := n.Call.Clock.Sleep(ctx, pause); err != nil {
		return n.Failed(ctx, "rested between two batches", pause, err)
	}
	return nil
}

// idle are those of the keys that nobody used for long enough.
func (n *sweep) idle(ctx context.Context, keys []string) ([]string, error) {
	if n.IdleLongerThan == nil || len(keys) == 0 {
		return keys, nil
	}
	times, err := pipelined(ctx, n.Server, "OBJECT IDLETIME", keys, func(p goredis.Pipeliner, key string) *goredis.DurationCmd { return p.ObjectIdleTime(ctx, key) })
	if err != nil && strings.Contains(err.Error(), "LFU") {
		f := *action.AsFailure(err)
		f.What, f.Final = "the server evicts by LFU, and keeps no times of use", true
		f.Do = []string{"leave out idle_longer_than"}
		return nil, &f
	}
	var out []string
	for i, key := range keys {
		if t, told := times[i], times[i] != nil; told && t.Val() >= *n.IdleLongerThan {
			out = append(out, key)
		}
	}
	return out, err
}

// pipelined sends one command for each key at once and returns their answers; that of a key
// which has gone meanwhile is nil.
func pipelined[C goredis.Cmder](ctx context.Context, s *server.Server, tried string, keys []string, command func(goredis.Pipeliner, string) C) ([]C, error) {
	return server.Ask(ctx, s, tried, func(ctx context.Context, c *goredis.Client) ([]C, error) {
		out := make([]C, len(keys))
		_, err := c.Pipelined(ctx, func(p goredis.Pipeliner) error {
			for i, key := range keys {
				out[i] = command(p, key)
			}
			return nil
		})
		var none C
		for i := range out {
			if server.IsGone(out[i].Err()) {
				out[i] = none
			} else if out[i].Err() != nil {
				return out, out[i].Err()
			}
		}
		if server.IsGone(err) {
			err = nil
		}
		return out, err
	})
}

// shownKey is a key for people, who may not read each of its bytes.
func shownKey(key string) string { return strings.ToValidUTF8(key, "\uFFFD") }

// shownKeys are the first keys, for a preview.
func shownKeys(keys []string) []string {
	var out []string
	for _, key := range keys[:min(len(keys), 5)] {
		out = append(out, shownKey(key))
	}
	return out
}
