package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
	"runbook/engine/history"
)

func TestOnFailure(t *testing.T) {
	const bad = "action: world.set, with: {name: bad, value: 1, ends: not_applied}"
	for name, test := range map[string]struct {
		text, states, sent string
		code               int
		end                event.State
	}{
		"stop": {
			text:   "steps: [{id: a, " + bad + "}, {id: b, action: world.get, with: {name: x}}]",
			states: "a=failed b=", sent: "[bad=1]", code: 1, end: event.Failed,
		},
		"continue": {
			text:   "on_failure: continue\nsteps: [{id: a, " + bad + "}, {id: b, action: world.get, with: {name: x}}]",
			states: "a=failed b=passed", sent: "[bad=1]", code: 1, end: event.Failed,
		},
		"warn": {
			text:   "on_failure: warn\nsteps: [{id: a, " + bad + "}, {id: b, action: world.get, with: {name: x}}]",
			states: "a=failed b=passed", sent: "[bad=1]", code: 0, end: event.Done,
		},
		"warn of a step": {
			text:   "steps: [{id: a, on_failure: warn, " + bad + "}, {id: b, action: world.get, with: {name: x}}]",
			states: "a=warned b=passed", sent: "[bad=1]", code: 0, end: event.Done,
		},
		"a block under warn, then a refusal": {
			text:   "steps: [{id: a, on_failure: warn, steps: [{" + bad + "}]}, {id: b, action: world.set_again, with: {name: x, value: 1}}]",
			states: "a=warned b=refused", sent: "[bad=1]", code: 3, end: event.Refused,
		},
		"a block under continue fails in the end": {
			text:   "steps: [{id: a, on_failure: continue, steps: [{" + bad + "}, {id: b, action: world.get, with: {name: x}}]}, {id: c, action: world.get, with: {name: x}}]",
			states: "a=failed b=passed c=", sent: "[bad=1]", code: 1, end: event.Failed,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.deny("world.set_again")
			fin := s.play(t, test.text)
			states := []string{"a", "b"}
			if len(test.states) > len("a=failed b=passed ") {
				states = append(states, "c")
			}
			equal(t, "states", s.states(states...), test.states)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "end", fin.State, test.end)
		})
	}
}

func TestUndo(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: "${{ outputs.value }}"}}}
  - {id: b, action: world.set, with: {name: b, value: 1}}
  - {id: c, action: world.set, with: {name: c, value: 1}, approve: true, undo: {action: world.set, with: {name: c, value: 0}}}
  - {id: d, action: world.set, with: {name: d, value: 1, ends: not_applied}, undo: {action: world.set, with: {name: d, value: 0}}}
finally:
  - {action: world.set, with: {name: finally, value: 1}}
`)
	equal(t, "without a person: waits, undoes nothing", fin.ExitCode, 3)
	equal(t, "sent", s.world.order(), "[a=1 b=1]")

	p := &person{}
	s2 := newScene()
	s2.person = p
	fin = s2.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: "${{ outputs.value }}"}}}
  - {id: b, action: world.set, with: {name: b, value: 1}}
  - {id: c, action: world.set, with: {name: c, value: 1}, approve: true, undo: {action: world.set, with: {name: c, value: 0}}}
  - {id: d, action: world.set, with: {name: d, value: 1, ends: not_applied}, undo: {action: world.set, with: {name: d, value: 0}}}
finally:
  - {action: world.set, with: {name: finally, value: 1}}
`)
	equal(t, "sent", s2.world.order(), "[a=1 b=1 c=1 d=1 c=0 a=0 finally=1]")
	equal(t, "states", s2.states("a", "b", "c", "d"), "a=undone b=passed c=undone d=failed")
	equal(t, "code", fin.ExitCode, 1)
	equal(t, "asked once", len(p.asked), 1)
	undone := map[string]bool{}
	for _, c := range fin.Changes {
		if c.Phase == "" {
			undone[string(c.Step)] = c.Undone
		}
	}
	equal(t, "undone changes", undone, map[string]bool{"a": true, "b": false, "c": true})
}

