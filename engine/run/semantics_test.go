package run_test

import (
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/event"
)

// A verification that never had a look is not held, whatever its items read.
func TestNoLookNoProof(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want event.State
	}{
		"a read":                        {"{id: x, action: world.get, with: {name: down}, verify: [run.id != ''], within: 3s}", event.Failed},
		"a read, read past its absence": {"{id: x, action: world.get, with: {name: down}, verify: [outputs?.value != 5], within: 3s}", event.Failed},
		"an observation, polled":        {"{id: x, action: world.set, with: {name: a, value: 1}, observe: {action: world.get, with: {name: down}}, verify: [outputs.value == 0], within: 3s}", event.Failed},
		"an observation":                {"{id: x, action: world.set, with: {name: a, value: 1}, observe: {action: world.get, with: {name: down}}, verify: [outputs.value == 0]}", event.Failed},
		"one that only warns":           {"{id: x, action: world.set, with: {name: a, value: 1}, observe: {action: world.get, with: {name: down}}, verify: [{that: observed.value == 0, level: warn}]}", event.Warned},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.fails["down"] = 99
			fin := s.play(t, "steps: ["+test.text+"]")
			equal(t, "state", s.state("x"), test.want)
			if test.want == event.Failed && !strings.Contains(fin.Failure.What, "no answer") {
				t.Errorf("why: %+v", fin.Failure)
			}
		})
	}
}

// What reads past its absence holds in a look that failed, and fails in it, as it
// would of any value: neither is proof of what is.
func TestAFailedLookProvesNothing(t *testing.T) {
	const (
		look = "observe: {action: world.get, with: {name: a}}, verify: "
		lost = "action: world.set, with: {name: b, value: 1, ends: lost}"
		is5  = look + "[(observed?.value ?? 0) == 5]"
		not5 = look + "[(observed?.value ?? 0) != 5]"
	)
	for name, test := range map[string]struct {
		text  string
		fails int // looks from the first on; 0: the look after the answer of a person
		sent  string
		code  int
	}{
		"what became of a change":           {text: "{id: x, " + lost + ", " + is5 + "}", fails: 1, sent: "[b=1]", code: 6},
		"of one with an approval":           {text: "{id: x, approve: true, " + lost + ", " + is5 + "}", sent: "[b=1]", code: 6},
		"of a remedy":                       {text: "{id: x, " + is5 + ", remedies: [{title: r, " + lost + "}]}", fails: 1, sent: "[b=1]", code: 6},
		"of a remedy that is sent anew":     {text: "{id: x, " + is5 + ", remedies: [{title: r, action: world.set_again, with: {name: b, value: 1, ends: lost}}]}", fails: 1, sent: "[b=1 b=1 b=1]", code: 6},
		"of a remedy that looks itself":     {text: "{id: x, " + look + "[observed.value == 7], remedies: [{title: r, " + lost + ", " + is5 + "}]}", fails: 2, sent: "[b=1]", code: 6},
		"that nothing is to be done":        {text: "{id: x, skip_if_met: true, action: world.set, with: {name: b, value: 1}, " + not5 + "}", fails: 1, sent: "[b=1]", code: 1},
		"that it held by the time of a yes": {text: "{id: x, approve: true, action: world.set, with: {name: b, value: 1}, " + look + "[(observed?.value ?? 7) == 7]}", sent: "[b=1]", code: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.values["a"] = 5
			if s.world.fails["a"] = test.fails; test.fails == 0 {
				s.person = &person{before: func() { s.world.fails["a"] = 1 }}
			}
			fin := s.play(t, "steps: ["+test.text+"]")
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "settled", len(data[event.Settled](s, "x")), 0)
		})
	}
}

// A read that fails is polled for beside an observation too, until it has an answer
// of its own. A look begins a whole pause after the last one ended, and in time.
func TestPollsWithinItsTime(t *testing.T) {
	const beside = "observe: {action: world.get, with: {name: a}}, "
	for name, test := range map[string]struct {
		text  string
		fails int
		state event.State
		seen  int
		took  string
	}{
		"a read that fails twice":       {"verify: [outputs.value == 0], within: 10s", 2, event.Passed, 3, "2s"},
		"beside an observation":         {beside + "verify: [outputs.value == 0, observed.value == 0], within: 10s", 2, event.Passed, 3, "2s"},
		"that alone would hold":         {beside + "verify: [observed.value == 0], within: 3s", 99, event.Failed, 4, "3s"},
		"a pause that is not a divisor": {"verify: [outputs.value == 1], within: 10s, every: 4s", 0, event.Failed, 3, "8s"},
		"a pause that ends in time":     {"verify: [outputs.value == 1], within: 10s, every: 5s", 0, event.Failed, 3, "10s"},
		"a pause that is longer":        {"verify: [outputs.value == 1], within: 2s, every: 1m", 0, event.Failed, 1, "0s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.world.fails["down"] = test.fails
			s.play(t, "steps: [{id: x, action: world.get, with: {name: down}, "+test.text+"}]")
			equal(t, "state", s.state("x"), test.state)
			equal(t, "looks", strings.Count(strings.Join(s.world.seen, " "), "down"), test.seen)
			equal(t, "took", s.took, test.took)
		})
	}
}

