// Package realtest gives tests real services: a Docker engine with containers
// of lab/app, Redis servers, Prometheus with an Alertmanager. Only tests import it.
//
// It connects to what $DOCKER_HOST and $RUNBOOK_TEST_REDIS name, or to the
// engine's standard socket, and starts the other services of its own in temporary
// directories. Everything that it starts has a unique name,
// listens on loopback, and ends with the test that asked for it; it never
// touches anything else. Packages may use it at the same time.
//
//	func TestRestartReal(t *testing.T) {
//		if !realtest.Enabled() {
//			return
//		}
//		app := realtest.Docker(t).App(t, realtest.AppOptions{MemoryMiB: 128})
//		app.Leak(t, "heap", "4MiB")
//		...
//	}
package realtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"runbook/lab/container"
)

// Enabled reports whether tests against real services were asked for, with
// RUNBOOK_TEST_REAL=1. A service that cannot be had is then a failure.
func Enabled() bool { return os.Getenv("RUNBOOK_TEST_REAL") == "1" }

// UniqueName returns a name for a container or another shared object: the name
// of the test, as a name may be spelled, and a random part.
func UniqueName(t testing.TB) string {
	t.Helper()
	spelled := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(t.Name()))
	return fmt.Sprintf("runbook-%.40s-%s", spelled, strings.ToLower(rand.Text()[:8]))
}

// FreePort returns a TCP port on loopback at which nothing listens. It lies
// below the ports that systems give to outgoing connections, so that it is
// still free after a moment without a listener, as in a restart.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := container.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// poll calls try until it succeeds, or returns its last error after timeout.
func poll(ctx context.Context, timeout time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	started := time.Now()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("tried for %v: %w", time.Since(started).Round(time.Millisecond), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
