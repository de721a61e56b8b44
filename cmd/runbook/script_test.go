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

// waitFor waits until a run of this script is in a state and, if one is named,
// at a step: `waitfor running wait`.
func waitFor(ts *testscript.TestScript, neg bool, words []string) {
	if neg || len(words) == 0 {
		ts.Fatalf("usage: waitfor STATE [STEP]")
	}
	end := time.Now().Add(20 * time.Second)
	for time.Now().Before(end) {
		ts.Check(ts.Exec("runbook", "runs"))
		runs := ts.ReadFile("stdout")
		if strings.Contains(runs, "\t"+words[0]+"\t") && (len(words) == 1 || reached(ts, words[1])) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("no run is %s", strings.Join(words, " at "))
}

// reached reports whether the journal of the last run has begun a step.
func reached(ts *testscript.TestScript, step string) bool {
	files, err := os.ReadDir(ts.MkAbs("state/runbook/runs"))
	ts.Check(err)
	for _, f := range files {
		text, err := os.ReadFile(ts.MkAbs("state/runbook/runs/" + f.Name()))
		ts.Check(err)
		if strings.Contains(string(text), `"type":"step_started","path":"`+step+`"`) {
			return true
		}
	}
	return false
}
