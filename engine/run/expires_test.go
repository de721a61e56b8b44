package run_test

import (
	"fmt"
	"testing"
	"time"

	"runbook/engine/event"
)

// People are shown what the journal leaves of a question, which is without secrets.
func TestPeopleAreShownWhatIsJournalled(t *testing.T) {
	s := newScene()
	p := &person{fields: map[string]any{}}
	s.person = p
	s.journal.hide = func(e *event.Event) {
		switch d := e.Data.(type) {
		case *event.Approval:
			shown := *d
			shown.Message = "masked"
			e.Data = &shown
		case *event.StepStarted:
			shown := *d
			shown.Text = "masked too"
			e.Data = &shown
		}
	}
	s.play(t, "steps: [{id: x, approve: {message: hunter22}, action: world.set, with: {name: a, value: 1}}, {id: y, manual: {text: hunter22}}]")
	equal(t, "asked", p.asked, "[x: masked y: masked too]")
}

// An approval bounds the question, and the time until what it allows begins: nothing is
// sent on one that expired meanwhile. What began in time goes on with its attempts.
func TestApprovalsExpireBeforeTheirUse(t *testing.T) {
	const set = "action: world.set, with: {name: a, value: 1"
	const slow = `observe: {action: world.wait, with: {takes: 3s}}, verify: ['environment.name == "test"']`
	const busy = "max_parallel: 1\nsteps:\n  - {needs: [], action: world.set, with: {name: busy, value: 1, takes: 20s}}\n"
	for name, test := range map[string]struct {
		text   string
		answer time.Duration // after the question
		yes    bool
		end    event.State
		sent   string
		asked  string // with why, where it is asked again
	}{
		"used in time":           {text: "steps: [{id: x, approve: {expires: 5s}, " + set + "}}]", answer: 4 * time.Second, end: event.Done, sent: "[a=1]", asked: "[x:]"},
		"answered too late":      {text: "steps: [{id: x, approve: {expires: 5s}, " + set + "}}]", answer: 5 * time.Second, end: event.Refused, sent: "[]", asked: "[x:]"},
		"a slot was waited for":  {text: busy + "  - {id: x, needs: [], approve: {expires: 5s}, " + set + "}}", answer: time.Second, end: event.Refused, sent: "[busy=1]", asked: "[x:]"},
		"the look took long":     {text: "steps: [{id: x, approve: {expires: 5s}, " + slow + ", " + set + "}}]", answer: 2 * time.Second, end: event.Refused, sent: "[]", asked: "[x:]"},
		"a look before a read":   {text: "steps: [{id: x, approve: {expires: 5s}, " + slow + ", action: world.get, with: {name: a}}]", answer: 2 * time.Second, end: event.Refused, sent: "[]", asked: "[x:]"},
		"its retries are late":   {text: "steps: [{id: x, approve: {expires: 5s}, retry: {attempts: 3, delay: 9s}, " + set + ", ends: not_applied, fails: 2}}]", end: event.Done, sent: "[a=1 a=1 a=1]", asked: "[x:]"},
		"its repeats are late":   {text: "steps: [{id: x, approve: {expires: 5s}, retry: {attempts: 3, delay: 9s}, action: world.set_again, with: {name: a, value: 1, ends: lost, fails: 2}}]", end: event.Done, sent: "[a=1 a=1 a=1]", asked: "[x:]"},
		"late items of a loop":   {text: "steps: [{id: x, for_each: [1, 2, 3], approve: {expires: 6s}, " + set + ", takes: 4s}}]", end: event.Done, sent: "[a=1 a=1 a=1]", asked: "[x: x[2]:the approval of all items has expired]"},
		"an item waits for long": {text: busy + "  - {id: x, needs: [], for_each: [1], approve: {expires: 5s}, " + set + "}}", answer: time.Second, end: event.Refused, sent: "[busy=1]", asked: "[x:]"},
		"--yes is no person":     {text: busy + "  - {id: x, needs: [], approve: {expires: 5s}, " + slow + ", " + set + "}}", yes: true, end: event.Done, sent: "[busy=1 a=1]", asked: "[x:]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.Yes = test.yes
			s.person = &person{before: func() { time.Sleep(test.answer) }}
			fin := s.play(t, test.text)
			equal(t, "end", fin.State, test.end)
			equal(t, "sent", s.world.order(), test.sent)
			var asked []string
			expired := false
			for _, f := range s.journal.facts {
				if f.Type == event.TypeApprovalRequested {
					asked = append(asked, string(f.Path)+":"+f.Data.(*event.Approval).Because)
				}
				expired = expired || f.Type == event.TypeApprovalExpired
			}
			equal(t, "asked", fmt.Sprint(asked), test.asked)
			equal(t, "expired", expired, test.end == event.Refused)
			if test.end == event.Refused {
				equal(t, "code", fin.ExitCode, 3)
			}
		})
	}
}
