package run_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

// What waits for one of the run's slots has written no intent, and sends nothing
// after a signal, a failure or an abort.
func TestNothingBeginsThatWaitsForASlot(t *testing.T) {
	block := func(ends string) string {
		return "steps:\n" + strings.Repeat("  - {needs: [], action: world.set, with: {name: a, value: 1, takes: 5s"+ends+"}}\n", 100)
	}
	for name, test := range map[string]struct {
		ends    string
		signals []time.Duration
		code    int
	}{
		"a signal":  {signals: []time.Duration{time.Second}, code: 130},
		"an abort":  {signals: []time.Duration{time.Second, time.Second}, code: 6},
		"a failure": {ends: ", ends: not_applied", code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.signals = test.signals
			fin := s.play(t, block(test.ends))
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "sent", len(s.world.order()), 16)
			equal(t, "intents", len(s.order(event.TypeIntent)), 16)
		})
	}
}

// lateClock tells the time a moment late, in which whoever waits for something goes on.
type lateClock struct{ action.Clock }

// Now implements action.Clock.
func (c lateClock) Now() time.Time {
	_ = c.Sleep(context.Background(), time.Millisecond)
	return c.Clock.Now()
}

// What failed has its slot until its failure has halted the others: what waits for the
// slot does not begin in between, however long the step takes to end. One that is tried
// again, polled or made a warning gives it back.
func TestAFailureKeepsItsSlotUntilItHalts(t *testing.T) {
	const waits = "  - {id: p, needs: [], action: world.pause, with: {takes: 1s}}\n  - {id: q, needs: [], action: world.pause, with: {takes: 2s}}\n" +
		"  - {needs: [q], action: world.set, with: {name: w, value: 1}}\n"
	for name, test := range map[string]struct{ step, sent string }{
		"a change":           {step: "action: world.set, with: {name: a, value: 1, takes: 5s, ends: not_applied}", sent: "[a=1]"},
		"its last attempt":   {step: "action: world.set, with: {name: a, value: 1, takes: 5s, ends: not_applied}, retry: {attempts: 1}", sent: "[a=1]"},
		"a part of a change": {step: "action: world.set, with: {name: a, value: 1, takes: 5s, ends: partial}", sent: "[a=1]"},
		"in a loop":          {step: "for_each: [1], action: world.set, with: {name: a, value: 1, takes: 5s, ends: final}", sent: "[a=1]"},
		"a read":             {step: "action: world.get, with: {name: slow}", sent: "[]"},
		"refused for good":   {step: "action: world.get, with: {name: slow_forbidden}, verify: [outputs.value == 1], within: 1m", sent: "[]"},
		"tried again":        {step: "action: world.set, with: {name: a, value: 1, takes: 5s, ends: not_applied}, retry: {attempts: 2, delay: 1m}", sent: "[a=1 w=1 a=1]"},
		"a read, once more":  {step: "action: world.get, with: {name: slow}, retry: {attempts: 2, delay: 1m}", sent: "[w=1]"},
		"polled":             {step: "action: world.get, with: {name: slow}, verify: [outputs.value == 1], within: 5s", sent: "[w=1]"},
		"a warning":          {step: "action: world.set, with: {name: a, value: 1, takes: 5s, ends: not_applied}, on_failure: warn", sent: "[a=1 w=1]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.Clock = lateClock{action.SystemClock()}
			s.world.fails["slow"] = 9
			s.play(t, "max_parallel: 1\nsteps:\n"+waits+"  - {needs: [p], "+test.step+"}\n")
			equal(t, "sent", s.world.order(), test.sent)
		})
	}
}

