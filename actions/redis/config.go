package redis

import (
	"context"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"runbook/actions/redis/server"
	"runbook/engine/schema"
)

// hidden stands for the value of a parameter that is a secret.
const hidden = "(hidden)"

// secretParameter says whether the value of a parameter is a secret.
func secretParameter(name string) bool {
	return slices.Contains([]string{"requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"}, strings.ToLower(name))
}

// configOf returns the parameters that match a pattern of CONFIG GET, secrets too.
func configOf(ctx context.Context, s *server.Server, pattern string) (map[string]string, error) {
	return server.Ask(ctx, s, "CONFIG GET "+pattern, func(ctx context.Context, c *goredis.Client) (map[string]string, error) {
		return c.ConfigGet(ctx, pattern).Result()
	})
}

// units are those of a size in redis.conf; a mb is 1024 kb, an m is 1000 k.
var units = []struct {
	name  string
	bytes int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"k", 1000}, {"m", 1000 * 1000}, {"g", 1000 * 1000 * 1000}, {"b", 1}, {"", 1},
}

// sizeOf reads a size as Redis does, and also 256MiB.
func sizeOf(text string) (bytes int64, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, u := range units {
		digits, ends := strings.CutSuffix(text, u.name)
		if !ends {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		return n * u.bytes, err == nil && n >= 0 && n <= (1<<62)/u.bytes
	}
	return 0, false
}

// sent is a value as Redis takes it: it does not know 256MiB.
func sent(value string) string {
	if !strings.HasSuffix(strings.ToLower(value), "ib") {
		return value
	}
	if n, ok := sizeOf(value); ok {
		return strconv.FormatInt(n, 10)
	}
	return value
}

// same says whether a parameter that reads as current was set to wanted, which
// may be a size with a unit.
func same(wanted, current string) bool {
	if strings.EqualFold(strings.TrimSpace(wanted), strings.TrimSpace(current)) {
		return true
	}
	n, ok := sizeOf(wanted)
	return ok && current == strconv.FormatInt(n, 10)
}

// isSize says whether the number of a parameter is of bytes.
func isSize(parameter string) bool {
	return slices.Contains([]string{"maxmemory", "maxmemory-clients", "repl-backlog-size", "client-query-buffer-limit", "proto-max-bulk-len", "auto-aof-rewrite-min-size", "active-defrag-ignore-bytes"}, parameter)
}

// shown is the value of a parameter for people.
func shown(parameter, value string) string {
	n, ok := sizeOf(value)
	switch {
	case value == "":
		return "nothing"
	case isSize(parameter) && ok && n == 0 && parameter == "maxmemory":
		return "no limit"
	case isSize(parameter) && ok:
		return schema.HumanBytes(float64(n))
	}
	return value
}
