package server

import (
	"context"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// Info returns the answer to INFO for these sections, without one the default.
func (s *Server) Info(ctx context.Context, sections ...string) (string, error) {
	tried := strings.Join(append([]string{"INFO"}, sections...), " ")
	return Ask(ctx, s, tried, func(ctx context.Context, c *goredis.Client) (string, error) { return c.Info(ctx, sections...).Result() })
}

// OneNode says whether a server is one of a cluster, which has keys elsewhere.
func OneNode(fields map[string]string) bool { return fields["cluster_enabled"] == "1" }

// ParseInfo reads the lines "name:value" of an INFO answer.
func ParseInfo(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if ok && !strings.HasPrefix(name, "#") {
			fields[name] = value
		}
	}
	return fields
}

// Figure is a number that a server tells; nil where it does not, or writes it
// otherwise.
func Figure(fields map[string]string, name string) *int {
	n, err := strconv.Atoi(fields[name])
	if err != nil {
		return nil
	}
	return &n
}
