package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/engine/event"
)

// numbers are the keys that take ${{ }}, each at a place where it can stand, with two
// values that a run tells apart.
var numbers = map[string]struct {
	text, of   string // of is its type
	one, other string
}{
	"the playbook's timeout":      {"timeout: N\nsteps: [{action: world.wait, with: {takes: 10s}}]", "duration", "3s", "20s"},
	"the playbook's max_parallel": {"max_parallel: N\nsteps: [{needs: [], action: world.set, with: {name: a, value: 1, takes: 4s}}, {needs: [], action: world.set, with: {name: b, value: 1, takes: 4s}}]", "int", "1", "2"},
	"a step's timeout":            {"steps: [{timeout: N, action: world.set, with: {name: a, value: 1, takes: 10s}}]", "duration", "3s", "20s"},
	"a read's timeout":            {"steps: [{timeout: N, action: world.wait, with: {takes: 10s}}]", "duration", "3s", "20s"},
	"a block's timeout":           {"steps: [{timeout: N, steps: [{action: world.wait, with: {takes: 10s}}]}]", "duration", "3s", "20s"},
	"a loop's timeout":            {"steps: [{timeout: N, for_each: [1, 2], steps: [{action: world.wait, with: {takes: 10s}}]}]", "duration", "3s", "30s"},
	"a prerequisite's timeout":    {"prerequisites: [{timeout: N, action: world.wait, with: {takes: 10s}}]\nsteps: [{action: world.list, with: {count: 1}}]", "duration", "3s", "20s"},
	"the timeout in a finally":    {"steps: [{action: world.list, with: {count: 1}}]\nfinally: [{timeout: N, action: world.wait, with: {takes: 10s}}]", "duration", "3s", "20s"},
	"the timeout of an undo":      {"on_failure: undo\nsteps: [{action: world.set, with: {name: a, value: 1}, undo: {timeout: N, action: world.wait, with: {takes: 10s}}}, {action: world.get, with: {name: forbidden}}]", "duration", "3s", "20s"},
	"a remedy's timeout":          {"steps: [{observe: {action: world.get, with: {name: a}}, verify: [observed.value == 1], remedies: [{timeout: N, action: world.wait, with: {takes: 10s}}]}]", "duration", "3s", "20s"},
	"the timeout of a call":       {"steps: [{timeout: N, call: other}]", "duration", "3s", "20s"},
	"a loop's max_parallel":       {"steps: [{for_each: [1, 2, 3, 4], max_parallel: N, action: world.set, with: {name: 'v${{ item }}', value: 1, takes: 4s}}]", "int", "2", "4"},
	"max_failures":                {"steps: [{for_each: [1, 2, 3, 4], on_failure: continue, max_failures: N, action: world.set, with: {name: a, value: 1, takes: 4s, ends: not_applied}}]", "int", "2", "3"},
	"within":                      {"steps: [{action: world.get, with: {name: a}, verify: [outputs.value == 9], within: N}]", "duration", "4s", "9s"},
	"every":                       {"steps: [{action: world.get, with: {name: count}, verify: [outputs.value == 3], within: 30s, every: N}]", "duration", "2s", "7s"},
	"within of remedies":          {"steps: [{observe: {action: world.get, with: {name: a}}, verify: [observed.value == 1], within: N, remedies: [{action: world.set, with: {name: b, value: 1}}]}]", "duration", "4s", "9s"},
	"attempts":                    {"steps: [{retry: {attempts: N}, action: world.set, with: {name: a, value: 1, ends: not_applied}}]", "int", "2", "4"},
	"delay":                       {"steps: [{retry: {attempts: 2, delay: N}, action: world.set, with: {name: a, value: 1, ends: not_applied}}]", "duration", "2s", "7s"},
	"max_delay":                   {"steps: [{retry: {attempts: 2, delay: 10s, max_delay: N}, action: world.set, with: {name: a, value: 1, ends: not_applied}}]", "duration", "2s", "7s"},
	"jitter":                      {"steps: [{retry: {attempts: 2, delay: 1h, jitter: N}, action: world.set, with: {name: a, value: 1, ends: not_applied}}]", "number", "0", "1"},
}

