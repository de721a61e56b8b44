package realtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// stopTimeout is how long a child may take to end by itself.
const stopTimeout = 20 * time.Second

// child is a server to start.
type child struct {
	name  string
	flags []string
	dir   string // where it runs, and keeps its log
}

// startChild starts c and returns how to stop it, which happens by itself when
// the test ends. The log of the child is shown if the test has failed.
func startChild(t testing.TB, c child) (stop func()) {
	t.Helper()
	path, err := exec.LookPath(c.name)
	if err != nil {
		t.Fatalf("%s is not installed: %v", c.name, err)
	}
	logPath := filepath.Join(c.dir, filepath.Base(c.name)+".log")
	log, err := os.Create(logPath)
	if err != nil {
		t.Fatalf("make the log of %s: %v", c.name, err)
	}
	defer log.Close()
	cmd := exec.Command(path, c.flags...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = c.dir, log, log, endWithParent()

	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		// The child ends with the thread that started it: keep that thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // A server that is told to end may say so by any exit code.
		}
	}()
	if err := <-started; err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	stop = sync.OnceFunc(func() { stopChild(t, cmd.Process, c.name, ended) })
	t.Cleanup(func() {
		stop()
		if text, err := os.ReadFile(logPath); t.Failed() && err == nil {
			t.Logf("the end of the log of %s:\n%s", c.name, text[max(0, len(text)-4096):])
		}
	})
	return stop
}

// stopChild asks the process to end, and kills it if it does not.
func stopChild(t testing.TB, process *os.Process, name string, ended <-chan struct{}) {
	t.Helper()
	if err := terminate(process); err != nil {
		t.Logf("stop %s: %v", name, err)
	}
	select {
	case <-ended:
		return
	case <-time.After(stopTimeout):
	}
	t.Errorf("%s did not end within %v of being told, and was killed", name, stopTimeout)
	if err := process.Kill(); err != nil {
		t.Errorf("kill %s: %v", name, err)
	}
	<-ended
}

// terminate tells the process to end; Windows knows only killing.
func terminate(process *os.Process) error {
	if runtime.GOOS == "windows" {
		return process.Kill()
	}
	return process.Signal(os.Interrupt)
}