// What was sent and is not known is in doubt, whatever ends its step: never "not
// changed". No later step, remedy or undo comes before it is settled.
func TestIdempotentInDoubt(t *testing.T) {
	const lost = "action: world.set_again, with: {name: a, value: 5, ends: lost}"
	for name, test := range map[string]struct {
		text    string
		signals []time.Duration
		sent    string
	}{
		"no reply at all": {
			text: "steps: [{id: x, " + lost + "}]", sent: "[a=5 a=5 a=5]",
		},
		"a signal during the pause": {
			text: "steps: [{id: x, " + lost + "}]", signals: []time.Duration{500 * time.Millisecond}, sent: "[a=5]",
		},
		"the step's time": {
			text: "steps: [{id: x, timeout: 3s, action: world.set_again, with: {name: a, value: 5, takes: 1m}}]", sent: "[a=5]",
		},
		"the repeat is refused": {
			text: "steps: [{id: x, action: world.set_again, with: {name: a, value: 5, ends: lost_then_refused}}]", sent: "[a=5 a=5]",
		},
		"what it touches is another by then": {
			text: "steps: [{id: x, action: world.set_again, with: {name: a, value: 5, ends: lost_and_moved}}]", sent: "[a=5]",
		},
		"under undo": {
			text: "on_failure: undo\nsteps:\n  - {id: before, action: world.set, with: {name: b, value: 1}, undo: {action: world.set, with: {name: b, value: 0}}}\n" +
				"  - {id: x, timeout: 3s, action: world.set_again, with: {name: a, value: 5, takes: 1m}}",
			sent: "[b=1 a=5]",
		},
		"in a remedy": {
			text: "steps:\n  - id: heal\n    observe: {action: world.get, with: {name: up}}\n    verify: [observed.value == 1]\n    remedies:\n" +
				"      - {timeout: 3s, action: world.set_again, with: {name: a, value: 5, takes: 1m}}\n      - {action: world.set, with: {name: drastic, value: 1}}",
			sent: "[a=5]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.signals = test.signals
			fin := s.play(t, test.text)
			equal(t, "code", fin.ExitCode, 6)
			equal(t, "state", fin.State, event.InDoubt)
			equal(t, "sent", s.world.order(), test.sent)
			last := fin.Changes[len(fin.Changes)-1]
			equal(t, "told", last.State, action.AppliedLost)
			equal(t, "told as not changed, too", slices.Contains(fin.Reached.NotChanged, last.Step), false)
			times := 0
			for _, sent := range s.world.order() {
				if sent == "a=5" {
					times++
				}
			}
			equal(t, "told how often", strings.Contains(strings.Join(fin.Failure.Seen, " "), fmt.Sprintf("sent %d times", times)), times > 1)
			equal(t, "last fact", s.order()[len(s.order())-1], "run_suspended ")
			if strings.Contains(test.text, "timeout") {
				equal(t, "announced repeats", s.order(event.TypeRetry), "[]")
			}
		})
	}
}

// A repeat is an attempt with a pause before it, and is told as one.
func TestRepeatOfWhatIsIdempotent(t *testing.T) {
	s := newScene()
	fin := s.play(t, "steps: [{id: x, action: world.set_again, with: {name: a, value: 5, ends: lost, fails: 2}}]")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "facts", s.order(event.TypeRetry, event.TypeIntent, event.TypeSettled), "[intent x retry x intent x retry x intent x]")
	equal(t, "took", s.took, 2*time.Second)
	s = newScene()
	fin = s.play(t, "steps: [{id: x, action: world.set_again, with: {name: a, value: 5, ends: lost}}]")
	equal(t, "told", strings.Contains(strings.Join(fin.Failure.Seen, " "), "sent 3 times, the same request changes nothing more"), true)
}

// A look that failed proves nothing: what was not evaluated before did not "not hold".
func TestALookThatFailedProvesNothing(t *testing.T) {
	s := newScene()
	s.world.fails["a"] = 1
	fin := s.play(t, "steps: [{id: x, action: world.set, with: {name: b, value: 5, ends: lost}, observe: {action: world.get, with: {name: a}}, verify: [observed.value == 0], within: 5s}]")
	equal(t, "code", fin.ExitCode, 6)
	equal(t, "settled", len(data[event.Settled](s, "x")), 0)
}

// After an answer, which may have taken long, the state is looked at again: what
// holds by then is not touched.
func TestObservedAgainAfterAnApproval(t *testing.T) {
	const remedy = `
steps:
  - id: heal
    observe: {action: world.get, with: {name: up}}
    verify: [observed.value == 1]
    remedies:
      - {approve: true, action: world.set, with: {name: a, value: 1}}
      - {approve: true, action: world.set, with: {name: b, value: 1}}
`
	const plain = "steps: [{id: heal, approve: true, action: world.set, with: {name: up, value: 1}, observe: {action: world.get, with: {name: up}}, verify: [observed.value == 1]}]"
	for name, test := range map[string]struct {
		text, sent string
		recovers   bool
		steps      string
	}{
		"a remedy, recovered meanwhile":    {text: remedy, recovers: true, sent: "[]", steps: "heal/1=skipped heal/2= heal=passed"},
		"a change, recovered meanwhile":    {text: plain, recovers: true, sent: "[]", steps: "heal/1= heal/2= heal=passed"},
		"a change that is needed":          {text: plain, sent: "[up=1]", steps: "heal/1= heal/2= heal=passed"},
		"it held before, and is wanted so": {text: strings.Replace(plain, "[observed.value == 1]", "[observed.value >= 0]", 1), sent: "[up=1]", steps: "heal/1= heal/2= heal=passed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.person = &person{before: func() {
				if test.recovers {
					s.world.values["up"] = 1
				}
			}}
			fin := s.play(t, test.text)
			equal(t, "code", fin.ExitCode, 0)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "states", s.states("heal/1", "heal/2", "heal"), test.steps)
		})
	}
}

