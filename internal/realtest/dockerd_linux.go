package realtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// startDockerd starts a Docker engine with directories and a socket of its own
// and returns its address. The engine ends with the test. Engines share the
// bridge and the packet filter of the system, so that only one at a time is
// started.
func startDockerd(t testing.TB) string {
	t.Helper()
	lockFile(t, filepath.Join(os.TempDir(), "runbook-realtest-dockerd.lock"), 10*time.Minute)
	// Not t.TempDir: a path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "runbook-dockerd-")
	if err != nil {
		t.Fatalf("make a directory for dockerd: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the directory of dockerd: %v", err)
		}
	})
	host := "unix://" + filepath.Join(dir, "docker.sock")
	startChild(t, child{
		name: "dockerd",
		flags: []string{
			"--host", host,
			"--data-root", filepath.Join(dir, "data"),
			"--exec-root", filepath.Join(dir, "exec"),
			"--pidfile", filepath.Join(dir, "dockerd.pid"),
		},
		dir: dir,
	})
	return host
}

// lockFile holds path locked against other processes and tests until the test
// ends. It fails the test if the lock is not free within timeout.
func lockFile(t testing.TB, path string, timeout time.Duration) {
	t.Helper()
	unlock, err := acquireLock(path, timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unlock)
}

// acquireLock locks path and returns how to unlock it.
func acquireLock(path string, timeout time.Duration) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	for deadline := time.Now().Add(timeout); ; time.Sleep(50 * time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			file.Close()
			return nil, fmt.Errorf("lock %s within %v: %w", path, timeout, err)
		}
	}
}

// endWithParent lets the system end a child when the thread that started it
// ends, also when the test is killed.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
