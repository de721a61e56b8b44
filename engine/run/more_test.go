package run_test

import (
	"testing"
	"time"

	"runbook/engine/event"
)

func TestUndoWithinACall(t *testing.T) {
	s := newScene()
	s.others = map[string]string{"inner": `
on_failure: undo
steps:
  - {id: c, action: world.set, with: {name: c, value: 3}, undo: {action: world.set, with: {name: c, value: 0}}}
  - {action: world.set, with: {name: d, value: 3, ends: not_applied}}
`}
	s.play(t, `
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}
  - {id: x, call: inner}
`)
	equal(t, "only what is in the callee", s.world.order(), "[a=1 c=3 d=3 c=0]")

	s2 := newScene()
	s2.others = map[string]string{"inner": `
steps: [{id: c, action: world.set, with: {name: c, value: 3}, undo: {action: world.set, with: {name: c, value: 0}}}]
`}
	s2.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}
  - {id: x, call: inner}
  - {action: world.set, with: {name: d, value: 3, ends: not_applied}}
`)
	equal(t, "of the caller and of the callee", s2.world.order(), "[a=1 c=3 d=3 c=0 a=0]")
}

func TestDryRunOfFinallyAndCalls(t *testing.T) {
	s := newScene()
	s.options.DryRun = true
	s.others = map[string]string{"inner": `
steps: [{id: c, action: world.set, with: {name: c, value: 3}}]
finally: [{action: world.set, with: {name: end, value: 1}}]
outputs: {was: "${{ steps.c.outputs.value }}"}
`}
	fin := s.play(t, `
steps:
  - {id: x, call: inner}
  - {id: y, action: world.set, with: {name: y, value: "${{ steps.x.outputs.was }}"}}
finally:
  - {when: 'failure.reason != ""', action: world.set, with: {name: "${{ failure.reason }}", value: 1}}
  - {action: world.set, with: {name: last, value: 1}}
`)
	equal(t, "sent", s.world.order(), "[]")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "states", s.states("x/c", "x", "y", "finally/1", "finally/2"), "x/c=previewed x=previewed y=previewed finally/1=unknown finally/2=previewed")
}

func TestRefusalConcernsTheRun(t *testing.T) {
	s := newScene()
	s.deny("world.set_again")
	fin := s.play(t, `
on_failure: continue
steps:
  - {id: b, on_failure: warn, steps: [{id: x, action: world.set_again, with: {name: x, value: 1}}]}
  - {id: y, action: world.set, with: {name: y, value: 1}}
`)
	equal(t, "code", fin.ExitCode, 3)
	equal(t, "sent", s.world.order(), "[]")
}

func TestDoubtConcernsTheRun(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}
  - {id: b, on_failure: warn, action: world.set, with: {name: b, value: 1, ends: lost}}
  - {id: c, action: world.set, with: {name: c, value: 1}}
finally: [{action: world.set, with: {name: last, value: 1}}]
`)
	equal(t, "code", fin.ExitCode, 6)
	equal(t, "no undo, no finally", s.world.order(), "[a=1 b=1]")
}

func TestRetryOfARead(t *testing.T) {
	s := newScene()
	s.world.fails["a"] = 2
	s.play(t, "steps: [{id: x, action: world.get, with: {name: a}, retry: {attempts: 3, delay: 2s}}]")
	equal(t, "state", s.state("x"), event.Passed)
	equal(t, "results", len(data[event.Result](s, "x")), 3)
	equal(t, "took", s.took, 4*time.Second)
}

func TestErrorsOfEvaluation(t *testing.T) {
	for name, test := range map[string]string{
		"when":     "when: 'must(steps.l.outputs.items[9], \"none\") > 0', action: world.get, with: {name: a}",
		"params":   "action: world.set, with: {name: a, value: \"${{ steps.l.outputs.items[9] }}\"}",
		"verify":   "action: world.get, with: {name: a}, verify: ['steps.l.outputs.items[9] > 0']",
		"for_each": "for_each: \"${{ [steps.l.outputs.items[9]] }}\", action: world.get, with: {name: a}",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			fin := s.play(t, "steps: [{id: l, action: world.list, with: {count: 2}}, {id: x, "+test+"}]")
			equal(t, "state", s.state("x"), event.Failed)
			equal(t, "code", fin.ExitCode, 1)
			equal(t, "sent", s.world.order(), "[]")
			if fin.Failure == nil || fin.Failure.What == "" || fin.Step != "x" {
				t.Errorf("%s: %+v", fin.Step, fin.Failure)
			}
		})
	}
}

func TestNumbersOfARun(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - {id: a, action: world.get, with: {name: a}}
  - {id: b, for_each: [1, 2], action: world.get, with: {name: a}}
  - {id: c, when: 1 > 2, action: world.get, with: {name: a}}
  - {id: d, on_failure: warn, action: world.get, with: {name: a}, verify: [outputs.value == 1]}
outputs:
  numbers: "${{ [run.passed, run.warned, run.failed, run.skipped] }}"
  findings: "${{ map(run.findings, .step) }}"
`)
	equal(t, "outputs", string(fin.Outputs), `{"findings":["d"],"numbers":[3,1,0,1]}`)
}
