package run

import (
	"testing"

	"runbook/engine/event"
	"runbook/engine/plan"
)

// What ends by a halt asks at once why the run ends: that is noted before it, of the
// run as of the boundary of a failure.
func TestNotedBeforeTheHalt(t *testing.T) {
	for state, suspends := range map[event.State]bool{event.InDoubt: true, event.Waiting: true, event.Refused: false, event.Failed: false} {
		t.Run(string(state), func(t *testing.T) {
			r := &runner{}
			halts := 0
			bound := &boundary{cancel: func(error) {
				halts++
				if r.suspended() != suspends || r.tally.first == nil || r.tally.first.state != state {
					t.Errorf("halted with this noted: %+v, suspended: %v", r.tally.first, r.suspended())
				}
			}}
			r.root = bound
			in := &instance{step: &plan.Step{ID: "x"}, path: "x"}
			r.rise(in, &scope{bound: bound}, ended(in, state, &event.Failure{What: "it ended"}), false)
			if halts != 1 {
				t.Errorf("halted %d times", halts)
			}
		})
	}
}