func TestUndoCoversThePartialAndAFailedUndoBlocksThoseAbove(t *testing.T) {
	s := newScene()
	s.play(t, `
on_failure: undo
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}
  - {id: b, action: world.set, with: {name: b, value: 1}, undo: {action: world.set, with: {name: b, value: 0, ends: not_applied}}}
  - {id: c, action: world.set, with: {name: c, value: 1, ends: partial}, undo: {action: world.set, with: {name: c, value: 0}}}
`)
	equal(t, "sent", s.world.order(), "[a=1 b=1 c=1 c=0 b=0]")
	equal(t, "states", s.states("a", "b", "c"), "a=undo_failed b=undo_failed c=undone")
}

// A failed undo blocks those of the steps that its own came after, whatever calls and
// loops it stands in, and of no step of another item or call.
func TestAFailedUndoBlocksAcrossCallsAndLoops(t *testing.T) {
	const (
		a     = "{id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}"
		stuck = "{id: s, action: world.set, with: {name: s, value: 1}, undo: {action: world.set, with: {name: s, value: 0, ends: not_applied}}"
		fails = ", {action: world.set, with: {name: z, value: 1, ends: not_applied}}]"
		two   = "inputs: {x: {type: int}}\nsteps: [{id: a, action: world.set, with: {name: a, value: '${{ inputs.x }}'}, undo: {action: world.set, with: {name: a, value: 0}}}, " +
			"{id: s, action: world.set, with: {name: s, value: 1}, undo: {action: world.set, with: {name: s, value: 0, ends: not_applied, fails: 1}}}]"
	)
	for name, test := range map[string]struct{ text, sent string }{
		"in a call":               {"steps: [" + a + ", {id: c, call: stuck}" + fails, "[a=1 s=1 z=1 s=0]"},
		"in a call in a call":     {"steps: [" + a + ", {id: c, call: deep}" + fails, "[a=1 s=1 z=1 s=0]"},
		"in a call in a loop":     {"steps: [" + a + ", {id: c, for_each: [1], call: stuck}" + fails, "[a=1 s=1 z=1 s=0]"},
		"in a loop":               {"steps: [" + a + ", {id: c, for_each: [1], steps: [" + stuck + "}]}" + fails, "[a=1 s=1 z=1 s=0]"},
		"before what is in calls": {"steps: [{id: c, call: calm}, " + stuck + "}" + fails, "[a=1 s=1 z=1 s=0]"},
		"that nothing needs":      {"steps: [" + a + ", {id: c, needs: [], call: stuck}, {needs: [a, c], action: world.set, with: {name: z, value: 1, ends: not_applied}}]", "a=0"},
		"of another item":         {"steps: [{id: c, for_each: [1, 2], call: two, with: {x: '${{ item }}'}}" + fails, "[a=1 s=1 a=2 s=1 z=1 s=0 s=0 a=0]"},
		"of another call":         {"steps: [{id: c, call: two, with: {x: 1}}, {id: d, needs: [], call: two, with: {x: 2}}, {needs: [c, d], action: world.set, with: {name: z, value: 1, ends: not_applied}}]", "a=0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.others = map[string]string{"stuck": "steps: [" + stuck + "}]", "deep": "steps: [{id: d, call: stuck}]", "calm": "steps: [" + a + "]", "two": two}
			s.play(t, "on_failure: undo\n"+test.text)
			if got := fmt.Sprint(s.world.order()); got != test.sent && (test.sent[0] == '[' || strings.Count(got, test.sent) != 1) {
				t.Errorf("sent %s, want %s", got, test.sent)
			}
		})
	}
}

func TestUndoOfABlockLeavesTheRest(t *testing.T) {
	s := newScene()
	s.play(t, `
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}}
  - id: block
    on_failure: undo
    steps:
      - {id: b, action: world.set, with: {name: b, value: 1}, undo: {action: world.set, with: {name: b, value: 0}}}
      - {id: c, action: world.set, with: {name: c, value: 1, ends: not_applied}}
`)
	equal(t, "sent", s.world.order(), "[a=1 b=1 c=1 b=0]")
	equal(t, "states", s.states("a", "b", "block"), "a=passed b=undone block=failed")
}

