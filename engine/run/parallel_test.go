package run_test

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
)

func TestParallelBoundsActionsAtOnce(t *testing.T) {
	for parallel, took := range map[int]time.Duration{1: 20 * time.Second, 2: 10 * time.Second, 0: 5 * time.Second} {
		s := newScene()
		s.options.Parallel = parallel
		s.play(t, "steps:\n"+strings.Repeat("  - {needs: [], action: world.set, with: {name: a, value: 1, takes: 5s}}\n", 4))
		equal(t, "took", s.took, took)
		equal(t, "end", s.final.State, event.Done)
	}
}

func TestFailureInAParallelLoopLetsChangesFinish(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - id: x
    for_each: [1, 2, 3]
    max_parallel: 2
    steps:
      - {when: item == 1, action: world.set, with: {name: a, value: 1, takes: 1s, ends: not_applied}}
      - {when: item != 1, action: world.set, with: {name: b, value: 1, takes: 9s}}
      - {action: world.set, with: {name: c, value: 2}}
`)
	equal(t, "sent", len(s.world.order()), 2)
	equal(t, "took", s.took, 9*time.Second)
	equal(t, "code", fin.ExitCode, 1)
	equal(t, "states", s.states("x[0]", "x[1]", "x[2]", "x"), "x[0]=failed x[1]=cancelled x[2]= x=failed")
}

func TestSignalUndoesNothingTwiceAndRunsFinallyOnce(t *testing.T) {
	s := newScene()
	s.signals = []time.Duration{7 * time.Second}
	fin := s.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1, takes: 5s}, undo: {action: world.set, with: {name: a, value: 0}}}
  - {id: b, action: world.wait, with: {takes: 20s}}
finally: [{action: world.set, with: {name: end, value: 1}}]
`)
	equal(t, "code", fin.ExitCode, 130)
	if got := strings.Join(s.world.order(), " "); got != "a=1 a=0 end=1" {
		t.Errorf("sent %s", got)
	}
}