// An error while polling means "not yet", from the first attempt on.
func TestWithinBeginsWithAnError(t *testing.T) {
	for name, test := range map[string]struct {
		within string
		code   int
		took   time.Duration
	}{
		"polled":     {within: ", within: 30s", took: 3 * time.Second},
		"too late":   {within: ", within: 2s", code: 1, took: 2 * time.Second},
		"not polled": {code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.fails["a"] = 3
			fin := s.play(t, "steps: [{id: x, action: world.get, with: {name: a}, verify: [outputs.value == 0]"+test.within+"}]")
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "took", s.took, test.took)
		})
	}
}

// A warning is one wherever it arises: of a part of a block, a loop or a call that
// fails where a container makes warnings of failures. It counts, and --strict sees
// it. A partly applied effect is none.
func TestWarningsOfContainers(t *testing.T) {
	const fails = "{action: world.set, with: {name: a, value: 1, ends: not_applied}}"
	for name, test := range map[string]struct {
		text     string
		warnings string
		code     int
	}{
		"a block":                               {text: "steps: [{id: b, on_failure: warn, steps: [" + fails + "]}]", warnings: "b/1", code: 0},
		"a block in a block":                    {text: "steps: [{id: b, on_failure: warn, steps: [{id: in, steps: [" + fails + "]}]}]", warnings: "in/1", code: 0},
		"two parts":                             {text: "steps: [{id: b, on_failure: warn, steps: [" + fails + ", " + fails + "]}]", warnings: "b/1 b/2", code: 0},
		"a loop":                                {text: "steps: [{id: l, on_failure: warn, for_each: [1, 2], steps: [" + fails + "]}]", warnings: "l[0]/1 l[1]/1", code: 0},
		"a call":                                {text: "steps: [{id: c, on_failure: warn, steps: [{id: other, call: other}]}]", warnings: "other/steps/1", code: 0},
		"partly applied":                        {text: "steps: [{id: b, on_failure: warn, steps: [" + strings.Replace(fails, "not_applied", "partial", 1) + "]}]", code: 1},
		"partly applied, in a loop":             {text: "steps: [{id: l, on_failure: warn, for_each: [1], action: world.set, with: {name: a, value: 1, ends: partial}}]", code: 1},
		"partly applied, after another failure": {text: "steps: [{id: b, on_failure: warn, steps: [" + fails + ", " + strings.Replace(fails, "not_applied", "partial", 1) + "]}]", warnings: "b/1", code: 1},
		"partly applied, in a loop under continue":  {text: "steps: [{id: b, on_failure: warn, steps: [{id: l, on_failure: continue, for_each: [not_applied, partial], action: world.set, with: {name: a, value: 1, ends: '${{ item }}'}}]}]", warnings: "l[0]", code: 1},
		"partly applied, after another item failed": {text: "steps: [{id: l, on_failure: warn, for_each: [not_applied, partial], action: world.set, with: {name: a, value: 1, ends: '${{ item }}'}}]", warnings: "l[0]", code: 1},
		"no warn": {text: "steps: [{id: b, steps: [" + fails + "]}]", code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			for _, strict := range []bool{false, true} {
				s := newScene()
				s.others = map[string]string{"other": "playbook: other\ntitle: t\npurpose: p\nexpected: e\nsteps: [" + fails + "]"}
				s.options.Strict = strict
				fin := s.play(t, test.text)
				var got []string
				for _, w := range fin.Warnings {
					got = append(got, string(w.Step))
				}
				equal(t, "warnings", strings.Join(got, " "), test.warnings)
				want := test.code
				if strict {
					want = 1
				}
				equal(t, "code", fin.ExitCode, want)
			}
		})
	}
}

// The locks are asked for before each effect.
func TestNothingIsSentWithoutTheLocks(t *testing.T) {
	s := newScene()
	asked := 0
	s.options.Held = func() error {
		if asked++; asked > 1 {
			return errors.New("the lock container/app is lost")
		}
		return nil
	}
	fin := s.play(t, "steps: [{id: x, action: world.set, with: {name: a, value: 1}}, {id: y, action: world.set, with: {name: b, value: 1}}]")
	equal(t, "code", fin.ExitCode, 1)
	equal(t, "sent", s.world.order(), "[a=1]")
	equal(t, "state", s.states("x", "y"), "x=passed y=failed")
}

