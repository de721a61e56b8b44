//go:build unix

package shell

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/action/actiontest"
)

// TestMain is also the program that is killed while it runs a program.
func TestMain(m *testing.M) {
	script := os.Getenv("RUNBOOK_TEST_SCRIPT")
	if script == "" {
		os.Exit(m.Run())
	}
	bound, err := Run.Decode(map[string]any{"argv": sh(script)}, action.Target{})
	if err == nil {
		_, err = bound.Run(context.Background(), action.Call{Clock: action.SystemClock()})
	}
	fmt.Println(err)
	os.Exit(1)
}

// pidIn waits for the process that wrote its number to the file.
func pidIn(t *testing.T, file string) int {
	t.Helper()
	for range 500 {
		text, _ := os.ReadFile(file)
		if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("nothing wrote to %s", file)
	return 0
}

func lives(pid int) bool { return syscall.Kill(pid, 0) == nil && !zombie(pid) }

func gone(t *testing.T, pid int) {
	t.Helper()
	for range 300 {
		if !lives(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d still runs", pid)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// What a program leaves behind is told at once, by its name, and ended, whether it
// holds the output or not; a program that says that it is to stay leaves it. What went
// to a session of its own is not ended and not waited for, and told too.
func TestWhatIsLeftBehind(t *testing.T) {
	session := `setsid sh -c 'echo $$ > "$1"; exec sleep 321' x "$0" & while [ ! -s "$0" ]; do sleep 0.01; done; echo started`
	for name, c := range map[string]struct {
		script string
		detach bool
		what   string // "": it passes
		stays  bool
		held   bool
		apart  bool
	}{
		"it holds the output":      {script: `sleep 321 & echo $! > "$0"; echo started`, what: "exit code 0, and it left behind what was ended with it: sleep 321 (pid "},
		"it holds nothing":         {script: `sleep 321 >/dev/null 2>&1 & echo $! > "$0"; echo started`, what: "left behind what was ended with it: sleep 321 (pid "},
		"detached":                 {script: `sleep 321 & echo $! > "$0"; echo started`, detach: true, stays: true},
		"it ends by itself":        {script: `sleep 0.1 & echo $! > "$0"; echo started`},
		"in a session of its own":  {script: session, stays: true, held: true, apart: true},
		"there, and holds nothing": {script: strings.Replace(session, "& while", ">/dev/null 2>&1 & while", 1), stays: true, apart: true},
		"in another, and detached": {script: session, detach: true, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "pid")
			call := actiontest.Call(t)
			res, err := actiontest.Bind(t, Run, call, map[string]any{"argv": append(sh(c.script), file), "detach": c.detach}).Run(t.Context(), call)
			if took := res.Outputs["duration_ms"]; took != nil && took.(float64) > 5000 { // what it left is not waited for
				t.Errorf("took %v ms", took)
			}
			pid := pidIn(t, file)
			switch f := action.AsFailure(cmpErr(err)); {
			case c.what == "":
				apart := fmt.Sprint(res.Outputs["left"])
				if err != nil || res.Outputs["stdout"] != "started\n" || res.Outputs["held"] != c.held || strings.Contains(apart, fmt.Sprintf("sleep 321 (pid %d)", pid)) != c.apart || strings.Contains(res.Summary, "left running sleep 321") != c.apart {
					t.Errorf("%v, %q, %v", res.Outputs, res.Summary, err)
				}
			case f.Applied != action.AppliedPart || !strings.Contains(f.What, c.what) || !strings.Contains(strings.Join(f.Do, ""), "detach: true") || f.Seen[0] != "started":
				t.Errorf("%+v", f)
			}
			if !c.stays {
				gone(t, pid)
			} else if !lives(pid) {
				t.Error("it was ended")
			} else {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		})
	}
}

func cmpErr(err error) error {
	if err == nil {
		return &action.Failure{}
	}
	return err
}

// Where the engine is killed, what it started is ended with it: the program and what
// that started, in a session of its own too.
func TestNothingOutlivesTheEngine(t *testing.T) {
	dir := t.TempDir()
	program, child, apart := filepath.Join(dir, "program"), filepath.Join(dir, "child"), filepath.Join(dir, "apart")
	engine := exec.Command(os.Args[0])
	const long = "sh -c 'echo $$ > %s; while :; do sleep 0.05; done' & "
	engine.Env = append(os.Environ(), fmt.Sprintf("RUNBOOK_TEST_SCRIPT=echo $$ > %s; "+long+"setsid "+long+"wait", program, child, apart))
	if err := engine.Start(); err != nil {
		t.Fatal(err)
	}
	pids := []int{pidIn(t, program), pidIn(t, child), pidIn(t, apart)}
	_ = engine.Process.Kill()
	_ = engine.Wait()
	for _, pid := range pids {
		gone(t, pid)
	}
}

// The guard of a program is gone with it.
func TestNoGuardIsLeft(t *testing.T) {
	children := func() string {
		out, err := exec.Command("ps", "-o", "args=", "--ppid", strconv.Itoa(os.Getpid())).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	call := actiontest.Call(t)
	for _, argv := range [][]any{sh("exit 0"), {"/no/such/program"}} {
		_, _ = actiontest.Bind(t, Run, call, map[string]any{"argv": argv}).Run(t.Context(), call)
	}
	if left := children(); strings.Contains(left, "read -r end") {
		t.Errorf("left: %s", left)
	}
}
