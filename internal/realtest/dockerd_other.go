//go:build !linux

package realtest

import (
	"syscall"
	"testing"
	"time"
)

// startDockerd fails the test: an engine can be started on Linux only.
func startDockerd(t testing.TB) string {
	t.Helper()
	t.Fatal("start a Docker engine, or set DOCKER_HOST: a test can start one on Linux only")
	return ""
}

// acquireLock does not lock: where tests start no engine, they build the same
// image twice at worst.
func acquireLock(string, time.Duration) (func(), error) { return func() {}, nil }

// endWithParent has no equivalent here: a killed test leaves its children.
func endWithParent() *syscall.SysProcAttr { return nil }
