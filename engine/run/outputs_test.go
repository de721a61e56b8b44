package run_test

import (
	"testing"

	"runbook/engine/event"
)

// A block gives what its outputs say, after its steps: in a loop lists in order, nil for
// an item without. In a dry run what waits for a change is unknown.
func TestOutputsOfBlocks(t *testing.T) {
	const get = "{id: g, action: world.get, with: {name: \"n${{ item }}\"}}"
	const gives = "outputs: {v: \"${{ steps.g.outputs.value }}\", n: \"${{ item }}\"}"
	for name, test := range map[string]struct {
		text, outputs, states string
		dry                   bool
	}{
		"of a block": {
			text:    "steps: [{id: x, steps: [{id: g, action: world.get, with: {name: n1}}], outputs: {v: \"${{ steps.g.outputs.value }}\"}, verify: [outputs.v == 11]}]\noutputs: {all: \"${{ steps.x.outputs.v }}\"}",
			outputs: `{"all":11}`, states: "x=passed",
		},
		"of a loop":  {text: "steps: [{id: x, for_each: [1, 2], max_parallel: 2, steps: [" + get + "], " + gives + "}]\noutputs: {all: \"${{ steps.x.outputs }}\"}", outputs: `{"all":[{"n":1,"v":11},{"n":2,"v":0}]}`, states: "x=passed"},
		"of a part":  {text: "steps: [{id: x, for_each: [1, 2], steps: [" + get + "], " + gives + "}]\noutputs: {all: \"${{ map(steps.x.outputs, .v) }}\"}", outputs: `{"all":[11,0]}`, states: "x=passed"},
		"no outputs": {text: "steps: [{id: x, for_each: [1, 2], on_failure: warn, steps: [" + get + ", {when: item == 1, action: world.set, with: {name: a, value: 1, ends: not_applied}}], " + gives + "}]\noutputs: {all: \"${{ map(steps.x.outputs ?? [], #?.v) }}\"}", outputs: `{"all":[null,0]}`, states: "x=warned"},
		"an error":   {text: "steps: [{id: x, steps: [{id: l, action: world.list, with: {count: 2}}], outputs: {v: \"${{ steps.l.outputs.items[9] }}\"}}]", states: "x=failed"},
		"its end":    {text: "steps: [{id: x, on_failure: warn, steps: [{id: l, action: world.list, with: {count: 2}}], outputs: {v: \"${{ (steps.l.outputs?.items ?? [])[9] }}\"}}]\noutputs: {all: \"${{ steps.x.outputs?.v }}\"}", outputs: `{"all":null}`, states: "x=warned"},
		"dry, known": {dry: true, text: "steps: [{id: x, for_each: [1], steps: [" + get + "], " + gives + "}, {id: y, action: world.get, with: {name: a}, verify: [\"steps.x.outputs[0].v == 11\"]}]", states: "x=executed y=executed"},
		"dry, after a change": {
			dry: true, states: "x=previewed y=executed z=failed",
			text: "steps: [{id: x, steps: [{action: world.set, with: {name: n1, value: 1}}, {id: g, action: world.get, with: {name: n1}}], outputs: {v: \"${{ steps.g.outputs.value }}\", w: 5}}, {id: y, action: world.get, with: {name: a}, verify: [steps.x.outputs.v == 99]}, {id: z, needs: [x], action: world.get, with: {name: a}, verify: [steps.x.outputs.w == 4]}]",
		},
		"dry, perhaps skipped": {
			dry: true, states: "x=unknown y=executed",
			text: "steps: [{id: a, action: world.set, with: {name: n1, value: 1}}, {id: x, when: steps.a.outputs.value == 1, steps: [{action: world.get, with: {name: n1}}], outputs: {w: 5}}, {id: y, action: world.get, with: {name: a}, verify: [steps.x.outputs?.w != 5]}]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.options.DryRun = test.dry
			s.world.values["n1"] = 11
			fin := s.play(t, test.text)
			equal(t, "outputs", string(fin.Outputs), test.outputs)
			equal(t, "states", s.states("x", "y", "z")[:len(test.states)], test.states)
		})
	}
}

// What a resume needs of blocks, calls and remedies is in their last fact, also of one
// that is an item.
func TestOutputsAreJournalled(t *testing.T) {
	s := newScene()
	s.others = map[string]string{"other": "inputs: {n: {type: int}}\nsteps: [{action: world.list, with: {count: 1}}]\noutputs: {n: \"${{ inputs.n }}\"}"}
	s.play(t, "steps: [{id: x, for_each: [1], steps: [{action: world.list, with: {count: 1}}], outputs: {n: \"${{ item }}\"}}, {id: b, steps: [{action: world.list, with: {count: 1}}], outputs: {n: 2}}, {id: c, for_each: [3], call: other, with: {n: \"${{ item }}\"}}]")
	for path, want := range map[event.Path]string{"x[0]": `{"n":1}`, "b": `{"n":2}`, "c[0]": `{"n":3}`, "x": "", "c": ""} {
		equal(t, string(path), string(data[event.StepFinished](s, path)[0].Outputs), want)
	}
}