// An output that cannot be evaluated fails a run that was done; of another run it is
// left out, and it alone.
func TestOutputsThatCannotBeEvaluated(t *testing.T) {
	for steps, want := range map[string]string{
		"[{action: world.get, with: {name: x}}]":                    `1 {"b":7}`,
		"[{action: world.get, with: {name: x}}, {action: bad}]":     `1 {"b":7}`,
		"[{action: world.get, with: {name: x}, verify: ['1 > 2']}]": `1 {"b":7}`,
	} {
		s := newScene()
		steps = strings.Replace(steps, "{action: bad}", "{action: world.set, with: {name: a, value: 1, ends: not_applied}}", 1)
		fin := s.play(t, "steps: "+steps+"\noutputs: {a: \"${{ must(nil, 'none') }}\", b: \"${{ 7 }}\"}")
		equal(t, steps, string(rune('0'+fin.ExitCode))+" "+string(fin.Outputs), want)
	}
}

// Of a loop too, what holds by the time of the answer is not touched.
func TestItemsThatRecoverWhileTheyWait(t *testing.T) {
	s := newScene()
	s.world.values["c"] = 1 // holds before, and is asked for all the same
	s.person = &person{before: func() { s.world.values["b"] = 1 }}
	fin := s.play(t, "steps: [{id: x, approve: true, for_each: [a, b, c], action: world.set, with: {name: \"${{ item }}\", value: 1}, observe: {action: world.get, with: {name: \"${{ item }}\"}}, verify: [observed.value == 1]}]")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "sent", s.world.order(), "[a=1 c=1]")
	equal(t, "states", s.states("x[0]", "x[1]", "x[2]"), "x[0]=passed x[1]=passed x[2]=passed")
}

// Who is asked again is told what changed.
func TestAskedAgainBecause(t *testing.T) {
	s := newScene()
	asked := 0
	s.person = &person{before: func() {
		if asked++; asked == 1 {
			s.world.version++
		}
	}}
	fin := s.play(t, "steps: [{id: x, approve: true, action: world.set, with: {name: a, value: 1}}]")
	equal(t, "code", fin.ExitCode, 0)
	var because []string
	for _, f := range s.journal.facts {
		if a, ok := f.Data.(*event.Approval); ok && f.Type == event.TypeApprovalRequested {
			because = append(because, a.Because)
		}
	}
	equal(t, "because", strings.Join(because, "|"), "|it changed since it was approved: value a is another: a 0, now a 1")
}

// What was settled as not applied is not in doubt, whatever ends the step after it.
func TestSettledIsNotInDoubt(t *testing.T) {
	s := newScene()
	fin := s.play(t, "steps: [{id: x, retry: {attempts: 3}, action: world.set_settled, with: {name: a, value: 5, ends: lost_and_moved}}]")
	equal(t, "code", fin.ExitCode, 1)
	equal(t, "changes", len(fin.Changes), 0)
	equal(t, "sent", s.world.order(), "[a=5]")
}

// While the run is in doubt or waits, nothing is begun: no undo, no finally of a call.
func TestNothingIsBegunBesideADoubt(t *testing.T) {
	const before = "{action: world.set, with: {name: b, value: 1}, undo: {action: world.set, with: {name: b, value: 0}}}"
	const lost = "{action: world.set, with: {name: a, value: 5, ends: lost}}"
	const long = "{action: world.wait, with: {takes: 1h}}"
	for name, test := range map[string]struct {
		text string
		sent string
		code int
	}{
		"in the block itself":   {"steps: [{id: x, on_failure: undo, steps: [" + before + ", " + lost + "]}]", "[b=1 a=5]", 6},
		"in a loop":             {"steps: [{id: x, on_failure: undo, for_each: [1], steps: [" + before + ", " + lost + "]}]", "[b=1 a=5]", 6},
		"beside the block":      {"steps:\n  - {id: x, needs: [], on_failure: undo, steps: [" + before + ", " + long + "]}\n  - {needs: [], steps: [{action: world.wait, with: {takes: 2s}}, " + lost + "]}", "[b=1 a=5]", 6},
		"beside a call":         {"steps:\n  - {id: x, needs: [], call: other}\n  - {needs: [], steps: [{action: world.wait, with: {takes: 2s}}, " + lost + "]}", "[b=1 a=5]", 6},
		"a call beside waiting": {"steps:\n  - {id: x, needs: [], call: other}\n  - {needs: [], steps: [{action: world.wait, with: {takes: 2s}}, {approve: true, action: world.set, with: {name: a, value: 5}}]}", "[b=1]", 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.others = map[string]string{"other": "playbook: other\ntitle: t\npurpose: p\nexpected: e\non_failure: undo\nsteps: [" + before + ", " + long + "]\nfinally: [{action: world.set, with: {name: end, value: 1}}]"}
			fin := s.play(t, test.text)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "sent", s.world.order(), test.sent)
		})
	}
}

