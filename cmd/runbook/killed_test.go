//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"runbook/engine/event"
	"runbook/engine/journal"
)

// A run that is killed has begun no more than its journal says: of a hundred programs
// that may run at once those that had a place. They end with it, nothing further is
// started, and the report says of each that it is in doubt.
func TestKilledRun(t *testing.T) {
	dir := t.TempDir()
	begun, state := filepath.Join(dir, "begun"), filepath.Join(dir, "state")
	step := "  - {needs: [], action: shell.run, with: {argv: [sh, -c, 'echo $$ >> \"$0\"; sleep 60', " + begun + "]}}\n"
	text := "playbook: many\ntitle: t\npurpose: p\nexpected: e\nmax_parallel: 5\nsteps:\n" + strings.Repeat(step, 100)
	if err := os.WriteFile(filepath.Join(dir, "many.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program := exec.Command("runbook", "run", filepath.Join(dir, "many.yaml"), "--state-dir", state, "--output", "plain")
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	pids := func() []string {
		text, _ := os.ReadFile(begun)
		return strings.Fields(string(text))
	}
	eventually(t, "five programs run", func() bool { return len(pids()) == 5 })
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait()
	eventually(t, "they end", func() bool {
		for _, pid := range pids() {
			n, _ := strconv.Atoi(pid)
			stat, _ := os.ReadFile("/proc/" + pid + "/stat")
			if syscall.Kill(n, 0) == nil && !strings.Contains(string(stat), ") Z ") {
				return false
			}
		}
		return true
	})
	s, err := journal.Open(state)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := s.Find("last")
	if err != nil {
		t.Fatal(err)
	}
	intents := 0
	_, err = journal.Scan(s.Path(sum.ID), func(e event.Event) error {
		if e.Type == event.TypeIntent {
			intents++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(pids()); intents != 5 || n != 5 {
		t.Errorf("%d intents, %d programs", intents, n)
	}
	report, err := exec.Command("runbook", "report", "last", "--state-dir", state).Output()
	if said := strings.Count(string(report), `run sh -c "echo $$ >>`); !strings.Contains(string(report), "In doubt") || !strings.Contains(string(report), "it may have run, in whole or in part") || said < 5 {
		t.Errorf("%v: in doubt are %d\n%s", err, said, report)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("not in ten seconds: " + what)
}
