package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a command and compares its exit code: `exits 2 runbook run x`.
func exits(ts *testscript.TestScript, neg bool, words []string) {
	if neg || len(words) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(words[0])
	ts.Check(err)
	err = ts.Exec(words[1], words[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

// waitFor waits until the newest run of this script is in a state and has begun
// a step: `waitfor running wait`.
func waitFor(ts *testscript.TestScript, neg bool, words []string) {
	if neg || len(words) != 2 {
		ts.Fatalf("usage: waitfor STATE STEP")
	}
	end := time.Now().Add(20 * time.Second)
	for time.Now().Before(end) {
		ts.Check(ts.Exec("runbook", "runs", "-n", "1"))
		newest := strings.Split(ts.ReadFile("stdout"), "\t")
		if len(newest) > 3 && newest[3] == words[0] && begun(ts, newest[0], words[1]) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("no run is %s", strings.Join(words, " at "))
}

// waitLab waits until a lab answers.
func waitLab(ts *testscript.TestScript, _ bool, _ []string) {
	end := time.Now().Add(20 * time.Second)
	for time.Now().Before(end) {
		if ts.Exec("runbook", "lab", "state") == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("no lab answers")
}

// begun reports whether the journal of a run has the start of a step.
func begun(ts *testscript.TestScript, run, step string) bool {
	text, err := os.ReadFile(ts.MkAbs("state/runbook/runs/" + run + ".journal"))
	ts.Check(err)
	return strings.Contains(string(text), `"type":"step_started","path":"`+step+`"`)
}

// damage changes a value in the middle of the only journal.
func damage(ts *testscript.TestScript, _ bool, _ []string) {
	dir := ts.MkAbs("state/runbook/runs/")
	files, err := os.ReadDir(dir)
	ts.Check(err)
	path := dir + "/" + files[0].Name()
	text, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(os.WriteFile(path, []byte(strings.Replace(string(text), "flow.wait", "flow.wake", 1)), 0o600))
}
