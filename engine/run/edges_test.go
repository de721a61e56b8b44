package run_test

import (
	"testing"
	"time"

	"runbook/engine/environment"
	"runbook/engine/event"
)

func TestFailureReasonOfATimeout(t *testing.T) {
	for name, test := range map[string]struct{ text, sent string }{
		"of a step":  {text: "steps: [{id: x, timeout: 5s, action: world.wait, with: {takes: 20s}}]", sent: "[timed_out=1]"},
		"of a block": {text: "steps: [{id: x, timeout: 5s, steps: [{action: world.wait, with: {takes: 20s}}]}]", sent: "[timed_out=1]"},
		"of a loop":  {text: "steps: [{id: x, timeout: 5s, for_each: [1, 2, 3], steps: [{action: world.wait, with: {takes: 2s}}]}]", sent: "[timed_out=1]"},
		"of the run": {text: "timeout: 5s\nsteps: [{id: x, action: world.wait, with: {takes: 20s}}]", sent: "[timed_out=0]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			fin := s.play(t, test.text+"\nfinally: [{action: world.set, with: {name: '${{ failure.reason }}', value: \"${{ failure.step == 'x' ? 1 : 0 }}\"}}]")
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "code", fin.ExitCode, 1)
			equal(t, "took", s.took, "5s")
		})
	}
}

func TestNothingIsSentOnAnApprovalThatIsNotJournalled(t *testing.T) {
	for _, at := range []event.Type{event.TypeApprovalRequested, event.TypeApprovalGiven} {
		s := newScene()
		s.person = &person{}
		s.journal.fail = func(e *event.Event) bool { return e.Type == at }
		fin := s.play(t, "steps: [{id: x, approve: true, action: world.set, with: {name: a, value: 1}}]")
		equal(t, "code", fin.ExitCode, 5)
		equal(t, "sent", s.world.order(), "[]")
	}
}

func TestUndoAsksNobodyWhateverThePolicyAsks(t *testing.T) {
	s := newScene()
	p := &person{}
	s.person = p
	s.options.Environment.Policy.Approve = []environment.Rule{{Name: "write"}}
	s.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}
  - {id: b, action: world.get, with: {name: a}, verify: [outputs.value == 9]}
`)
	equal(t, "asked", p.asked, "[a: ]")
	equal(t, "sent", s.world.order(), "[a=1 a=0]")
}

func TestUndoOnlyWhatIsNotInDoubt(t *testing.T) {
	s := newScene()
	s.signals = []time.Duration{time.Second}
	fin := s.play(t, `
steps:
  - {id: a, action: world.set_settled, with: {name: a, value: 1, takes: 5s, ends: lost_applied}, observe: {action: world.get, with: {name: a}}, verify: [observed.value == 1]}
`)
	equal(t, "a signal does not keep it from being settled", len(data[event.Settled](s, "a")), 1)
	equal(t, "code", fin.ExitCode, 130)
}

func TestSettledByObservationThoughASignalCame(t *testing.T) {
	s := newScene()
	s.signals = []time.Duration{time.Second}
	fin := s.play(t, `
steps:
  - {id: a, action: world.set, with: {name: a, value: 1, takes: 5s, ends: lost_applied}, observe: {action: world.get, with: {name: a}}, verify: [observed.value == 1]}
`)
	equal(t, "code", fin.ExitCode, 130)
	equal(t, "settled", data[event.Settled](s, "a")[0].How, "observe")
}

func TestDryRunOfALoopOverAnUnknownList(t *testing.T) {
	s := newScene()
	s.options.DryRun = true
	fin := s.play(t, `
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}}
  - {id: l, action: world.list, with: {count: "${{ steps.a.outputs.value }}"}}
  - {id: x, for_each: "${{ steps.l.outputs.items }}", action: world.set, with: {name: "n${{ item }}", value: 1}}
  - {id: y, for_each: [1], steps: [{id: z, action: world.get, with: {name: a}}]}
`)
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "sent", s.world.order(), "[]")
	equal(t, "states", s.states("a", "l", "x", "y[0]/z"), "a=previewed l=unknown x=unknown y[0]/z=executed")
}

func TestLoopItemsSeeTheirOwnSteps(t *testing.T) {
	s := newScene()
	s.world.values["n1"], s.world.values["n2"] = 10, 20
	s.play(t, `
steps:
  - id: x
    for_each: [1, 2]
    max_parallel: 2
    steps:
      - {id: g, action: world.get, with: {name: "n${{ item }}"}}
      - {id: s, action: world.set, with: {name: "m${{ item }}", value: "${{ steps.g.outputs.value }}"}}
`)
	equal(t, "values", []int{s.world.values["m1"], s.world.values["m2"]}, "[10 20]")
	equal(t, "states", s.states("x[0]/g", "x[1]/s", "x[0]", "x"), "x[0]/g=passed x[1]/s=passed x[0]=passed x=passed")
}

func TestWhatWasNotReached(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}}
  - {id: b, action: world.set, with: {name: b, value: 1, ends: not_applied}}
  - {id: c, action: world.get, with: {name: a}}
  - {id: d, action: world.set, with: {name: d, value: 1}}
`)
	equal(t, "not changed", fin.Reached.NotChanged, "[b d]")
	equal(t, "not reached", fin.Reached.NotReached, "[c]")
	equal(t, "changed", fin.Changes[0].Step, "a")
}