// A callee's finally runs once a step of it began, and only then.
func TestFinallyOfACalleeThatDidNotBegin(t *testing.T) {
	s := newScene()
	s.others = map[string]string{"other": "playbook: other\ntitle: t\npurpose: p\nexpected: e\nsteps: [{when: \"int('x') == 1\", action: world.get, with: {name: x}}]\nfinally: [{action: world.set, with: {name: end, value: 1}}]"}
	s.play(t, "steps: [{id: c, call: other}]")
	equal(t, "sent", s.world.order(), "[]")
}

// A call is warned where any part of what it calls is.
func TestACallIsWarnedByAnyPart(t *testing.T) {
	const warns = "[{action: world.get, with: {name: x}, verify: [{that: outputs.value == 1, level: warn}]}]"
	const plain = "[{action: world.get, with: {name: x}}]"
	for name, text := range map[string]string{
		"its prerequisites": "prerequisites: " + warns + "\nsteps: " + plain,
		"its steps":         "steps: " + warns,
		"its finally":       "steps: " + plain + "\nfinally: " + warns,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.others = map[string]string{"other": "playbook: other\ntitle: t\npurpose: p\nexpected: e\n" + text}
			s.play(t, "steps: [{id: c, call: other}]")
			equal(t, "state", s.state("c"), event.Warned)
		})
	}
}

// Inside an item a block stops at its first failure; the loop's on_failure is about
// the other items.
func TestAnItemFailsAsAWhole(t *testing.T) {
	for on, want := range map[string]string{"continue": "[a=1 a=1]", "warn": "[a=1 a=1]", "stop": "[a=1]"} {
		s := newScene()
		s.play(t, "steps: [{id: l, on_failure: "+on+", for_each: [1, 2], steps: [{action: world.set, with: {name: a, value: 1, ends: not_applied}}, {action: world.set, with: {name: b, value: 1}}]}]")
		equal(t, on, s.world.order(), want)
	}
}

// A pause is never longer than it may be, and never nothing.
func TestPausesStayWithinTheirBounds(t *testing.T) {
	for name, test := range map[string]struct {
		retry string
		least time.Duration
		most  time.Duration
	}{
		"exponential for long": {"{attempts: 200, delay: 1s, max_delay: 2s, backoff: exponential}", 397 * time.Second, 397 * time.Second},
		"with jitter":          {"{attempts: 101, delay: 2s, max_delay: 2s, jitter: 1}", 100 * time.Second, 200 * time.Second},
	} {
		s := newScene()
		s.world.fails["down"] = 999
		s.play(t, "steps: [{id: x, action: world.get, with: {name: down}, retry: "+test.retry+"}]")
		if s.took < test.least || s.took > test.most {
			t.Errorf("%s took %s", name, s.took)
		}
	}
}

// The parameters of an undo that need no outputs are fixed in the intent, so that a run
// that was killed behind it can be undone.
func TestUndoIsFixedInTheIntent(t *testing.T) {
	s := newScene()
	s.play(t, "steps: [{id: x, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}, {id: y, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: \"${{ outputs.value }}\"}}}]")
	equal(t, "without outputs", string(data[event.Intent](s, "x")[0].Undo), `{"name":"a","value":0}`)
	equal(t, "with outputs", string(data[event.Intent](s, "y")[0].Undo), "")
	equal(t, "and in the outcome", string(data[event.Outcome](s, "y")[0].Undo), `{"name":"a","value":1}`)
}

// A step under undo that was applied is undone however it ends, as a block is.
func TestUndoOfAStepThatIsCancelled(t *testing.T) {
	s := newScene()
	s.signals = []time.Duration{2 * time.Second}
	fin := s.play(t, "steps: [{id: x, on_failure: undo, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}, observe: {action: world.get, with: {name: b}}, verify: [observed.value == 1], within: 1h}]")
	equal(t, "code", fin.ExitCode, 130)
	equal(t, "sent", s.world.order(), "[a=1 a=0]")
	equal(t, "told", fin.Changes[0].State, action.AppliedFully)
}
