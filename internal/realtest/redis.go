package realtest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
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

// StartRedis starts a Redis server for this test alone.
func StartRedis(t testing.TB) *RedisServer {
	t.Helper()
	port := FreePort(t)
	dir := t.TempDir()
	stop := startChild(t, child{
		name: "redis-server",
		flags: []string{
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir,
			"--save", "", "--appendonly", "no", "--daemonize", "no",
		},
		dir: dir,
	})
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