func TestUndoOfAStepThatFails(t *testing.T) {
	s := newScene()
	s.play(t, `
steps:
  - id: x
    on_failure: undo
    action: world.set
    with: {name: a, value: 1}
    verify: [outputs.value == 7]
    undo: {action: world.set, with: {name: a, value: "${{ outputs.value }}"}}
finally:
  - {action: world.set, with: {name: "${{ steps.x.state }}", value: 1}}
`)
	equal(t, "sent", s.world.order(), "[a=1 a=0 undone=1]")
	equal(t, "order", s.order(event.TypeStepFinished)[:3], "[step_finished x step_finished x/undo step_finished x]")
	equal(t, "state", s.state("x"), event.Undone)

	// The parts of an undo see what the step saw, but for what they have themselves.
	s = newScene()
	s.world.values["a"] = 4
	s.play(t, `
steps:
  - id: x
    on_failure: undo
    observe: {action: world.get, with: {name: a}}
    action: world.set
    with: {name: a, value: 1}
    verify: [outputs.value == 7]
    undo:
      steps:
        - {action: world.set, with: {name: a, value: "${{ before.value }}"}, verify: [outputs.value == 1, before.value == 4, observed.value == 1]}
        - {observe: {action: world.get, with: {name: a}}, action: world.set, with: {name: b, value: "${{ outputs.value }}"}, verify: [before.value == 4]}
        - {steps: [{action: world.set, with: {name: c, value: "${{ before.value + observed.value }}"}}]}
`)
	equal(t, "sent by a block", s.world.order(), "[a=1 a=4 b=4 c=5]")
	equal(t, "states of a block", s.states("x", "x/undo"), "x=undone x/undo=passed")

	s = newScene()
	s.play(t, "steps: [{id: x, on_failure: undo, for_each: [1, 2], action: world.set, with: {name: a, value: '${{ item }}'}, undo: {action: world.set, with: {name: a, value: 0}}, verify: [index == 0]}]")
	equal(t, "sent", s.world.order(), "[a=1 a=2 a=0 a=0]")
	equal(t, "states", s.states("x[1]", "x[1]/undo", "x[0]", "x[0]/undo", "x"), "x[1]=undone x[1]/undo=passed x[0]=undone x[0]/undo=passed x=failed")
}

// What a block or a playbook undoes may stand in loops and calls within it, also where
// the step has an id, and so an address, of its own.
func TestUndoReachesIntoLoopsAndCalls(t *testing.T) {
	const (
		set   = "{id: s, action: world.set, with: {name: a, value: 1}, undo: {action: world.set, with: {name: a, value: 0}}"
		fails = ", {action: world.set, with: {name: b, value: 1, ends: not_applied}}]}]"
		block = "steps: [{id: b, on_failure: undo, steps: ["
	)
	for name, text := range map[string]string{
		"a loop in a block":           block + set + ", for_each: [1]}" + fails,
		"a loop of blocks":            block + "{id: l, for_each: [1], steps: [{id: in, steps: [" + set + "}]}]}" + fails,
		"a loop in a loop":            block + "{id: l, for_each: [1], steps: [" + set + ", for_each: [1]}]}" + fails,
		"a block in an item":          "steps: [{id: l, for_each: [1], steps: [{id: b, on_failure: undo, steps: [{id: m, for_each: [1], steps: [" + set + "}]}" + fails[:len(fails)-1] + "]}]",
		"a call in a block":           block + "{id: c, call: callee}" + fails,
		"a call in a loop in a block": block + "{id: c, for_each: [1], call: callee}" + fails,
		"a loop in a call in a block": block + "{id: c, call: loops}" + fails,
		"a block that is in no undo":  "on_failure: undo\nsteps: [{id: q, steps: [" + set + ", for_each: [1]}" + fails,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.others = map[string]string{"callee": "steps: [" + set + "}]", "loops": "steps: [" + set + ", for_each: [1]}]"}
			s.play(t, text)
			equal(t, "sent", s.world.order(), "[a=1 b=1 a=0]")
		})
	}
	s := newScene() // and no further than the block
	s.play(t, "steps: [{id: k, for_each: [1], action: world.set, with: {name: k, value: 1}, undo: {action: world.set, with: {name: k, value: 0}}}, {id: b, on_failure: undo, steps: ["+set+", for_each: [1]}"+fails)
	equal(t, "sent", s.world.order(), "[k=1 a=1 b=1 a=0]")
}

