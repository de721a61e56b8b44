package run_test

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
)

// A run bounds its actions at once, by its playbook and not by those that it calls.
// What only waits takes no place of it.
func TestMaxParallel(t *testing.T) {
	block := func(head, step string, n int) string {
		return head + "\nsteps:\n" + strings.Repeat("  - "+step+"\n", n)
	}
	const set = "{needs: [], action: world.set, with: {name: a, value: 1, takes: 5s}}"
	for name, test := range map[string]struct {
		text string
		took time.Duration
	}{
		"one":       {block("max_parallel: 1", set, 4), 20 * time.Second},
		"two":       {block("max_parallel: 2", set, 4), 10 * time.Second},
		"default":   {block("", set, 32), 10 * time.Second},
		"a call":    {block("max_parallel: 4", "{needs: [], call: other}", 1), 15 * time.Second},
		"pauses":    {block("max_parallel: 1", "{needs: [], action: world.pause, with: {takes: 5s}}", 9), 5 * time.Second},
		"waits":     {block("max_parallel: 1", "{needs: [], action: world.wait, with: {takes: 5s}}", 9), 5 * time.Second},
		"looks":     {block("max_parallel: 1", "{needs: [], action: world.get, with: {name: a}, observe: {action: world.wait, with: {takes: 5s}}}", 9), 5 * time.Second},
		"polls":     {block("max_parallel: 1", "{needs: [], action: world.get, with: {name: never}, verify: [outputs.value == 1], within: 5s, on_failure: warn}", 9), 5 * time.Second},
		"retries":   {block("max_parallel: 1", "{needs: [], action: world.get, with: {name: down}, retry: {attempts: 2, delay: 5s}}", 9), 5 * time.Second},
		"approvals": {block("max_parallel: 1", "{needs: [], approve: {expires: 5s}, action: world.set, with: {name: a, value: 1}}", 1) + "  - {needs: [], action: world.wait, with: {takes: 5s}}", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.person = &person{never: true}
			s.world.fails["down"] = 9
			s.others = map[string]string{"other": "playbook: other\nmax_parallel: 1\ntitle: t\npurpose: p\nexpected: e\n" + block("", set, 12)}
			s.play(t, test.text)
			equal(t, "took", s.took, test.took)
		})
	}
}

// What waits for a slot ends with its block, and not when the slot is free.
func TestNoSlotIsWaitedForBeyondTheEnd(t *testing.T) {
	s := newScene()
	fin := s.play(t, "max_parallel: 1\nsteps:\n  - {needs: [], action: world.set, with: {name: busy, value: 1, takes: 20s}}\n  - {id: b, needs: [], timeout: 3s, on_failure: warn, steps: [{action: world.wait, with: {takes: 1s}}, {action: world.set, with: {name: a, value: 1}}]}")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "sent", s.world.order(), "[busy=1]")
	equal(t, "ended after", data[event.StepFinished](s, "b")[0].Duration, 3*time.Second)
}

// A dry run does not wait, and what follows a pause is read and known.
func TestDryRunDoesNotWait(t *testing.T) {
	s := newScene()
	s.options.DryRun = true
	s.play(t, "steps:\n  - {id: p, action: world.pause, with: {takes: 1h}}\n  - {id: x, action: world.get, with: {name: a}, verify: [outputs.value == 0]}")
	equal(t, "took", s.took, time.Duration(0))
	equal(t, "states", s.states("p", "x"), "p=previewed x=executed")
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
