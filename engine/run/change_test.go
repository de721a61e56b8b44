package run_test

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

func TestFactsOfAChange(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - id: change
    action: world.set
    with: {name: a, value: 5}
    observe: {action: world.get, with: {name: a}}
    verify: [observed.value == 5, before.value == 0, outputs.value == 0]
`)
	equal(t, "state", fin.State, event.Done)
	equal(t, "facts", s.order(), []string{
		"run_created ", "source ", "plan ", "owner ",
		"step_started change", "observation change", "intent change", "outcome change",
		"observation change", "check change", "check change", "check change", "step_finished change",
		"run_finished ",
	})
	in := data[event.Intent](s, "change")[0]
	equal(t, "intent", string(in.Params)+" "+string(in.Before)+" "+in.Subjects[0].Name, `{"name":"a","value":5} {"value":0} a`)
	out := data[event.Outcome](s, "change")[0]
	equal(t, "outcome", string(out.Applied)+" "+string(out.Outputs), `applied {"value":0}`)
	equal(t, "changes", len(fin.Changes), 1)
}

func TestMet(t *testing.T) {
	for name, test := range map[string]struct {
		key, sent string
		met       bool
	}{
		"acts though it held": {sent: "[a=5]"},
		"skip_if_met":         {key: "skip_if_met: true", sent: "[]", met: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.values["a"] = 5
			fin := s.play(t, `
steps:
  - id: change
    `+test.key+`
    action: world.set
    with: {name: a, value: 5}
    observe: {action: world.get, with: {name: a}}
    verify: [observed.value == 5]
`)
			equal(t, "end", fin.State, event.Done)
			equal(t, "sent", s.world.order(), test.sent)
			done := data[event.StepFinished](s, "change")[0]
			equal(t, "met", done.Met, test.met)
			if !test.met {
				equal(t, "why", done.Why, "already held")
			}
		})
	}
}

func TestWithinPolls(t *testing.T) {
	for name, test := range map[string]struct {
		want  string
		state event.State
		took  string
	}{
		"holds at the fourth look": {want: "4", state: event.Passed, took: "6s"},
		"never holds":              {want: "100", state: event.Failed, took: "10s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.play(t, `
steps:
  - id: look
    action: world.get
    with: {name: count}
    verify: [outputs.value >= `+test.want+`]
    within: 10s
    every: 2s
`)
			equal(t, "state", s.state("look"), test.state)
			equal(t, "took", s.took, test.took)
			checks := data[event.Check](s, "look")
			equal(t, "checks in the journal", len(checks), 1)
		})
	}
}

func TestPollingSurvivesAnErrorOfObservation(t *testing.T) {
	s := newScene()
	s.world.fails["a"] = 3 // before, and twice after
	fin := s.play(t, `
steps:
  - id: change
    action: world.set
    with: {name: a, value: 5}
    observe: {action: world.get, with: {name: a}}
    verify: [observed.value == 5]
    within: 10s
`)
	equal(t, "state", fin.State, event.Done)
	equal(t, "sent", s.world.order(), "[a=5]")
	equal(t, "took", s.took, "2s")
}

func TestWarnItems(t *testing.T) {
	text := `
steps:
  - id: look
    action: world.get
    with: {name: a}
    verify:
      - outputs.value == 0
      - {that: outputs.value > 3, level: warn, message: "only ${{ outputs.value }}"}
  - id: next
    action: world.get
    with: {name: a}
`
	for strict, code := range map[bool]int{false: 0, true: 1} {
		s := newScene()
		s.options.Strict = strict
		fin := s.play(t, text)
		equal(t, "states", s.states("look", "next"), "look=warned next=passed")
		equal(t, "code", fin.ExitCode, code)
		if len(fin.Warnings) != 1 || fin.Warnings[0].Message != "only 0" {
			t.Errorf("warnings %+v", fin.Warnings)
		}
	}
}

func TestLostEffect(t *testing.T) {
	for name, test := range map[string]struct {
		step, sent, how string
		state           event.State
		code            int
	}{
		"in doubt": {
			step: "action: world.set\n    with: {name: a, value: 5, ends: lost_applied}",
			sent: "[a=5]", state: "", code: 6,
		},
		"settled: applied": {
			step: "action: world.set_settled\n    with: {name: a, value: 5, ends: lost_applied}",
			sent: "[a=5]", how: "settle", state: event.Passed,
		},
		"settled: not applied, no retry": {
			step: "action: world.set_settled\n    with: {name: a, value: 5, ends: lost}",
			sent: "[a=5]", how: "settle", state: event.Failed, code: 1,
		},
		"settled: not applied, retried": {
			step: "action: world.set_settled\n    with: {name: a, value: 5, ends: lost, fails: 1}\n    retry: {attempts: 2}",
			sent: "[a=5 a=5]", how: "settle", state: event.Passed,
		},
		"observed": {
			step: "action: world.set\n    with: {name: a, value: 5, ends: lost_applied}\n    observe: {action: world.get, with: {name: a}}\n    verify: [observed.value == 5]",
			sent: "[a=5]", how: "observe", state: event.Passed,
		},
		"observed that it does not hold, which proves nothing": {
			step: "action: world.set\n    with: {name: a, value: 5, ends: lost}\n    observe: {action: world.get, with: {name: a}}\n    verify: [observed.value == 5]\n    within: 3s",
			sent: "[a=5]", state: "", code: 6,
		},
		"held before, which proves nothing": {
			step: "action: world.set\n    with: {name: b, value: 5, ends: lost}\n    observe: {action: world.get, with: {name: a}}\n    verify: [observed.value == 0]",
			sent: "[b=5]", state: "", code: 6,
		},
		"idempotent: sent again": {
			step: "action: world.set_again\n    with: {name: a, value: 5, ends: lost, fails: 1}",
			sent: "[a=5 a=5]", state: event.Passed,
		},
		"timed out, settled though the step's time is over": {
			step: "action: world.set_settled\n    timeout: 5s\n    with: {name: a, value: 5, takes: 1m}",
			sent: "[a=5]", how: "settle", state: event.Failed, code: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			fin := s.play(t, "steps:\n  - id: change\n    "+test.step+"\n")
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "state", s.state("change"), test.state)
			equal(t, "sent", s.world.order(), test.sent)
			how := ""
			for _, d := range data[event.Settled](s, "change") {
				how = d.How
			}
			equal(t, "how", how, test.how)
			if test.code == 6 {
				equal(t, "last fact", s.order()[len(s.order())-1], "run_suspended ")
				equal(t, "change", fin.Changes[0].State, action.AppliedLost)
			}
		})
	}
}

// What was applied in part is repeated only where that changes nothing more, as the
// action or the step says. What an attempt did is told whatever ended the next.
func TestRetryOfWhatWasAppliedInPart(t *testing.T) {
	const undo = "on_failure: undo\nsteps: [{id: x, undo: {action: world.set, with: {name: a, value: 0}}, "
	for name, test := range map[string]struct {
		text    string
		signals []time.Duration
		sent    string
		code    int
		told    action.Applied
	}{
		"not idempotent":              {text: "steps: [{id: x, retry: {attempts: 3}, action: world.set, with: {name: a, value: 5, ends: partial, fails: 2}}]", sent: "[a=5]", code: 1, told: action.AppliedPart},
		"as the action says":          {text: "steps: [{id: x, retry: {attempts: 3}, action: world.set_again, with: {name: a, value: 5, ends: partial, fails: 2}}]", sent: "[a=5 a=5 a=5]", told: action.AppliedFully},
		"as the step says":            {text: "steps: [{id: x, retry: {attempts: 3}, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: partial, fails: 2}}]", sent: "[a=5 a=5 a=5]", told: action.AppliedFully},
		"to no avail":                 {text: "steps: [{id: x, retry: {attempts: 3}, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: partial}}]", sent: "[a=5 a=5 a=5]", code: 1, told: action.AppliedPart},
		"without retry":               {text: "steps: [{id: x, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: partial, fails: 2}}]", sent: "[a=5]", code: 1, told: action.AppliedPart},
		"the next is refused":         {text: undo + "retry: {attempts: 2}, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: partial_then_refused}}]", sent: "[a=5 a=5 a=0]", code: 1, told: action.AppliedPart},
		"a signal before the next":    {text: undo + "retry: {attempts: 2}, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: partial}}]", signals: []time.Duration{time.Second / 2}, sent: "[a=5 a=0]", code: 130, told: action.AppliedPart},
		"the target moved meanwhile":  {text: "steps: [{id: x, retry: {attempts: 2}, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: partial_and_moved}}]", sent: "[a=5]", code: 1, told: action.AppliedPart},
		"lost, and the step knows it": {text: "steps: [{id: x, idempotent: true, action: world.set_child, with: {name: a, value: 5, ends: lost, fails: 1}}]", sent: "[a=5 a=5]", told: action.AppliedFully},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.signals = test.signals
			fin := s.play(t, test.text)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "told", fin.Changes[0].State, test.told)
		})
	}
}

func TestRetry(t *testing.T) {
	for name, test := range map[string]struct {
		retry, took string
		sent        int
		state       event.State
	}{
		"constant":    {retry: "{attempts: 3, delay: 2s}", sent: 3, took: "4s", state: event.Passed},
		"exponential": {retry: "{attempts: 3, delay: 2s, backoff: exponential}", sent: 3, took: "6s", state: event.Passed},
		"max_delay":   {retry: "{attempts: 3, delay: 4s, max_delay: 3s, backoff: exponential}", sent: 3, took: "6s", state: event.Passed},
		"too few":     {retry: "{attempts: 2, delay: 2s}", sent: 2, took: "2s", state: event.Failed},
		"if":          {retry: `{attempts: 3, if: 'error contains "busy"'}`, sent: 1, took: "0s", state: event.Failed},
		"if it does":  {retry: `{attempts: 3, if: 'error contains "not_applied"'}`, sent: 3, took: "2s", state: event.Passed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.play(t, `
steps:
  - id: change
    action: world.set
    with: {name: a, value: 5, ends: not_applied, fails: 2}
    retry: `+test.retry+`
`)
			equal(t, "state", s.state("change"), test.state)
			equal(t, "sent", len(s.world.order()), test.sent)
			equal(t, "took", s.took, test.took)
			equal(t, "intents", len(data[event.Intent](s, "change")), test.sent)
		})
	}
}

func TestTimeouts(t *testing.T) {
	for name, test := range map[string]struct {
		text, took string
		step       event.State
		code       int
	}{
		"of a step":          {text: "steps: [{id: x, action: world.wait, with: {takes: 1h}, timeout: 7s}]", took: "7s", step: event.Failed, code: 1},
		"of a read":          {text: "steps: [{id: x, action: world.wait, with: {takes: 1h}}]", took: "30s", step: event.Failed, code: 1},
		"of a change":        {text: "steps: [{id: x, action: world.set, with: {name: a, value: 1, takes: 1h}}]", took: "5m0s", step: "", code: 6},
		"of a block":         {text: "steps: [{id: x, timeout: 9s, steps: [{action: world.wait, with: {takes: 20s}}]}]", took: "9s", step: event.Failed, code: 1},
		"of the run":         {text: "timeout: 9s\nsteps: [{id: x, action: world.wait, with: {takes: 20s}}]", took: "9s", step: event.Cancelled, code: 1},
		"of the run, change": {text: "timeout: 9s\nsteps: [{id: x, action: world.set, with: {name: a, value: 1, takes: 20s}}]", took: "20s", step: event.Passed, code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			fin := s.play(t, test.text)
			equal(t, "step", s.state("x"), test.step)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "took", s.took, test.took)
		})
	}
}

func TestSubjectsChangeBeforeTheEffect(t *testing.T) {
	s := newScene()
	asked := 0
	p := &person{}
	p.before = func() {
		asked++
		s.world.mu.Lock()
		s.world.version++
		s.world.mu.Unlock()
	}
	s.person = p
	fin := s.play(t, "steps: [{id: x, action: world.set, with: {name: a, value: 1}, approve: true}]")
	equal(t, "asked", asked, 2)
	equal(t, "end", fin.State, event.Refused)
	equal(t, "sent", s.world.order(), "[]")
}

func TestJournalFailure(t *testing.T) {
	text := `
steps:
  - id: first
    action: world.set
    with: {name: a, value: 1}
  - id: second
    action: world.set
    with: {name: b, value: 1}
finally:
  - action: world.set
    with: {name: c, value: 1}
`
	for _, test := range []struct {
		at   event.Type
		path event.Path
		sent string
	}{
		{event.TypeRunCreated, "", "[]"},
		{event.TypeStepStarted, "first", "[]"},
		{event.TypeIntent, "first", "[]"},
		{event.TypeOutcome, "first", "[a=1]"},
		{event.TypeStepFinished, "first", "[a=1]"},
		{event.TypeIntent, "second", "[a=1]"},
		{event.TypePhase, "", "[a=1 b=1]"},
		{event.TypeRunFinished, "", "[a=1 b=1 c=1]"},
	} {
		t.Run(string(test.at)+" "+string(test.path), func(t *testing.T) {
			s := newScene()
			s.options.Locks, s.options.Header.Command = []string{"app", "db"}, event.Command{Playbook: "test.yaml"}
			s.journal.fail = func(e *event.Event) bool { return e.Type == test.at && e.Path == test.path }
			fin := s.play(t, text)
			equal(t, "code", fin.ExitCode, 5)
			equal(t, "sent", s.world.order(), test.sent)
			for _, c := range fin.Changes {
				equal(t, "how it ended", c.State, action.AppliedFully)
			}
			// What was sent is told, though the journal cannot say it; what finally did is
			// listed too.
			equal(t, "told", len(fin.Changes), strings.Count(test.sent, "="))
			if f := fin.Failure; f != nil {
				guard, then := "free: no effect was begun", ""
				if test.sent != "[]" {
					guard, then = "guarded until a run names this one, or it is closed", "runbook run test.yaml --despite run-1|runbook runs close run-1 --because TEXT"
				}
				equal(t, "the locks", f.Facts, "[{Lock app, db, "+guard+"}]")
				equal(t, "what to do", strings.Join(f.Do, "|"), then)
			}
			seen := s.journal.told
			equal(t, "followers are told", test.at == event.TypeRunCreated || len(seen) == 1 && seen[0].ExitCode == 5, true)
		})
	}
}

// Where there is no room for what became of an effect, it is not begun.
func TestNoEffectWithoutRoomForItsOutcome(t *testing.T) {
	s := newScene()
	s.journal.room = 1<<20 - 1
	fin := s.play(t, "steps: [{id: a, action: world.get, with: {name: x}}, {id: b, action: world.set, with: {name: x, value: 1}}]")
	equal(t, "code", fin.ExitCode, 5)
	equal(t, "sent", s.world.order(), "[]")
	equal(t, "facts", s.order(event.TypeIntent, event.TypeRunFinished), "[]")
}