func TestUndoLooksAndTriesRemedies(t *testing.T) {
	s := newScene()
	s.play(t, `
on_failure: undo
steps:
  - id: x
    action: world.set
    with: {name: a, value: 9}
    undo:
      observe: {action: world.get, with: {name: a}}
      verify: [observed.value == 0]
      remedies:
        - {action: world.set, with: {name: a, value: 4}}
        - {action: world.set, with: {name: a, value: 0}}
  - {action: world.set, with: {name: b, value: 1, ends: not_applied}}
`)
	equal(t, "sent", s.world.order(), "[a=9 b=1 a=4 a=0]")
	equal(t, "state", s.state("x"), event.Undone)
}

func TestLoops(t *testing.T) {
	const change = "action: world.set, with: {name: \"n${{ item }}\", value: \"${{ index }}\"}"
	for name, test := range map[string]struct {
		text, state, sent string
		most              int
	}{
		"in order":     {text: "steps: [{id: x, for_each: [7, 8, 9], " + change + "}]", state: "passed", sent: "[n7=0 n8=1 n9=2]", most: 1},
		"of a read":    {text: "steps: [{id: l, action: world.list, with: {count: 3}}, {id: x, for_each: \"${{ steps.l.outputs.items }}\", " + change + "}]", state: "passed", sent: "[n0=0 n1=1 n2=2]", most: 1},
		"empty":        {text: "steps: [{id: l, action: world.list, with: {count: 0}}, {id: x, for_each: \"${{ steps.l.outputs.items }}\", " + change + "}]", state: "skipped", sent: "[]"},
		"max_parallel": {text: "steps: [{id: x, for_each: [1, 1, 1, 1, 1], max_parallel: 3, action: world.set, with: {name: a, value: 1, takes: 4s}}]", state: "passed", sent: "[a=1 a=1 a=1 a=1 a=1]", most: 3},
		"failure stops the rest": {
			text:  "steps: [{id: x, for_each: [1, 2], action: world.set, with: {name: a, value: \"${{ item }}\", ends: not_applied}}]",
			state: "failed", sent: "[a=1]", most: 1,
		},
		"but not under continue": {
			text:  "steps: [{id: x, on_failure: continue, for_each: [1, 2], action: world.set, with: {name: a, value: \"${{ item }}\", ends: not_applied}}]",
			state: "failed", sent: "[a=1 a=2]", most: 1,
		},
		"nor under warn": {
			text:  "steps: [{id: x, on_failure: warn, for_each: [1, 2], action: world.set, with: {name: a, value: \"${{ item }}\", ends: not_applied}}]",
			state: "warned", sent: "[a=1 a=2]", most: 1,
		},
		"max_failures": {
			text:  "steps: [{id: x, on_failure: continue, max_failures: 2, for_each: [1, 2, 3, 4, 5], steps: [{when: item != 2, action: world.set, with: {name: a, value: \"${{ item }}\", ends: not_applied}}]}, {action: world.set, with: {name: z, value: 1}}]",
			state: "failed", sent: "[a=1 a=3]", most: 1,
		},
		"max_failures under warn": {
			text:  "steps: [{id: x, on_failure: warn, max_failures: 1, for_each: [1, 2], action: world.set, with: {name: a, value: \"${{ item }}\", ends: not_applied}}, {action: world.set, with: {name: z, value: 1}}]",
			state: "warned", sent: "[a=1 z=1]", most: 1,
		},
		"max_failures in flight": {
			text:  "steps: [{id: x, on_failure: warn, max_failures: 1, max_parallel: 2, for_each: [1, 1, 1], action: world.set, with: {name: a, value: 1, takes: 2s, ends: not_applied}}]",
			state: "warned", sent: "[a=1 a=1]", most: 2,
		},
		"as many as may": {
			text:  "steps: [{id: x, on_failure: warn, max_failures: 2, for_each: [1, 2], action: world.set, with: {name: a, value: \"${{ item }}\", ends: not_applied}}]",
			state: "warned", sent: "[a=1 a=2]", most: 1,
		},
		"as": {
			text:  "steps: [{id: x, for_each: [7, 8], as: host, steps: [{for_each: [1, 2], action: world.set, with: {name: \"n${{ host }}\", value: \"${{ item * 10 + index }}\"}}]}]",
			state: "passed", sent: "[n7=10 n7=21 n8=10 n8=21]", most: 1,
		},
		"undo": {
			text:  "steps: [{id: x, on_failure: undo, for_each: [1, 2], steps: [{action: world.set, with: {name: a, value: \"${{ item }}\"}, undo: {action: world.set, with: {name: a, value: -1}}}, {when: item == 2, action: world.set, with: {name: b, value: 1, ends: not_applied}}]}]",
			state: "failed", sent: "[a=1 a=2 b=1 a=-1 a=-1]", most: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.play(t, test.text)
			equal(t, "state", s.state("x"), test.state)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "at once", s.world.most, test.most)
		})
	}
}

