package realtest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Redis returns the address, host:port, of a Redis server that other tests use
// too: the one of $RUNBOOK_TEST_REDIS, else one started for this test. A test
// that changes more than its own keys takes StartRedis.
func Redis(t testing.TB) string {
	t.Helper()
	address := os.Getenv("RUNBOOK_TEST_REDIS")
	if address == "" {
		return StartRedis(t).Address
	}
	if err := poll(t.Context(), 3*time.Second, func(ctx context.Context) error { return pingRedis(ctx, address) }); err != nil {
		t.Fatalf("no Redis server answers at RUNBOOK_TEST_REDIS=%s: %v", address, err)
	}
	return address
}

// RedisServer is a Redis server of one test.
type RedisServer struct {
	Address string // host:port on loopback
	Stop    func() // ends the server, once; happens by itself when the test ends
}

// StartRedis starts a Redis server for this test alone, with more flags before those that
// keep it to itself.
func StartRedis(t testing.TB, more ...string) *RedisServer {
	t.Helper()
	port := FreePort(t)
	dir := t.TempDir()
	stop := startChild(t, child{
		name: "redis-server",
		flags: append(slices.Clone(more),
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir,
			"--save", "", "--appendonly", "no", "--daemonize", "no",
		),
		dir: dir,
	})
	return answering(t, port, stop)
}

// StartSentinel starts a Sentinel for this test alone, which watches the master of that
// address under a name and decides by itself.
func StartSentinel(t testing.TB, name, master string) *RedisServer {
	t.Helper()
	port, dir := FreePort(t), t.TempDir()
	host, at, err := net.SplitHostPort(master)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "sentinel.conf")
	text := fmt.Sprintf("bind 127.0.0.1\nport %d\ndir %s\nsentinel monitor %s %s %s 1\nsentinel down-after-milliseconds %[3]s 2000\nsentinel failover-timeout %[3]s 10000\n", port, dir, name, host, at)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return answering(t, port, startChild(t, child{name: "redis-server", flags: []string{file, "--sentinel"}, dir: dir}))
}

// answering waits until a server answers.
func answering(t testing.TB, port int, stop func()) *RedisServer {
	t.Helper()
	server := &RedisServer{Address: fmt.Sprintf("127.0.0.1:%d", port), Stop: stop}
	err := poll(t.Context(), 10*time.Second, func(ctx context.Context) error { return pingRedis(ctx, server.Address) })
	if err != nil {
		t.Fatalf("the Redis server at %s does not answer: %v", server.Address, err)
	}
	return server
}

// pingRedis sends an inline PING and wants +PONG.
func pingRedis(ctx context.Context, address string) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := connection.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		return err
	}
	if strings.TrimSpace(line) != "+PONG" {
		return fmt.Errorf("%s answered %q to PING", address, strings.TrimSpace(line))
	}
	return nil
}