// Each number is what its expression gives, wherever it stands, also in a playbook that
// is called: a run is what it would be with the value in the file, and another with
// another value.
func TestNumbersAreDecidedByInputsAndVariables(t *testing.T) {
	for name, n := range numbers {
		t.Run(name, func(t *testing.T) {
			played := func(text, value string, callee bool) string {
				s := newScene()
				s.others = map[string]string{"other": "steps: [{action: world.wait, with: {takes: 10s}}]"}
				s.options.Environment.Vars = map[string]any{"n": value}
				if callee {
					s.others["main"] = "inputs: {n: {type: " + n.of + "}}\n" + text
					text = fmt.Sprintf("inputs: {given: {type: %s, default: %s}}\nsteps: [{call: main, with: {n: '${{ inputs.given }}'}}]", n.of, value)
				}
				fin := s.play(t, text)
				return fmt.Sprint(s.took, slices.Sorted(slices.Values(s.world.sent)), s.world.most, len(s.world.seen), fin.ExitCode)
			}
			in := func(value string) string { return strings.Replace(n.text, "N", value, 1) }
			declared := fmt.Sprintf("inputs: {n: {type: %s, default: %s}}\n", n.of, n.one)
			one := played(in(n.one), n.one, false)
			equal(t, "from an input", played(declared+in("'${{ inputs.n }}'"), "", false), one)
			if n.of == "duration" {
				equal(t, "from a variable", played(in("'${{ vars.n }}'"), n.one, false), one)
			}
			if name != "the playbook's timeout" && name != "the playbook's max_parallel" { // those of the run hold
				equal(t, "in a callee", played(in("'${{ inputs.n }}'"), n.one, true), one)
			}
			if other := played(declared+in("'${{ inputs.n }}'"), "", false); other != one {
				t.Errorf("%s, then %s", one, other)
			}
			if other := played(strings.Replace(declared, n.one, n.other, 1)+in("'${{ inputs.n }}'"), "", false); other == one {
				t.Errorf("%s and %s are no different: %s", n.one, n.other, one)
			}
		})
	}
}

// A call whose inputs are known only when it starts fails there, before its first step,
// by a number that is not taken; what was decided is in the journal.
func TestTheNumbersOfACallAreDecidedWhenItStarts(t *testing.T) {
	text := "steps: [{id: ask, action: world.get, with: {name: a}}, {id: call, call: main, with: {n: '${{ steps.ask.outputs.value }}'}}]"
	for value, want := range map[int]event.State{0: event.Failed, 2: event.Passed} {
		s := newScene()
		s.world.values["a"] = value
		s.others = map[string]string{"main": "inputs: {n: {type: int}}\nsteps: [{for_each: [1, 2], max_parallel: '${{ inputs.n }}', action: world.set, with: {name: b, value: 1}}]"}
		fin := s.play(t, text)
		equal(t, "the call", s.state("call"), want)
		if want == event.Failed {
			equal(t, "what was sent", len(s.world.sent), 0)
			told := fin.Failure.What + " " + fin.Failure.Place
			for _, part := range []string{"main cannot be called", "`max_parallel` of step steps/1", "${{ inputs.n }}", "0 is too small", "main.yaml:"} {
				if !strings.Contains(told, part) {
					t.Errorf("%q says nothing of %q", told, part)
				}
			}
			continue
		}
		var facts []event.Decided
		for _, e := range s.journal.facts {
			if d, ok := e.Data.(*event.StepStarted); ok {
				facts = append(facts, d.Numbers...)
			}
		}
		equal(t, "the facts", fmt.Sprint(facts), "[{call/steps/1 max_parallel ${{ inputs.n }} 2 [50]}]")
	}
}

// A dry run whose inputs are not known goes on: the number is as if it was not written.
func TestADryRunGoesOnWithoutANumber(t *testing.T) {
	s := newScene()
	s.options.DryRun = true
	s.others = map[string]string{"main": `
inputs: {n: {type: int}, t: {type: duration}}
steps:
  - {for_each: [1, 2], max_parallel: "${{ inputs.n }}", timeout: "${{ inputs.t }}", action: world.get, with: {name: a}, retry: {attempts: "${{ inputs.n }}", delay: "${{ inputs.t }}"}}
  - {action: world.get, with: {name: b}, verify: [outputs.value == 0], within: "${{ inputs.t }}", every: "${{ inputs.t }}"}
`}
	fin := s.play(t, "steps: [{id: set, action: world.set, with: {name: a, value: 1}}, {call: main, with: {n: '${{ steps.set.outputs.value }}', t: '${{ steps.set.outputs.value }}s'}}]")
	equal(t, "the exit code", fin.ExitCode, 0)
	equal(t, "what was read", fmt.Sprint(s.world.seen), "[a a b]")
	if s.took > time.Second {
		t.Errorf("it took %s", s.took)
	}
}