// Why no further item was started is told once, as a failure or as a warning, of the loop.
func TestMaxFailuresAreTold(t *testing.T) {
	const why = "1 item failed, so 2 were not started (max_failures: 1)"
	for on, level := range map[string]string{"continue": "fail", "warn": "warn"} {
		s := newScene()
		fin := s.play(t, "steps: [{id: x, on_failure: "+on+", max_failures: 1, for_each: [1, 2, 3], action: world.set, with: {name: a, value: 1, ends: not_applied}}]\noutputs: {told: \"${{ map(filter(run.findings, .step == 'x'), .level + ': ' + .message) }}\"}")
		equal(t, "findings", string(fin.Outputs), `{"told":["`+level+": "+why+`"]}`)
		equal(t, "of the loop", data[event.StepFinished](s, "x")[0].Failure.What, why)
	}
}

// A title is made of what is known when its step starts; else it stays as it is written.
func TestTitles(t *testing.T) {
	s := newScene()
	s.inputs = map[string]any{"n": 3}
	fin := s.play(t, `
inputs: {n: {type: int}}
steps:
  - {id: a, title: "Read ${{ inputs.n }}", action: world.get, with: {name: a}}
  - id: x
    title: "Set ${{ item }} of ${{ inputs.n }}, before ${{ steps.a.outputs.value }}"
    for_each: [7, 8]
    on_failure: warn
    action: world.set
    with: {name: b, value: "${{ item }}", ends: not_applied}
  - {id: y, title: "All of ${{ inputs.n }}", for_each: [1], steps: [{action: world.get, with: {name: a}}]}
finally: [{id: z, title: "End ${{ failure.reason }}", action: world.get, with: {name: a}}]
`)
	for path, want := range map[event.Path]string{"a": "Read 3", "x[1]": "Set 8 of 3, before 0", "x": "", "y": "All of 3", "z": "End "} {
		equal(t, string(path), data[event.StepFinished](s, path)[0].Title+"|"+data[event.StepStarted](s, path)[0].Title, want+"|"+want)
	}
	equal(t, "the warning", fin.Warnings[0].Title, "Set 7 of 3, before 0")
}

// An item is called by its text, or by its name, id or title, wherever it is told.
func TestItemsHaveNames(t *testing.T) {
	for item, want := range map[string]string{
		"web1": "web1", "7": "7", "{name: a, id: 1}": "a", "{id: 12, title: t}": "12", "{name: '', title: t}": "t", "{port: 80}": `{"port":80}`, "{name: {x: 1}, id: b}": "b",
	} {
		s := newScene()
		fin := s.play(t, "steps: [{id: x, for_each: [north, south], steps: [{id: y, for_each: ["+item+"], action: world.set, with: {name: a, value: 1}}]}, {action: world.set, with: {name: b, value: 1}}]")
		equal(t, "items", data[event.Expanded](s, "x[1]/y")[0].Items, []string{want})
		equal(t, "of the changes", []string{fin.Changes[0].Item, fin.Changes[1].Item, fin.Changes[2].Item}, []string{"north, " + want, "south, " + want, ""})
	}
}

func TestLoopOutputsAreLists(t *testing.T) {
	s := newScene()
	s.world.values["n1"] = 11
	fin := s.play(t, `
steps:
  - {id: x, for_each: [0, 1], action: world.get, with: {name: "n${{ item }}"}}
  - {id: none, for_each: "${{ filter([1], # > 5) }}", action: world.get, with: {name: a}}
outputs:
  all: "${{ map(steps.x.outputs, .value) }}"
  none: "${{ len(steps.none.outputs) }}"
`)
	equal(t, "outputs", string(fin.Outputs), `{"all":[0,11],"none":0}`)
}

