package server

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/engine/action"
	"runbook/engine/schema"
)

// guard is the layer below every command: it logs each, and in a dry run passes
// those that are on the list of reads and refuses all others before a byte is
// sent.
type guard struct{ dryRun bool }

var _ goredis.Hook = guard{}

// callKey is the action.Call of a command in its context.
type callKey struct{}

// DialHook passes: a connection changes nothing.
func (guard) DialHook(next goredis.DialHook) goredis.DialHook { return next }

// ProcessHook sends a command, or refuses it.
func (g guard) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		return g.send(ctx, []goredis.Cmder{cmd}, func() error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook sends a pipeline, or refuses it if one command is refused.
func (g guard) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		return g.send(ctx, cmds, func() error { return next(ctx, cmds) })
	}
}

func (g guard) send(ctx context.Context, cmds []goredis.Cmder, next func() error) error {
	for _, cmd := range cmds {
		if g.dryRun && !IsRead(cmd.Args()) {
			err := action.RefusedInDryRun("redis " + named(cmd))
			for _, each := range cmds {
				each.SetErr(err)
			}
			return err
		}
	}
	call, ok := ctx.Value(callKey{}).(action.Call)
	if !ok {
		return next()
	}
	began := call.Clock.Now()
	err := next()
	took := call.Clock.Now().Sub(began)
	for _, cmd := range cmds {
		status := "ok"
		failed := cmd.Err()
		if len(cmds) == 1 {
			failed = err // which the library gives to the command later
		}
		if failed != nil && !errors.Is(failed, goredis.Nil) {
			status = cmp.Or(answerCode(failed), action.Unreachable(context.WithoutCancel(ctx), failed, action.Reach{Took: took}).What)
		}
		request := named(cmd)
		if more := len(cmd.Args()) - len(strings.Fields(request)); more > 0 {
			request += " with " + schema.HumanQuantity(more, "word", "words")
		}
		call.LogRequest("redis", request, status, took)
	}
	return err
}

// named is the command with its subcommand; other words may be data.
func named(cmd goredis.Cmder) string {
	name, second := words(cmd.Args())
	if _, listed := containers[name]; listed && second != "" {
		name += " " + second
	}
	return strings.ToUpper(name)
}

// answerCode is the code of an error that the server answered: "WRONGTYPE"; the
// rest of its text may quote the command.
func answerCode(err error) string {
	var reply goredis.Error
	if !errors.As(err, &reply) {
		return ""
	}
	code, _, _ := strings.Cut(reply.Error(), " ")
	return code
}

// IsRead decides on the name of a command, and on its subcommand where it has
// some, from the arguments as they are sent.
func IsRead(args []any) bool {
	name, second := words(args)
	if slices.Contains(reads, name) {
		return true
	}
	return slices.Contains(containers[name], second)
}

// words returns the first two arguments in lower case, "" for what is no text.
func words(args []any) (name, second string) {
	at := func(i int) string {
		if i >= len(args) {
			return ""
		}
		switch v := args[i].(type) {
		case string:
			return strings.ToLower(v)
		case []byte:
			return strings.ToLower(string(v))
		}
		return ""
	}
	return at(0), at(1)
}

// reads are the commands that change nothing with any arguments, and those that
// set up a connection or a transaction around such. Left out are those that
// store a result by an option (SORT, GEORADIUS), touch what they read (TOUCH,
// GETEX, PFCOUNT) or burden a server (MONITOR, WAIT).
var reads = []string{
	"ping", "echo", "time", "info", "dbsize", "lastsave", "role", "command",
	"hello", "auth", "select", "quit", "readonly", "readwrite", "multi", "exec", "discard", "watch", "unwatch",
	"exists", "type", "ttl", "pttl", "expiretime", "pexpiretime", "keys", "scan", "randomkey", "dump",
	"get", "mget", "getrange", "substr", "strlen", "getbit", "bitcount", "bitpos", "bitfield_ro", "lcs",
	"llen", "lrange", "lindex", "lpos", "sort_ro",
	"scard", "smembers", "sismember", "smismember", "srandmember", "sscan", "sinter", "sintercard", "sunion", "sdiff",
	"hget", "hgetall", "hmget", "hkeys", "hvals", "hlen", "hexists", "hstrlen", "hrandfield", "hscan", "httl", "hpttl",
	"zcard", "zcount", "zlexcount", "zrange", "zrevrange", "zrangebyscore", "zrevrangebyscore", "zrangebylex",
	"zrevrangebylex", "zscore", "zmscore", "zrank", "zrevrank", "zrandmember", "zscan", "zdiff", "zinter", "zintercard", "zunion",
	"xlen", "xrange", "xrevrange", "xread", "xpending",
	"geodist", "geohash", "geopos", "geosearch", "georadius_ro", "georadiusbymember_ro",
}

// containers are the commands of which some subcommands are reads.
var containers = map[string][]string{
	"config":   {"get"},
	"slowlog":  {"get", "len"},
	"latency":  {"latest", "history", "doctor", "graph", "histogram"},
	"memory":   {"usage", "stats", "doctor", "malloc-stats"},
	"client":   {"list", "info", "id", "getname", "getredir", "trackinginfo", "setname", "setinfo"},
	"cluster":  {"info", "nodes", "slots", "shards", "links", "myid", "keyslot", "countkeysinslot", "getkeysinslot", "replicas"},
	"acl":      {"list", "users", "getuser", "whoami", "cat"},
	"object":   {"encoding", "freq", "idletime", "refcount"},
	"pubsub":   {"channels", "numsub", "numpat", "shardchannels", "shardnumsub"},
	"script":   {"exists"},
	"function": {"list", "stats", "dump"},
	"module":   {"list"},
	"xinfo":    {"stream", "groups", "consumers"},
	"sentinel": {"masters", "master", "replicas", "sentinels", "get-master-addr-by-name", "ckquorum", "myid"},
}
