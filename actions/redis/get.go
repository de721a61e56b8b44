package redis

import (
	"context"
	"fmt"
	"slices"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/action"
	"runbook/engine/schema"
)

// shownBytes is how much of a text is given.
const shownBytes = 64 << 10

type getParams struct {
	Key string `yaml:"key" doc:"The key."`
	Max int    `yaml:"max" default:"100" min:"1" max:"10000" doc:"How many elements of a list, a set, a hash or a stream to give."`
}

func (p getParams) Brief() string { return p.Key }

type getOutputs struct {
	Key        string   `yaml:"key" doc:"The key."`
	Exists     bool     `yaml:"exists" doc:"Whether there is such a key; if not, all below is empty."`
	Type       string   `yaml:"type" doc:"string, list, set, zset, hash or stream."`
	Value      any      `yaml:"value" doc:"A text, at most its first 64 KiB; of a list or a set its elements; of a hash a map; of a sorted set a list of {member, score}, the least first; of a stream a list of {id, values}, the newest first."`
	Length     int      `yaml:"length" doc:"How many bytes the text has, or how many elements there are."`
	Complete   bool     `yaml:"complete" doc:"Whether value is all of it."`
	TTLSeconds *float64 `yaml:"ttl_seconds" doc:"Seconds that the key has left; nil where it does not expire."`
}

func (o getOutputs) Summary() string {
	if !o.Exists {
		return "there is no key " + o.Key
	}
	if o.Type == "string" {
		return o.Key + ": a text of " + schema.HumanBytes(float64(o.Length))
	}
	return fmt.Sprintf("%s: a %s of %s", o.Key, o.Type, schema.HumanQuantity(o.Length, "element", "elements"))
}

// Get reads a key, whatever its type.
var Get = action.New(action.Spec[getParams, getOutputs]{
	Name:    "redis.get",
	Summary: "Reads the value of a key of a Redis server, whatever its type, and how long the key is kept.",
	Example: `
action: redis.get
with: {key: "feature:checkout"}
verify: [not outputs.exists or outputs.type == "string"]
`,
	Target: Target,
	Effect: action.Read,
	Run:    get,
})

func get(ctx context.Context, call action.Call, p getParams) (getOutputs, error) {
	s, err := server.Of(call)
	if err != nil {
		return getOutputs{}, err
	}
	o := getOutputs{Key: shownKey(p.Key)}
	is, err := keyOf(ctx, s, p.Key)
	if err != nil || !is.exists() {
		return o, err
	}
	o.Exists, o.Type = true, is.kind
	if is.left > 0 {
		seconds := is.left.Seconds()
		o.TTLSeconds = &seconds
	}
	read, known := readers[is.kind]
	if !known {
		return o, nil
	}
	of, err := server.Ask(ctx, s, "reading the "+is.kind+" "+shownKey(p.Key), func(ctx context.Context, c *goredis.Client) (content, error) {
		return read(ctx, c, p.Key, p.Max)
	})
	o.Value, o.Length, o.Complete = of.value, int(of.length), of.length <= of.given
	return o, err
}

// content is what a key holds, or the beginning of it.
type content struct {
	value         any
	length, given int64
}

// readers read a key by its type, at most so many elements of it.
var readers = map[string]func(ctx context.Context, c *goredis.Client, key string, most int) (content, error){
	"string": func(ctx context.Context, c *goredis.Client, key string, _ int) (content, error) {
		length, err := c.StrLen(ctx, key).Result()
		if err != nil {
			return content{}, err
		}
		text, err := c.GetRange(ctx, key, 0, shownBytes-1).Result()
		return content{shownKey(text), length, int64(len(text))}, err
	},
	"list": func(ctx context.Context, c *goredis.Client, key string, most int) (content, error) {
		length, err := c.LLen(ctx, key).Result()
		if err != nil {
			return content{}, err
		}
		texts, err := c.LRange(ctx, key, 0, int64(most)-1).Result()
		return content{elements(texts), length, int64(len(texts))}, err
	},
	"set": func(ctx context.Context, c *goredis.Client, key string, most int) (content, error) {
		length, err := c.SCard(ctx, key).Result()
		if err != nil {
			return content{}, err
		}
		texts, err := scanned(most, 1, func(cursor uint64) ([]string, uint64, error) {
			return c.SScan(ctx, key, cursor, "", int64(most)).Result()
		})
		slices.Sort(texts)
		return content{elements(texts), length, int64(len(texts))}, err
	},
	"hash": func(ctx context.Context, c *goredis.Client, key string, most int) (content, error) {
		length, err := c.HLen(ctx, key).Result()
		if err != nil {
			return content{}, err
		}
		pairs, err := scanned(most, 2, func(cursor uint64) ([]string, uint64, error) {
			return c.HScan(ctx, key, cursor, "", int64(most)).Result()
		})
		value := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			value[shownKey(pairs[i])] = shownKey(pairs[i+1])
		}
		return content{value, length, int64(len(value))}, err
	},
	"zset": func(ctx context.Context, c *goredis.Client, key string, most int) (content, error) {
		length, err := c.ZCard(ctx, key).Result()
		if err != nil {
			return content{}, err
		}
		members, err := c.ZRangeWithScores(ctx, key, 0, int64(most)-1).Result()
		list := []any{}
		for _, m := range members {
			list = append(list, map[string]any{"member": shownKey(fmt.Sprint(m.Member)), "score": m.Score})
		}
		return content{list, length, int64(len(list))}, err
	},
	"stream": func(ctx context.Context, c *goredis.Client, key string, most int) (content, error) {
		length, err := c.XLen(ctx, key).Result()
		if err != nil {
			return content{}, err
		}
		entries, err := c.XRevRangeN(ctx, key, "+", "-", int64(most)).Result()
		list := []any{}
		for _, e := range entries {
			values := map[string]any{}
			for name, v := range e.Values {
				values[shownKey(name)] = shownKey(fmt.Sprint(v))
			}
			list = append(list, map[string]any{"id": e.ID, "values": values})
		}
		return content{list, length, int64(len(list))}, err
	},
}

// scanned reads pages until there are enough elements of so many words, or no more.
func scanned(most, words int, page func(cursor uint64) ([]string, uint64, error)) ([]string, error) {
	var all []string
	for cursor := uint64(0); ; {
		texts, next, err := page(cursor)
		if err != nil {
			return nil, err
		}
		if all = append(all, texts...); next == 0 || len(all) >= most*words {
			return all[:min(len(all), most*words)], nil
		}
		cursor = next
	}
}

func elements(texts []string) []any {
	out := make([]any, len(texts))
	for i, text := range texts {
		out[i] = shownKey(text)
	}
	return out
}
