package run_test

import (
	"fmt"
	"strings"
	"testing"

	"runbook/engine/event"
)

// The goal of these tests: a is at least 5, and b is not negative.
const goal = `
steps:
  - id: x
    observe: {action: world.get, with: {name: a}}
    verify: [observed.value >= 5, observed.value < 100]
    within: 3s
    remedies:
`

func TestRemedies(t *testing.T) {
	const (
		helps    = "      - {title: helps, action: world.set, with: {name: a, value: 7}}\n"
		not      = "      - {title: not, action: world.set, with: {name: a, value: 3}}\n"
		worse    = "      - {title: worse, action: world.set, with: {name: a, value: 200}}\n"
		fails    = "      - {title: fails, action: world.set, with: {name: a, value: 7, ends: not_applied}}\n"
		partly   = "      - {title: partly, action: world.set, with: {name: a, value: 7, ends: partial}}\n"
		denied   = "      - {title: denied, action: world.set_again, with: {name: a, value: 7}}\n"
		doubtful = "      - {title: doubtful, action: world.set, with: {name: b, value: 7, ends: lost}}\n"
		rights   = "      - {title: failing, on_failure: stop, steps: [{action: world.set, with: {name: a, value: 8}}, {action: world.set, with: {name: b, value: 8, ends: not_applied}}]}\n"
		skipped  = "      - {title: skipped, when: false, action: world.set, with: {name: a, value: 9}}\n"
	)
	for name, test := range map[string]struct {
		remedies, sent, verdicts string
		start                    int
		state                    event.State
		code                     int
		took                     string
	}{
		"the first helps":        {remedies: helps + not, sent: "[a=7]", verdicts: "1 effective, 2 not_needed", state: event.Passed, took: "0s"},
		"the second helps":       {remedies: not + helps, sent: "[a=3 a=7]", verdicts: "1 ineffective, 2 effective", state: event.Passed, took: "3s"},
		"none helps":             {remedies: not, sent: "[a=3]", verdicts: "1 ineffective", state: event.Failed, code: 1, took: "3s"},
		"worse":                  {remedies: worse + helps, sent: "[a=200]", verdicts: "1 worse", state: event.Failed, code: 1, took: "3s"},
		"a failed one gives way": {remedies: fails + helps, sent: "[a=7 a=7]", verdicts: "1 ineffective, 2 effective", state: event.Warned, took: "0s"},
		"a failed one helped":    {remedies: rights, sent: "[a=8 b=8]", verdicts: "1 effective", state: event.Warned, took: "0s"},
		"partly applied ends it": {remedies: partly + helps, sent: "[a=7]", state: event.Failed, code: 1, took: "0s"},
		"refused ends it":        {remedies: denied + helps, sent: "[]", state: event.Refused, code: 3, took: "0s"},
		"in doubt ends it":       {remedies: doubtful + helps, sent: "[b=7]", state: "", code: 6, took: "3s"},
		"skipped":                {remedies: skipped + helps, sent: "[a=7]", verdicts: "2 effective", state: event.Passed, took: "0s"},
		"all skipped":            {remedies: skipped, sent: "[]", state: event.Failed, code: 1, took: "0s"},
		"met":                    {start: 6, remedies: helps, sent: "[]", state: event.Passed, took: "0s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.deny("world.set_again")
			s.world.values["a"] = test.start
			fin := s.play(t, goal+test.remedies)
			equal(t, "sent", s.world.order(), test.sent)
			var verdicts []string
			for _, d := range data[event.Remedy](s, "x") {
				verdicts = append(verdicts, string(rune('0'+d.Index))+" "+d.Verdict)
			}
			equal(t, "verdicts", strings.Join(verdicts, ", "), test.verdicts)
			equal(t, "state", s.state("x"), test.state)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "took", s.took, test.took)
			equal(t, "met", len(data[event.StepFinished](s, "x")) == 1 && data[event.StepFinished](s, "x")[0].Met, test.start == 6)
		})
	}
}

func TestRemediesOutputsAndGoal(t *testing.T) {
	s := newScene()
	fin := s.play(t, goal+`
      - {title: half, action: world.set, with: {name: a, value: "${{ goal.observed.value + 4 }}"}}
      - {title: rest, action: world.set, with: {name: a, value: "${{ goal.observed.value + 4 }}"}}
outputs:
  remedy: "${{ steps.x.outputs.remedy }}"
  verdict: "${{ steps.x.outputs.verdict }}"
  now: "${{ steps.x.observed.value }}"
`)
	equal(t, "sent", s.world.order(), "[a=4 a=8]")
	equal(t, "outputs", string(fin.Outputs), `{"now":8,"remedy":"rest","verdict":"effective"}`)
	equal(t, "verdicts of the changes", fin.Changes[0].Verdict+" "+fin.Changes[1].Verdict, "ineffective effective")
}

func TestLostRemedyIsSettledByTheGoal(t *testing.T) {
	s := newScene()
	fin := s.play(t, goal+"      - {title: lost, action: world.set, with: {name: a, value: 7, ends: lost_applied}}\n")
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "sent", s.world.order(), "[a=7]")
}

func TestRemediesInALoop(t *testing.T) {
	s := newScene()
	s.world.values["n0"] = 9
	fin := s.play(t, `
steps:
  - id: x
    for_each: [0, 1]
    observe: {action: world.get, with: {name: "n${{ item }}"}}
    verify: [observed.value >= 5]
    remedies:
      - {title: helps, action: world.set, with: {name: "n${{ item }}", value: 7}}
outputs:
  verdicts: "${{ map(steps.x.outputs, .verdict) }}"
`)
	equal(t, "sent", s.world.order(), "[n1=7]")
	equal(t, "outputs", string(fin.Outputs), `{"verdicts":["met","effective"]}`)
	equal(t, "paths", s.order(event.TypeIntent), "[intent x[1]/1]")
}

// What is said as text is there as a number too, with what it is compared with.
func TestFactsCarryNumbers(t *testing.T) {
	s := newScene()
	s.world.values["x"] = 92
	s.play(t, `
inputs: {limit: {type: number, default: 70.5}}
steps:
  - id: recover
    observe: {action: world.get, with: {name: x}}
    verify:
      - observed.value < inputs.limit
      - observed.value + 1 < 100 and observed.value > 0
    remedies:
      - {action: world.set, with: {name: x, value: 40}}
`)
	number := func(n *event.Number) string {
		if n == nil || n.Against == nil {
			return fmt.Sprint(n)
		}
		return fmt.Sprint(n.Value, " against ", *n.Against)
	}
	checks := data[event.Check](s, "recover")
	equal(t, "a side of a comparison", number(checks[0].Number), "92 against 70.5")
	equal(t, "its sides", *checks[0].Sides, event.Comparison{Left: "observed.value", Operator: "<", Right: "inputs.limit"})
	equal(t, "its parts", number(checks[0].Parts[0].Number)+", "+number(checks[0].Parts[1].Number), "92 against 70.5, 70.5 against 92")
	equal(t, "no comparison as a whole", checks[1].Sides == nil, true)
	equal(t, "a part of a sum is compared with nothing", number(checks[1].Parts[0].Parts[0].Parts[0].Number), fmt.Sprint(&event.Number{Value: 92}))
	goal := data[event.Remedy](s, "recover")[0].Goal[0]
	equal(t, "a remedy", number(goal.Was)+", "+number(goal.Is), "92 against 70.5, 40 against 70.5")
}
