package redis_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// cli runs a redis-cli against a server of the lab.
func cli(t *testing.T, address string, args ...string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, "redis-cli", append([]string{"-h", host, "-p", port}, args...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("redis-cli %v: %v, %s", args, err, out)
	}
	return string(out)
}

func TestRedisCLIReal(t *testing.T) {
	if os.Getenv("RUNBOOK_TEST_REAL") == "" {
		return
	}
	l := start(t)
	for _, c := range []struct{ command, want string }{
		{"PING", "PONG"}, {"INFO memory", "used_memory:100663296"}, {"CONFIG GET maxmemory", "maxmemory\n268435456"}, {"SLOWLOG GET", "\n"},
		{"CLIENT LIST", "cmd=client|list"}, {"LATENCY LATEST", "\n"}, {"--scan --pattern session:*", "session:"},
		{"-3 INFO server", "redis_version"}, {"DBSIZE", "42"}, {"MEMORY STATS", "peak.allocated"},
	} {
		args := append([]string{"--no-auth-warning", "-a", password}, strings.Fields(c.command)...)
		if got := cli(t, l.Addr(), args...); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", c.command, got)
		}
	}
	if got := cli(t, l.Addr(), "AUTH", password); got != "OK\n" {
		t.Errorf("AUTH: %q", got)
	}
	if got := cli(t, l.Addr(), "PING"); !strings.Contains(got, "NOAUTH") {
		t.Errorf("without AUTH: %q", got)
	}
}