// A read that was approved is a read: it is in no list of changes, and where it
// fails nothing is in doubt.
func TestAnApprovedReadChangesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		fails, code int
		text        string
	}{
		"it reads":          {text: "steps: [{id: x, approve: true, action: world.get, with: {name: a}}]"},
		"it fails":          {text: "steps: [{id: x, approve: true, action: world.get, with: {name: a}}]", fails: 1, code: 1},
		"it is asked again": {text: "steps: [{id: x, approve: true, retry: {attempts: 2}, action: world.get, with: {name: a}}]", fails: 1},
		"it is polled":      {text: "steps: [{id: x, approve: true, within: 5s, action: world.get, with: {name: a}, verify: [outputs.value == 0]}]", fails: 1},
		"each of a loop":    {text: "steps: [{id: x, for_each: [1, 2], approve: true, action: world.get, with: {name: a}}]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.fails["a"] = test.fails
			s.person = &person{}
			fin := s.play(t, test.text)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "changes", len(fin.Changes), 0)
			equal(t, "intents", s.order(event.TypeIntent, event.TypeOutcome), "[]")
			equal(t, "asked", len(s.order(event.TypeApprovalRequested)), 1)
		})
	}
}

// What is final is asked for once: another attempt, or another look, cannot help.
func TestWhatIsFinalIsNotTriedAgain(t *testing.T) {
	for name, text := range map[string]string{
		"a change":     "{id: x, retry: {attempts: 3, delay: 5s}, action: world.set, with: {name: a, value: 1, ends: final}}",
		"a read":       "{id: x, retry: {attempts: 3, delay: 5s}, action: world.get, with: {name: forbidden}}",
		"a polled one": "{id: x, within: 30s, action: world.get, with: {name: forbidden}, verify: [outputs.value == 1]}",
		"a look":       "{id: x, within: 30s, observe: {action: world.get, with: {name: forbidden}}, action: world.set, with: {name: a, value: 1}, verify: [observed.value == 1]}",
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			fin := s.play(t, "steps: ["+text+"]")
			equal(t, "code", fin.ExitCode, 1)
			equal(t, "took", s.took, time.Duration(0))
			equal(t, "announced", s.order(event.TypeRetry), "[]")
			equal(t, "told", strings.Contains(fmt.Sprint(fin.Failure), "forbidden"), true)
		})
	}
}

// An action that starts a program is previewed in a dry run, and what it would give is
// unknown, unless its target lists it as a read: that is executed, and no change in a run.
func TestADryRunStartsWhatIsListed(t *testing.T) {
	const text = "steps: [{id: l, action: world.spawn, with: {name: listed}}, {id: x, action: world.spawn, with: {name: a}}, {id: y, when: 'steps.x.outputs.value == 0', action: world.get, with: {name: b}}]"
	s := newScene()
	s.options.DryRun = true
	fin := s.play(t, text)
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "seen", s.world.seen, "[listed b]")
	equal(t, "states", s.states("l", "x", "y"), "l=executed x=previewed y=unknown")
	s = newScene()
	fin = s.play(t, text)
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "seen", s.world.seen, "[listed a b]")
	equal(t, "changed", s.order(event.TypeIntent), "[intent x]")
	equal(t, "not changed", len(fin.Reached.NotChanged), 0)
}

// Where the outcome cannot be written the run ends: what is known of the change is
// told, nothing follows, and nobody looks at the target any more.
func TestAJournalThatFailsAtTheOutcome(t *testing.T) {
	for ends, told := range map[string]string{"": "applied", "partial": "partial", "lost": "lost", "lost_applied": "lost", "not_applied": ""} {
		for _, name := range []string{"world.set", "world.set_again", "world.set_settled"} {
			s := newScene()
			s.journal.fail = func(e *event.Event) bool { return e.Type == event.TypeOutcome }
			with := "name: a, value: 1"
			if ends != "" {
				with += ", ends: " + ends
			}
			fin := s.play(t, "steps: [{id: x, retry: {attempts: 2}, action: "+name+", with: {"+with+"}, observe: {action: world.get, with: {name: a}}, verify: [observed.value == 1], within: 5s}, {id: y, action: world.set, with: {name: b, value: 1}}]\nfinally: [{action: world.set, with: {name: c, value: 1}}]")
			equal(t, "code", fin.ExitCode, 5)
			equal(t, "sent", s.world.order(), "[a=1]")
			equal(t, "looks", s.world.seen, "[a]")
			state := ""
			for _, c := range fin.Changes {
				state += string(c.State)
			}
			equal(t, name+" that ends "+ends, state, told)
		}
	}
}