func TestWhen(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - {id: a, when: 1 > 2, action: world.set, with: {name: a, value: 1}}
  - {id: b, needs: [a], action: world.set, with: {name: b, value: 1}}
  - {id: c, when: 'steps.a.state == "skipped"', action: world.set, with: {name: c, value: 1}}
`)
	equal(t, "states", s.states("a", "b", "c"), "a=skipped b=passed c=passed")
	equal(t, "end", fin.State, event.Done)
	equal(t, "skipped counted", s.order(event.TypeStepSkipped), "[step_skipped a]")
}

func TestNeedsRunAtOnce(t *testing.T) {
	s := newScene()
	s.play(t, `
steps:
  - {id: a, needs: [], action: world.wait, with: {takes: 10s}}
  - {id: b, needs: [], action: world.wait, with: {takes: 5s}}
  - {id: c, needs: [b], action: world.set, with: {name: c, value: 1}}
  - {id: d, action: world.set, with: {name: d, value: 1}}
`)
	equal(t, "took", s.took, 10*time.Second)
	equal(t, "sent", s.world.order(), "[c=1 d=1]")
}

func TestFailureStopsReadsInFlight(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps:
  - {id: a, needs: [], action: world.wait, with: {takes: 20s}}
  - {id: b, needs: [], action: world.set, with: {name: b, value: 1, takes: 3s, ends: not_applied}}
  - {id: c, needs: [], action: world.set, with: {name: c, value: 1, takes: 9s}}
`)
	equal(t, "states", s.states("a", "b", "c"), "a=cancelled b=failed c=passed")
	equal(t, "took", s.took, 9*time.Second)
	equal(t, "step", fin.Step, "b")
}

// TestPrerequisitesNeverChange holds that a prerequisite of which only its values
// tell that it changes something is refused when they are known, also in a block, a
// loop, a callee and a dry run, and that nothing is sent.
func TestPrerequisitesNeverChange(t *testing.T) {
	const request = "action: world.request, with: {name: x, method: '${{ inputs.method }}'}"
	const input = "inputs: {method: {type: string, enum: [GET, POST], default: POST}}\n"
	for name, step := range map[string]string{
		"plain": request, "in a block": "steps: [{" + request + "}]", "in a loop": "for_each: [1], " + request,
		"in a callee": "call: told, with: {method: POST}",
	} {
		for _, dry := range []bool{false, true} {
			s := newScene()
			s.others = map[string]string{"told": input + "steps: [{" + request + "}]"}
			s.options.DryRun = dry
			fin := s.play(t, input+"prerequisites: [{id: p, "+step+"}]\nsteps: [{action: world.request, with: {name: y, method: '${{ inputs.method }}'}}]")
			equal(t, name+", sent", s.world.order(), "[]")
			equal(t, name+", code", fin.ExitCode, 1)
			if !dry && !strings.Contains(fin.Failure.What, "a prerequisite only reads, and this world.request does not: its effect is write") {
				t.Errorf("%s: %+v", name, fin.Failure)
			}
		}
	}
	s := newScene()
	fin := s.play(t, input+"prerequisites: [{"+strings.Replace(request, "inputs.method", "inputs.method == \"POST\" ? \"GET\" : \"POST\"", 1)+"}]\nsteps: [{"+request+"}]")
	equal(t, "one that reads", fin.ExitCode, 0)
}

func TestFinally(t *testing.T) {
	for name, test := range map[string]struct {
		text, text2 string
		person      *person
		sent        string
		code        int
	}{
		"after success": {text: "{id: x, action: world.get, with: {name: x}}", sent: "[none=1 last=2]"},
		"after a failure": {
			text: "{id: x, title: Set it, action: world.set, with: {name: x, value: 1, ends: not_applied}}",
			sent: "[x=1 failed=1 last=2]", code: 1,
		},
		"after a refusal": {
			text:   "{id: x, approve: true, action: world.set, with: {name: x, value: 1}}",
			person: &person{refuse: true}, sent: "[refused=1 last=2]", code: 3,
		},
		"not while it waits": {text: "{id: x, approve: true, action: world.set, with: {name: x, value: 1}}", sent: "[]", code: 3},
		"not after a prerequisite": {
			text:  "{id: x, action: world.get, with: {name: x}}",
			text2: "prerequisites: [{id: p, action: world.get, with: {name: x}, verify: [outputs.value == 9]}]",
			sent:  "[]", code: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			if test.person != nil {
				s.person = test.person
			}
			fin := s.play(t, test.text2+`
steps: [`+test.text+`]
finally:
  - {when: 'failure.reason != ""', action: world.set, with: {name: "${{ failure.reason }}", value: "${{ failure.step == 'x' ? 1 : 0 }}"}}
  - {when: 'failure.reason == ""', action: world.set, with: {name: none, value: 1}}
  - {action: world.set, with: {name: last, value: 2}}
`)
			equal(t, "sent", s.world.order(), test.sent)
			equal(t, "code", fin.ExitCode, test.code)
		})
	}
}

