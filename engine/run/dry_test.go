package run_test

import (
	"slices"
	"testing"

	"runbook/engine/event"
)

func TestDryRun(t *testing.T) {
	for name, test := range map[string]struct {
		text, states string
		paths        []string
		code         int
	}{
		"a change is previewed, what reads below it is unknown": {
			text: `
steps:
  - {id: a, action: world.get, with: {name: a}, verify: [outputs.value == 0]}
  - {id: b, action: world.set, with: {name: b, value: 1}, verify: [outputs.value == 9]}
  - {id: c, action: world.get, with: {name: b}, verify: [outputs.value == 1]}
  - {id: d, when: steps.c.outputs.value > 0, action: world.set, with: {name: d, value: 1}}
  - {id: e, action: world.get, with: {name: "${{ steps.c.outputs.value > 0 ? 'x' : 'y' }}"}}`,
			paths:  []string{"a", "b", "c", "d", "e"},
			states: "a=executed b=previewed c=executed d=unknown e=unknown",
		},
		"a read that fails": {
			text:  "steps: [{id: a, action: world.wait, with: {takes: 1h}}, {id: b, action: world.set, with: {name: b, value: 1}}]",
			paths: []string{"a", "b"}, states: "a=failed b=previewed", code: 1,
		},
		"a check of an executed read that fails": {
			text:  "steps: [{id: a, action: world.get, with: {name: a}, verify: [outputs.value == 4]}]",
			paths: []string{"a"}, states: "a=failed", code: 1,
		},
		"remedies": {
			text:  "steps: [{id: x, observe: {action: world.get, with: {name: a}}, verify: [observed.value > 4], remedies: [{action: world.set, with: {name: a, value: 7}}, {action: world.set, with: {name: a, value: 8}}]}]",
			paths: []string{"x", "x/1", "x/2"}, states: "x=previewed x/1=previewed x/2=previewed",
		},
		"met remedies": {
			text:  "steps: [{id: x, observe: {action: world.get, with: {name: a}}, verify: [observed.value == 0], remedies: [{action: world.set, with: {name: a, value: 7}}]}]",
			paths: []string{"x", "x/1"}, states: "x=executed x/1=",
		},
		"a person is not asked": {
			text:  "steps: [{id: a, approve: true, action: world.drop_value, with: {name: a, value: 1}}, {id: b, manual: {text: t, fields: {n: {type: int}}}}, {id: c, action: world.set, with: {name: c, value: \"${{ steps.b.outputs.n }}\"}}]",
			paths: []string{"a", "b", "c"}, states: "a=previewed b=previewed c=previewed",
		},
		"what policy denies": {
			text:  "steps: [{id: a, action: world.set_again, with: {name: a, value: 1}}]",
			paths: []string{"a"}, states: "a=previewed",
		},
		"a loop of a known list": {
			text:  "steps: [{id: x, for_each: [1, 2], action: world.set, with: {name: a, value: \"${{ item }}\"}}]",
			paths: []string{"x[0]", "x[1]", "x"}, states: "x[0]=previewed x[1]=previewed x=previewed",
		},
		"a container is not executed whose parts are not known": {
			text: `
steps:
  - {id: a, action: world.set, with: {name: a, value: 1}}
  - {id: blk, steps: [{id: in, action: world.get, with: {name: "${{ steps.a.outputs.value > 0 ? 'x' : 'y' }}"}}]}
  - {id: each, for_each: [1, 2], action: world.get, with: {name: "${{ steps.a.outputs.value > item ? 'x' : 'y' }}"}}
  - {id: known, steps: [{id: k, action: world.get, with: {name: a}}]}
  - {id: looped, for_each: [1, 2], action: world.get, with: {name: a}}
  - {id: mixed, steps: [{id: m, action: world.set, with: {name: m, value: 1}}, {id: n, action: world.get, with: {name: "${{ steps.m.outputs.value > 0 ? 'x' : 'y' }}"}}]}
  - {id: later, when: steps.blk.state == "passed", action: world.set, with: {name: d, value: 1}}
  - {id: last, when: steps.mixed.state == "passed" and steps.known.state == "passed", action: world.set, with: {name: d, value: 2}}
  - {id: never, when: steps.known.state != "passed" or steps.mixed.error == "no", action: world.set, with: {name: d, value: 3}}`,
			paths:  []string{"in", "blk", "each[0]", "each", "known", "looped", "mixed", "later", "last", "never"},
			states: "in=unknown blk=unknown each[0]=unknown each=unknown known=executed looped=executed mixed=previewed later=unknown last=unknown never=unknown",
		},
		"a method that lowers the effect": {
			text:  "steps: [{id: a, action: world.request, with: {name: a}}, {id: b, action: world.request, with: {name: b, method: POST}}]",
			paths: []string{"a", "b"}, states: "a=executed b=previewed",
		},
		"a condition that the unknown cannot change": {
			text:  "steps: [{id: a, action: world.set, with: {name: a, value: 1}}, {id: b, when: 'false and steps.a.outputs.value > 0', action: world.set, with: {name: b, value: 1}}]",
			paths: []string{"a", "b"}, states: "a=previewed b=skipped",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.DryRun = true
			s.deny("world.set_again")
			s.person = &person{}
			fin := s.play(t, test.text)
			equal(t, "sent", s.world.order(), "[]")
			equal(t, "states", s.states(test.paths...), test.states)
			equal(t, "code", fin.ExitCode, test.code)
			equal(t, "end", fin.State, event.DryRun)
			equal(t, "asked", s.person.(*person).asked, "[]")
			for _, f := range s.journal.facts {
				if f.Type == event.TypeIntent || f.Type == event.TypeApprovalRequested {
					t.Errorf("%s of %s", f.Type, f.Path)
				}
			}
		})
	}
}

func TestOfflineReadsNothing(t *testing.T) {
	s := newScene()
	s.options.DryRun, s.options.Offline = true, true
	fin := s.play(t, `
steps:
  - {id: a, action: world.request, with: {name: a}}
  - {id: x, observe: {action: world.get, with: {name: a}}, verify: [observed.value > 4], remedies: [{action: world.set, with: {name: a, value: 7}}]}
`)
	equal(t, "code", fin.ExitCode, 0)
	equal(t, "sent", s.world.order(), "[]")
	if slices.Contains(s.order(), "observation x") {
		t.Error("it observed")
	}
}

func TestDryRunSaysWhatIsKnownAfterWhat(t *testing.T) {
	s := newScene()
	s.options.DryRun = true
	s.world.values["b"] = 4
	s.play(t, `
steps:
  - {id: b, action: world.set, with: {name: b, value: 1}}
  - {id: c, action: world.get, with: {name: b}, verify: [outputs.value == 1]}
  - {id: d, when: steps.c.outputs.value > 0, action: world.set, with: {name: d, value: 1}}
`)
	c := data[event.Check](s, "c")[0]
	equal(t, "check", string(c.Verdict)+" after "+c.After, "unknown after b")
	started := data[event.StepStarted](s, "d")[0]
	equal(t, "when", string(started.When.Verdict)+" after "+started.When.After, "unknown after b")
	equal(t, "read now", string(data[event.Result](s, "c")[0].Outputs), `{"value":4}`)
}
