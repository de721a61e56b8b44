package launch

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"runbook/engine/diag"
	"runbook/engine/environment"
	"runbook/engine/yaml"
)

// TestPrerequisitesAtTheirTargets holds which prerequisites are refused when they are
// validated: what changes something at the targets of the environments, by the values
// that are written.
func TestPrerequisitesAtTheirTargets(t *testing.T) {
	const change = "action: box.mild, with: {text: change}"
	here, listed := []string{"here"}, []string{"listed"}
	for name, c := range map[string]struct {
		in   []string
		step string
		want string // "": nothing is wrong
	}{
		"without an environment":      {step: change, want: "error: 6:17 a prerequisite only reads, and box.mild does not: its effect is write"},
		"where nothing lists it":      {in: here, step: change, want: "error: 6:17 in here: a prerequisite only reads, and box.mild"},
		"where its target lists it":   {in: listed, step: change},
		"where one of two lists it":   {in: []string{"here", "listed"}, step: change, want: "warning: 6:17 in here: a prerequisite only reads, and box.mild"},
		"by a value":                  {in: here, step: "action: box.mild, with: {text: '${{ inputs.text }}'}"},
		"by another target":           {in: here, step: "target: '${{ inputs.text }}', " + change},
		"in a block":                  {in: here, step: "steps: [{" + change + "}]", want: "error: 6:26 in here: a prerequisite only reads"},
		"a remedy":                    {in: here, step: "observe: {action: box.look, with: {text: a}}, verify: [observed.text == inputs.text], remedies: [{" + change + "}]", want: "in here: a prerequisite only reads, and box.mild"},
		"an undo":                     {in: here, step: "on_failure: undo, action: box.look, with: {text: a}, undo: {steps: [{" + change + "}]}", want: "in here: a prerequisite only reads, and box.mild"},
		"a callee by its constant":    {in: here, step: "call: milds, with: {text: change}", want: "error: 6:17 in here: a prerequisite only reads, and milds does not: at prerequisites/1/asked the effect of box.mild is write"},
		"a callee by its own":         {in: here, step: "call: harms", want: "harms does not: at prerequisites/1/put"},
		"a callee's callee":           {in: here, step: "call: first, with: {text: change}", want: "first does not: at prerequisites/1/asks/asked"},
		"a callee, where it is read":  {in: listed, step: "call: harms"},
		"a callee that reads by that": {in: here, step: "call: milds, with: {text: look}"},
		"a callee by a value":         {in: here, step: "call: milds, with: {text: '${{ inputs.text }}'}"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKit(t)
			var in []*environment.Environment
			for _, env := range c.in {
				in = append(in, k.request(t, "", env).Environment)
			}
			text := "playbook: p\ntitle: t\npurpose: p\nexpected: e\ninputs: {text: {type: string}}\nprerequisites: [{" + c.step + "}]\nsteps: [{action: box.write, with: {text: '${{ inputs.text }}'}}]\n"
			list := slices.DeleteFunc(k.Check(&yaml.Source{Name: "p.yaml", Text: []byte(text)}, in), func(d diag.Diagnostic) bool {
				return !strings.Contains(d.Message, "a prerequisite only reads")
			})
			var got string
			for _, d := range list {
				got += d.Severity.String() + ": " + d.Span.Start.String() + " " + d.Message + "\n"
			}
			if len(list) > 1 || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestUndoIsCountedWhereItIsCalled holds how many changes are told of for the case of a
// failure: all parts of an undo, where something undoes, if only what calls the playbook.
func TestUndoIsCountedWhereItIsCalled(t *testing.T) {
	const put = "action: box.write, with: {text: a}"
	const undo = "undo: {steps: [{" + put + "}, {for_each: [1, 2], " + put + "}, {action: box.look, with: {text: a}}]}"
	k := newKit(t)
	k.Catalogue = NewCatalogue(nil, fstest.MapFS{
		"a/undoable.yaml": &fstest.MapFile{Data: []byte("playbook: undoable\nsteps: [{" + put + ", " + undo + "}]\n")},
		"a/around.yaml":   &fstest.MapFile{Data: []byte("playbook: around\nsteps: [{call: undoable}]\n")},
	}, "here")
	for steps, want := range map[string][2]int{ // writes, and those on a failure
		put + ", " + undo:                                          {1, 0},
		"on_failure: undo, " + put + ", " + undo:                   {1, 3},
		"on_failure: undo, steps: [{" + put + ", " + undo + "}]":   {1, 3},
		"on_failure: undo, for_each: [1, 2], " + put + ", " + undo: {2, 6},
		"call: undoable":                                           {1, 0},
		"on_failure: undo, call: undoable":                         {1, 3},
		"on_failure: undo, steps: [{call: around}]":                {1, 3},
		"on_failure: undo, " + put + ", undo: {call: undoable}":    {1, 1},
	} {
		c := k.Compile(&yaml.Source{Name: "p.yaml", Text: []byte("playbook: p\nsteps: [{" + steps + "}]\n")}, nil)
		if c.Plan == nil {
			t.Fatal(c.List)
		}
		if got := Effects(c.Plan, environment.DefaultPolicy()); got.Writes != want[0] || got.OnFailure != want[1] {
			t.Errorf("%s: %d writes, %d on a failure, want %v", steps, got.Writes, got.OnFailure, want)
		}
	}
}