func TestFinallyRunsAllAndItsFailureFailsTheRun(t *testing.T) {
	s := newScene()
	fin := s.play(t, `
steps: [{id: x, action: world.get, with: {name: x}}]
finally:
  - {action: world.set, with: {name: a, value: 1, ends: not_applied}}
  - {action: world.set, with: {name: b, value: 1}}
`)
	equal(t, "sent", s.world.order(), "[a=1 b=1]")
	equal(t, "code", fin.ExitCode, 1)
	equal(t, "step", fin.Step, "finally/1")

	s = newScene()
	fin = s.play(t, `
steps: [{id: x, action: world.set, with: {name: x, value: 1, ends: not_applied}}]
finally: [{action: world.set, with: {name: a, value: 1, ends: partial}}]
`)
	equal(t, "never replaces the first", fin.Step, "x")
}

func TestCall(t *testing.T) {
	s := newScene()
	s.others = map[string]string{"inner": `
inputs: {name: {type: string}}
steps: [{id: c, action: world.set, with: {name: "${{ inputs.name }}", value: 3}}]
finally: [{action: world.set, with: {name: end, value: 1}}]
outputs: {was: "${{ steps.c.outputs.value }}"}
`}
	s.world.values["a"] = 41
	fin := s.play(t, `
steps:
  - {id: x, call: inner, with: {name: a}}
  - {id: y, action: world.set, with: {name: y, value: "${{ steps.x.outputs.was + 1 }}"}}
`)
	equal(t, "end", fin.State, event.Done)
	equal(t, "sent", s.world.order(), "[a=3 end=1 y=42]")
	equal(t, "states", s.states("x", "x/c", "y"), "x=passed x/c=passed y=passed")
	equal(t, "ends", s.order(event.TypeStepFinished), "[step_finished x/c step_finished x/finally/1 step_finished x step_finished y]")
}

func TestCallThatFails(t *testing.T) {
	s := newScene()
	s.others = map[string]string{"inner": `
steps: [{id: c, action: world.set, with: {name: c, value: 3, ends: not_applied}}]
finally: [{action: world.set, with: {name: "${{ failure.reason }}", value: 1}}]
`}
	fin := s.play(t, "steps: [{id: x, call: inner}, {id: y, action: world.set, with: {name: y, value: 1}}]")
	equal(t, "code", fin.ExitCode, 1)
	equal(t, "sent", s.world.order(), "[c=3 failed=1]")
	equal(t, "step", fin.Step, "x/c")
}

// TestCalledStepsHaveTitles holds that the plan of a run has the titles of steps of
// called playbooks, by the addresses at which they run, in loops or not.
func TestCalledStepsHaveTitles(t *testing.T) {
	s := newScene()
	s.others = map[string]string{"inner": "steps:\n  - {id: look, title: Look once, action: world.get, with: {name: a}}\n  - {for_each: [1, 2], title: Each, steps: [{title: Deep, action: world.get, with: {name: a}}, {id: said, title: Said, action: world.get, with: {name: a}}]}\n  - {action: world.get, with: {name: a}}", "outer": "steps: [{id: in, title: Inner, call: inner}]"}
	s.play(t, "steps: [{id: x, title: X, call: outer}, {id: each, for_each: [1], steps: [{call: inner}]}]")
	var r history.Run
	for i := range s.journal.facts {
		r.Apply(s.journal.facts[i])
	}
	for path, title := range map[event.Path]string{
		"x": "X", "x/in": "Inner", "x/in/look": "Look once", "x/in/steps/2": "Each", "x/in/steps/2[1]/1": "Deep", "x/in/steps/2[0]/said": "Said",
		"each[0]/1/look": "Look once", "each[0]/1/steps/2[1]/said": "Said", "x/in/steps/3": "",
	} {
		if step := r.Known(path); step == nil || step.Plan.Title != title {
			t.Errorf("%s: %+v, want the title %q", path, step, title)
		}
	}
}
