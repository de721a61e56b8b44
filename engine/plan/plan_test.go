package plan_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/launch"
	"runbook/engine/plan"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

var update = flag.Bool("update", false, "write what is found to testdata")

type getParams struct {
	Name string `yaml:"name" doc:"Name."`
}

type setParams struct {
	Name  string `yaml:"name" doc:"Name."`
	Value int    `yaml:"value" doc:"Value." min:"-100" max:"100"`
}

type requestParams struct {
	Method string `yaml:"method" doc:"Method." default:"GET" enum:"GET,POST"`
	Path   string `yaml:"path" doc:"Path."`
}

type watchParams struct {
	For time.Duration `yaml:"for" doc:"How long."`
}

type anyParams struct {
	Any   any         `yaml:"any,omitempty" doc:"Anything."`
	Token schema.Text `yaml:"token,omitempty" doc:"A token."`
}

type listOutputs struct {
	Items []int `yaml:"items" doc:"Items."`
}

type valueOutputs struct {
	Value int `yaml:"value" doc:"Value."`
}

// nothing makes an action that is compiled and never run.
func nothing[P, O any](s action.Spec[P, O]) *action.Action {
	s.Summary, s.Example = "Nothing.", "action: "+s.Name
	s.Run = func(context.Context, action.Call, P) (o O, _ error) { return o, nil }
	s.Preview = func(context.Context, action.Call, P) (p action.Preview, _ error) { return p, nil }
	return action.New(s)
}

func registry(t testing.TB) *action.Registry {
	t.Helper()
	service := &action.TargetKind{Name: "service", Summary: "One."}
	r, err := action.NewRegistry([]*action.Action{
		nothing(action.Spec[getParams, valueOutputs]{Name: "world.get"}),
		nothing(action.Spec[struct{}, listOutputs]{Name: "world.list"}),
		nothing(action.Spec[struct{}, listOutputs]{Name: "world.run", Effect: action.Write, Child: true}),
		nothing(action.Spec[watchParams, listOutputs]{Name: "world.watch", Takes: func(p watchParams) time.Duration { return p.For }}),
		nothing(action.Spec[setParams, valueOutputs]{Name: "world.set", Effect: action.Write}),
		nothing(action.Spec[setParams, valueOutputs]{Name: "world.drop_value", Effect: action.Destructive}),
		nothing(action.Spec[anyParams, valueOutputs]{Name: "world.any"}),
		nothing(action.Spec[setParams, valueOutputs]{
			Name: "world.perhaps", Effect: action.Destructive, Target: service,
			EffectAt: func(target action.Target, _ setParams) action.Effect {
				if len(target.Writes) > 0 {
					return action.Write
				}
				return action.Destructive
			},
		}),
		nothing(action.Spec[requestParams, valueOutputs]{
			Name: "http.request", Effect: action.Write, EffectBy: []string{"method"},
			EffectOf: func(p requestParams) action.Effect {
				if p.Method == http.MethodGet {
					return action.Read
				}
				return action.Write
			},
		}),
		nothing(action.Spec[struct{}, valueOutputs]{Name: "http.see", Target: service}),
		nothing(action.Spec[requestParams, valueOutputs]{
			Name: "http.send", Effect: action.Write, Target: service,
			EffectAt: func(target action.Target, _ requestParams) action.Effect {
				if len(target.Reads) > 0 {
					return action.Read
				}
				return action.Write
			},
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// others are playbooks that a step may call.
type others map[string]*yaml.Source

// Called implements launch.Library.
func (o others) Called(name string, _ *yaml.Source) (*yaml.Source, error) {
	if o[name] == nil {
		return nil, fmt.Errorf("no playbook %q", name)
	}
	return o[name], nil
}

func compile(t testing.TB, text string, callees map[string]string) (*plan.Plan, diag.List) {
	t.Helper()
	source := func(name, text string) *yaml.Source {
		if !strings.Contains(text, "playbook:") {
			text = "playbook: " + name + "\ntitle: t\npurpose: p\nexpected: e\n" + text
		}
		return &yaml.Source{Name: name + ".yaml", Text: []byte(text)}
	}
	all := others{"test": source("test", text)}
	for name, text := range callees {
		all[name] = source(name, text)
	}
	c := launch.NewPlans(registry(t)).Compile(all["test"], all, nil)
	return c.Plan, c.List
}

func lines(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s %s %s %s\n", d.Span.Start, d.Severity, d.Code, d.Message)
	}
	return b.String()
}

func TestTenMistakesAreTenDiagnostics(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, list := compile(t, string(text), nil)
	if p != nil {
		t.Error("a plan of a playbook with mistakes")
	}
	if list.Errors() != 10 {
		t.Errorf("%d errors", list.Errors())
	}
	got := lines(list)
	if *update {
		if err := os.WriteFile("testdata/mistakes.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/mistakes.golden")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestAccess: which steps an expression may read, and what of it is optional.
func TestAccess(t *testing.T) {
	const get = "action: world.get, with: {name: a}"
	reads := func(expr string) string {
		return "{id: r, action: world.get, with: {name: a}, verify: ['" + expr + "']}"
	}
	for name, test := range map[string]struct{ text, err string }{
		"a step above":             {text: "steps: [{id: a, " + get + "}, " + reads("steps.a.outputs.value == 1") + "]"},
		"a step below":             {text: "steps: [" + reads("steps.a.outputs.value == 1") + ", {id: a, " + get + "}]", err: `step "a" is not waited for`},
		"a sibling not waited for": {text: "steps: [{id: a, " + get + "}, {id: r, needs: [], " + get + ", verify: [steps.a.outputs.value == 1]}]", err: `step "a" is not waited for`},
		"a need of a need":         {text: "steps: [{id: a, " + get + "}, {id: b, needs: [a], " + get + "}, {id: r, needs: [b], " + get + ", verify: [steps.a.outputs.value == 1]}]"},
		"itself":                   {text: "steps: [{id: r, " + get + ", verify: [steps.r.outputs.value == 1]}]", err: `step "r" is this one`},
		"a block around":           {text: "steps: [{id: b, steps: [" + reads(`steps.b.state == "passed"`) + "]}]", err: `step "b" holds this one`},
		"in a block above":         {text: "steps: [{steps: [{id: a, " + get + "}]}, " + reads("steps.a.outputs.value == 1") + "]"},
		"a block's verify":         {text: "steps: [{id: b, steps: [{id: a, " + get + "}], verify: [steps.a.outputs.value == 1]}]"},
		"a block's when":           {text: "steps: [{id: b, when: steps.a.outputs.value == 1, steps: [{id: a, " + get + "}]}]", err: `step "a" is a part of this one`},
		"in a loop, from outside":  {text: "steps: [{for_each: [1], steps: [{id: a, " + get + "}]}, " + reads("steps.a.outputs.value == 1") + "]", err: `step "a" is in a loop`},
		"in a loop, from within":   {text: "steps: [{for_each: [1], steps: [{id: a, " + get + "}, " + reads("steps.a.outputs.value == item") + "]}]"},
		"a loop is a list":         {text: "steps: [{id: a, for_each: [1], " + get + "}, " + reads("steps.a.outputs[0].value == 1") + "]"},
		"under when":               {text: "steps: [{id: a, when: 1 < 2, " + get + "}, " + reads("steps.a.outputs.value == 1") + "]", err: "?."},
		"under when, with ?.":      {text: "steps: [{id: a, when: 1 < 2, " + get + "}, " + reads("(steps.a.outputs?.value ?? 0) == 1") + "]"},
		"under when, asked":        {text: "steps: [{id: a, when: 1 < 2, " + get + "}, " + reads(`steps.a.state == "passed" and steps.a.outputs.value == 1`) + "]"},
		"under when, own when":     {text: `steps: [{id: a, when: 1 < 2, ` + get + `}, {id: r, when: 'steps.a.state == "passed"', ` + get + `, verify: [steps.a.outputs.value == 1]}]`},
		"under warn":               {text: "steps: [{id: a, on_failure: warn, " + get + "}, " + reads("steps.a.outputs.value == 1") + "]", err: "?."},
		"in a block under warn":    {text: "steps: [{on_failure: warn, steps: [{id: a, " + get + "}]}, " + reads("steps.a.outputs.value == 1") + "]", err: "?."},
		"beside it, under warn":    {text: "steps: [{on_failure: warn, steps: [{id: a, " + get + "}, " + reads("steps.a.outputs.value == 1") + "]}]", err: "?."},
		"outputs of a block":       {text: "steps: [{id: b, steps: [{id: a, " + get + "}], outputs: {v: '${{ steps.a.outputs.value }}'}, verify: [outputs.v == 1]}, " + reads("steps.b.outputs.v == 1") + "]"},
		"of a block under warn":    {text: "steps: [{id: b, on_failure: warn, steps: [{id: a, " + get + "}], outputs: {v: '${{ steps.a.outputs?.value ?? 0 }}'}}, " + reads("steps.b.outputs.v == 1") + "]", err: "?."},
		"as by its last step":      {text: "steps: [{id: b, on_failure: warn, steps: [{id: a, " + get + "}], outputs: {v: '${{ steps.a.outputs.value }}'}}]", err: "?."},
		"of a loop over a block":   {text: "steps: [{id: b, for_each: [1], steps: [{id: a, " + get + "}], outputs: {v: '${{ steps.a.outputs.value + item }}'}}, " + reads("sum(map(steps.b.outputs, .v)) == 1") + "]"},
		"of one whose items fail":  {text: "steps: [{id: b, for_each: [1], on_failure: continue, steps: [{id: a, " + get + "}], outputs: {v: '${{ steps.a.outputs.value }}'}}, " + reads("sum(map(steps.b.outputs ?? [], .v)) == 1") + "]", err: "?."},
		"of the block itself":      {text: "steps: [{id: b, steps: [{id: a, " + get + "}], outputs: {v: '${{ outputs }}'}}]", err: "outputs"},
		"in a block's finally":     {text: "steps: [{id: b, steps: [{id: a, " + get + "}], finally: [" + reads("steps.a.outputs.value == 1") + "]}]", err: "?."},
		"before that block":        {text: "steps: [{id: a, " + get + "}, {id: b, steps: [{" + get + "}], finally: [" + reads(`steps.a.outputs.value == 1 and failure.reason == ""`) + "]}]"},
		"of a block's finally":     {text: "steps: [{id: b, steps: [{" + get + "}], finally: [{id: a, " + get + "}]}, " + reads("steps.a.outputs.value == 1") + "]", err: "?."},
		"from above a finally":     {text: "steps: [{id: b, steps: [" + reads("steps.a.outputs.value == 1") + "], finally: [{id: a, " + get + "}]}]", err: "runs later than this one; move what reads it into the `finally` of the block"},
		"above it in a finally":    {text: "steps: [{id: b, steps: [{" + get + "}], finally: [{id: a, " + get + "}, " + reads("(steps.a.outputs?.value ?? 1) == 1") + "]}]"},
		"failure, in no finally":   {text: "steps: [{id: b, steps: [" + reads(`failure.reason == ""`) + "]}]", err: "failure"},
		"of an undo's finally":     {text: "steps: [{id: a, action: world.set, with: {name: a, value: 1}, undo: {steps: [{" + get + "}], finally: [" + reads("outputs.value == 1") + "]}}]"},
		"in a title":               {text: "steps: [{id: a, " + get + "}, {title: 'after ${{ steps.a.outputs.value }} of ${{ item }}', for_each: [1], " + get + "}]"},
		"in a title, of its own":   {text: "steps: [{title: 'it is ${{ outputs.value }}', " + get + "}]", err: "outputs"},
		"in a title, from below":   {text: "steps: [{title: 'before ${{ steps.a.outputs.value }}', " + get + "}, {id: a, " + get + "}]", err: `step "a" is not waited for`},
		"beside it, in an item":    {text: "steps: [{for_each: [1], on_failure: warn, steps: [{id: a, " + get + "}, " + reads("steps.a.outputs.value == 1") + "]}]"},
		"in finally":               {text: "steps: [{id: a, " + get + "}]\nfinally: [" + reads("steps.a.outputs.value == 1") + "]", err: "?."},
		"a prerequisite":           {text: "prerequisites: [{id: a, " + get + "}]\nsteps: [" + reads("steps.a.outputs.value == 1") + "]"},
		"of finally, in outputs":   {text: "steps: [{" + get + "}]\nfinally: [{id: a, " + get + "}]\noutputs: {v: '${{ steps.a.outputs?.value ?? 0 }}'}"},
		"nobody":                   {text: "steps: [{id: abc, " + get + "}, " + reads("steps.abd.outputs.value == 1") + "]", err: `no step "abd"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, list := compile(t, test.text, nil)
			var all string
			for _, d := range list {
				if d.Severity == diag.Error {
					all += d.Message + "; " + d.Hint + "\n"
				}
			}
			switch {
			case test.err == "" && all != "":
				t.Errorf("refused: %s", all)
			case test.err != "" && !strings.Contains(all, test.err):
				t.Errorf("%q says nothing of %q", all, test.err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	const get = "action: world.get, with: {name: a}"
	for name, test := range map[string]struct{ text, code, at string }{
		"a cycle":                    {text: "steps:\n  - {id: a, needs: [b], " + get + "}\n  - {id: b, needs: [a], " + get + "}\n", code: plan.CodeCycle, at: "6:5"},
		"a cycle through order":      {text: "steps:\n  - {id: a, needs: [b], " + get + "}\n  - {id: b, " + get + "}\n", code: plan.CodeCycle, at: "6:5"},
		"itself":                     {text: "steps:\n  - {id: a, needs: [a], " + get + "}\n", code: plan.CodeCycle, at: "6:21"},
		"an unknown need":            {text: "steps:\n  - {id: a, needs: [c], " + get + "}\n", code: plan.CodeUnknownNeed, at: "6:21"},
		"observe that writes":        {text: "steps:\n  - {observe: {action: world.set, with: {name: a, value: 1}}, " + get + "}\n", code: plan.CodeEffect, at: "6:24"},
		"an undo that destroys":      {text: "steps:\n  - {action: world.set, with: {name: a, value: 1}, undo: {action: world.drop_value, with: {name: a, value: 1}}}\n", code: plan.CodeEffect, at: "6:67"},
		"a part of an undo destroys": {text: "steps:\n  - {action: world.set, with: {name: a, value: 1}, undo: {steps: [{action: world.drop_value, with: {name: a, value: 1}}]}}\n", code: plan.CodeEffect, at: "6:76"},
		"an effect is not lowered":   {text: "steps:\n  - {effect: read, action: world.set, with: {name: a, value: 1}}\n", code: plan.CodeEffect, at: "6:14"},
		"destroys, nobody asked":     {text: "steps:\n  - {action: world.drop_value, with: {name: a, value: 1}}\n", code: diag.CodeMissingKey, at: "6:14"},
		"beyond bounds":              {text: "steps:\n  - {action: world.set, with: {name: a, value: 101}}\n", code: diag.CodeBadValue, at: "6:48"},
		"within, nothing to see":     {text: "steps:\n  - {action: world.set, within: 5s, with: {name: a, value: 1}, verify: [outputs.value == 1]}\n", code: diag.CodeMisplaced, at: "6:33"},
		"idempotent, no program":     {text: "steps:\n  - {action: world.set, idempotent: true, with: {name: a, value: 1}}\n", code: diag.CodeMisplaced, at: "6:37"},
		"a program that is repeated": {text: "steps:\n  - {action: world.run, retry: {attempts: 3}}\n", code: diag.CodeMisplaced, at: "6:32"},
		"a finally of a change":      {text: "prerequisites:\n  - {steps: [{" + get + "}], finally: [{action: world.set, with: {name: a, value: 1}}]}\nsteps: [{" + get + "}]\n", code: plan.CodeEffect, at: "6:72"},
		"max_failures of one":        {text: "steps:\n  - {for_each: [1], max_failures: 2, " + get + "}\n", code: diag.CodeMisplaced, at: "6:35"},
		"an item like a name":        {text: "steps:\n  - {for_each: [1], as: inputs, " + get + "}\n", code: diag.CodeBadValue, at: "6:25"},
		"an item like a function":    {text: "steps:\n  - {for_each: [1], as: count, " + get + "}\n", code: diag.CodeBadValue, at: "6:25"},
		"an item like an operator":   {text: "steps:\n  - {for_each: [1], as: not, " + get + "}\n", code: diag.CodeBadValue, at: "6:25"},
		"an item like one around it": {text: "steps:\n  - {for_each: [1], as: host, steps: [{for_each: [1], as: host, " + get + "}]}\n", code: diag.CodeBadValue, at: "6:59"},
		"an item of another type":    {text: "steps:\n  - {for_each: [1], as: host, action: world.get, with: {name: '${{ host.name }}'}}\n", code: expression.CodeType, at: "6:73"},
		"an unknown playbook":        {text: "steps:\n  - {call: nobody}\n", code: plan.CodeUnknownPlaybook, at: "6:12"},
		"a playbook in a circle":     {text: "steps:\n  - {call: circle}\n", code: plan.CodeRecursion, at: "6:12"},
		"a callee's mistake":         {text: "steps:\n  - {call: wrong}\n", code: plan.CodeUnknownPlaybook, at: "6:12"},
		"a lock of what runs later":  {text: "lock: 'a/${{ run.id }}'\nsteps: [{" + get + "}]\n", code: diag.CodeBadValue, at: "5:7"},
		"a callee's lock, by a step": {text: "steps:\n  - {id: a, " + get + "}\n  - {call: locked, with: {list: [x], name: '${{ steps.a.state }}'}}\n", code: diag.CodeBadValue, at: "7:44"},
		"a callee's lock, by items":  {text: "steps:\n  - {for_each: [a], call: locked, with: {list: ['${{ item }}'], name: a}}\n", code: diag.CodeBadValue, at: "6:48"},
		"a callee's callee's lock":   {text: "steps:\n  - {id: a, " + get + "}\n  - {call: around, with: {name: 'n-${{ steps.a.outputs.value }}'}}\n", code: diag.CodeBadValue, at: "7:33"},
		"a callee's input":           {text: "steps:\n  - {call: right, with: {nmae: a}}\n", code: plan.CodeUnknownParam, at: "6:26"},
	} {
		t.Run(name, func(t *testing.T) {
			p, list := compile(t, test.text, map[string]string{
				"locked": "lock: ['a/${{ inputs.name }}', '${{ len(inputs.list) }}']\ninputs: {name: {type: string}, list: {type: list}}\nsteps: [{" + get + "}]",
				"around": "inputs: {name: {type: string}}\nsteps: [{call: locked, with: {name: '${{ inputs.name }}', list: []}}]",
				"circle": "steps: [{call: test}]", "wrong": "steps: [{action: no.thing}]",
				"right": "inputs: {name: {type: string}}\nsteps: [{action: world.get, with: {name: '${{ inputs.name }}'}}]",
			})
			if p != nil || list.Errors() != 1 {
				t.Fatalf("%d errors:\n%s", list.Errors(), lines(list))
			}
			for _, d := range list {
				if d.Severity == diag.Error && (d.Code != test.code || d.Span.Start.String() != test.at) {
					t.Errorf("got %s at %s, %s; want %s at %s", d.Code, d.Span.Start, d.Message, test.code, test.at)
				}
			}
		})
	}
}

// A program may be repeated where its step says that this changes nothing more.
func TestRetryOfAProgram(t *testing.T) {
	p, list := compile(t, "steps:\n  - {id: a, action: world.run, idempotent: true, retry: {attempts: 3}}\n", nil)
	if p == nil || !p.Step("a").Op.Idempotent {
		t.Error(lines(list))
	}
}

// TestPrerequisitesOnlyRead holds which prerequisites are refused when they are
// compiled, and which are left to the run as their values decide.
func TestPrerequisitesOnlyRead(t *testing.T) {
	const set = "action: world.set, with: {name: a, value: 1}"
	for name, test := range map[string]struct{ step, err string }{
		"a read":                    {step: "action: world.get, with: {name: a}"},
		"a change":                  {step: set, err: "world.set does not: its effect is write"},
		"what destroys":             {step: "approve: true, action: world.drop_value, with: {name: a, value: 1}", err: "world.drop_value does not: its effect is destructive"},
		"in a block":                {step: "steps: [{" + set + "}]", err: "world.set does not"},
		"a remedy":                  {step: "observe: {action: world.get, with: {name: a}}, verify: [observed.value == 1], remedies: [{" + set + "}]", err: "world.set does not"},
		"lowered by a constant":     {step: "action: http.request, with: {path: /}"},
		"not lowered":               {step: "action: http.request, with: {path: /, method: POST}", err: "http.request does not"},
		"by a value":                {step: "action: http.request, with: {path: /, method: '${{ inputs.method }}'}"},
		"by a value, raised":        {step: "effect: write, action: http.request, with: {path: /, method: '${{ inputs.method }}'}", err: "http.request does not"},
		"by the target":             {step: "action: http.send, with: {path: /, method: POST}"},
		"a callee that reads":       {step: "call: reads"},
		"a callee that changes":     {step: "call: changes", err: "changes does not: at deep the effect of world.set is write"},
		"a callee's callee does":    {step: "call: around", err: "around does not: at deep the effect of world.set is write"},
		"a callee, when it is told": {step: "call: told"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "inputs: {method: {type: string, enum: [GET, POST], default: GET}}\nprerequisites: [{" + test.step + "}]\nsteps: [{" + set + "}, {action: http.request, with: {path: '${{ inputs.method }}'}}]"
			p, list := compile(t, text, map[string]string{
				"reads": "steps: [{action: world.list}]", "changes": "steps: [{steps: [{id: deep, " + set + "}]}]", "around": "steps: [{call: changes}]",
				"told": "inputs: {method: {type: string, enum: [GET, POST], default: GET}}\nsteps: [{action: http.request, with: {path: /, method: '${{ inputs.method }}'}}]",
			})
			switch got := lines(list); {
			case test.err == "" && p == nil:
				t.Errorf("refused: %s", got)
			case test.err != "" && (p != nil || list.Errors() != 1 || !strings.Contains(got, plan.CodeEffect+" a prerequisite only reads, and "+test.err)):
				t.Errorf("got %q, want %q", got, test.err)
			}
		})
	}
}

func TestEffects(t *testing.T) {
	for name, test := range map[string]struct {
		step string
		want action.Effect
	}{
		"lowered by a constant":   {step: "action: http.request, with: {path: /}", want: action.Read},
		"not lowered":             {step: "action: http.request, with: {path: /, method: POST}", want: action.Write},
		"another is not known":    {step: "action: http.request, with: {path: '${{ inputs.path }}'}", want: action.Read},
		"which lowers, not known": {step: "action: http.request, with: {path: /, method: '${{ inputs.path == \"a\" ? \"GET\" : \"POST\" }}'}", want: action.Write},
		"raised":                  {step: "approve: true, effect: destructive, action: world.set, with: {name: a, value: 1}", want: action.Destructive},
		"raised from lowered":     {step: "effect: write, action: http.request, with: {path: /}", want: action.Write},
	} {
		t.Run(name, func(t *testing.T) {
			p, list := compile(t, "inputs: {path: {type: string, default: a}}\nsteps: [{id: x, "+test.step+"}]", nil)
			if p == nil {
				t.Fatal(lines(list))
			}
			if got := p.All()[0].Op.Effect; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNeedsAndAddresses(t *testing.T) {
	p, list := compile(t, `
steps:
  - {id: a, action: world.list}
  - {id: b, needs: [], action: world.list}
  - {needs: [a], action: world.list}
  - id: loop
    for_each: ${{ steps.a.outputs.items }}
    observe: {action: world.get, with: {name: "n${{ item }}"}}
    verify: [observed.value > 1]
    remedies:
      - {action: world.set, with: {name: a, value: 1}}
      - {steps: [{id: c, action: world.list}, {action: world.list}]}
finally:
  - {action: world.list}
`, nil)
	if p == nil {
		t.Fatal(lines(list))
	}
	var got []string
	for _, s := range p.All() {
		got = append(got, fmt.Sprint(s.Path, "|", s.Local, "|", s.Needs, s.AfterAll))
	}
	want := `a|a|[] true
b|b|[] false
steps/3|steps/3|[0] false
loop|loop|[] true
loop/1|1|[] true
loop/2|2|[] true
c|c|[] true
loop/2/2|2/2|[] true
finally/1|finally/1|[] true`
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("got\n%s\nwant\n%s", g, want)
	}
	a, b, third, loop := p.All()[0], p.All()[1], p.All()[2], p.All()[3]
	if !plan.Precedes(a, third) || plan.Precedes(b, third) || !plan.Precedes(b, loop) || plan.Precedes(loop, a) {
		t.Error("Precedes does not follow the needs")
	}
}

func TestWarnings(t *testing.T) {
	p, list := compile(t, "playbook: bare\ninputs: {unused: {type: string}}\nsteps: [{action: world.list}]\n", nil)
	if p == nil {
		t.Fatal(lines(list))
	}
	want := "1:11 warning RB1401 the playbook has no title\n" +
		"1:11 warning RB1401 the playbook has no purpose\n" +
		"1:11 warning RB1401 the playbook has no expected\n" +
		"2:10 warning RB1407 input \"unused\" is never used\n"
	if got := lines(list); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestValuesAsYAMLHasThem holds the values of files that readers of YAML got wrong.
func TestValuesAsYAMLHasThem(t *testing.T) {
	for text, want := range map[string]string{
		"\n    base: {x: 1}\n    a:\n      x: 2\n      <<: {x: 1, y: 3}":                                                                                                                 `{"a":{"x":2,"y":3},"base":{"x":1}}`,  // own keys win in a merge
		"\n    a: &anchor test\n    *anchor : 1":                                                                                                                                         `{"a":"test","test":1}`,               // an alias as a key
		"\n    a:\tb\n    c:   1\t\t# x\n    d: {\n\t\t\"x\":\t1,\n\t\t\"y\": [\t2 ]\n      }":                                                                                           `{"a":"b","c":1,"d":{"x":1,"y":[2]}}`, // tabs that indent nothing
		"\n    a: {x: 1,\n      # comment\n      y: 2}  # after\n    b: [1, # one\n      2] # two\n    c: [ # first\n      ]":                                                            `{"a":{"x":1,"y":2},"b":[1,2],"c":[]}`,
		"\r\n    a: |\r\n      one\r\n      two\r\n    b: >-\r\n      x\r\n      y":                                                                                                      `{"a":"one\ntwo\n","b":"x y"}`,
		"\n    a: |2-\n\n          text\n    b: >1\n       folded\n       two\n      three\n    c: |+\n      keep\n\n    d: end":                                                         `{"a":"\n    text","b":"  folded\n  two\n three\n","c":"keep\n\n","d":"end"}`,
		"\n    sha: 72225e2\n    phone: 0123\n    big: 12345678901234567890\n    hex: 0x1F\n    under: 1_000\n    inf: .inf\n    date: 2026-01-02\n    tag: \"1.10\"\n    code: \"007\"": `{"big":"12345678901234567890","code":"007","date":"2026-01-02","hex":"0x1F","inf":".inf","phone":"0123","sha":"72225e2","tag":"1.10","under":"1_000"}`,
	} {
		p, list := compile(t, "steps: [{action: world.get, with: {name: a}}]\noutputs:\n  all:"+text+"\n", nil)
		if p == nil {
			t.Errorf("%q: %s", text, lines(list))
			continue
		}
		got, err := p.Outputs[0].Value.Fill(nil)
		if err != nil || schema.TextOf(got) != want {
			t.Errorf("%q is %s, want %s (%v)", text, schema.TextOf(got), want, err)
		}
	}
}

// TestWhereToRead holds what is said of a step that is read from the wrong place; a
// list of needs that is proposed is tried.
func TestWhereToRead(t *testing.T) {
	const get = "action: world.get, with: {name: a}"
	const reads = get + ", verify: [steps.a.outputs.value == 1]"
	for text, hint := range map[string]string{
		"steps: [{id: a, " + get + "}, {needs: [], " + reads + "}]": "write needs: [a]",
		"steps: [{id: a, " + get + "}, {id: b, " + get + "}, {needs: [b], " + strings.Replace(reads, "steps.a", "steps.c", 1) + "}, {id: c, needs: [], " + get + "}]": "write needs: [b, c]",
		"steps: [{id: a, " + get + "}, {needs: [], steps: [{" + reads + "}]}]":                                                                                        "write needs: [a] on the block around it",
		"steps: [{" + reads + "}, {id: a, " + get + "}]":                                                                                                              "move what reads it below step a",
		"steps: [{for_each: [1], steps: [{id: a, " + get + "}]}, {" + reads + "}]":                                                                                    "move what reads it into the loop",
		"steps: [{id: l, for_each: [1], steps: [{id: a, " + get + "}]}, {" + reads + "}]":                                                                             "move what reads it into the loop; or write outputs: {name: ${{ steps.a.outputs }}} on l, and read the list steps.l.outputs",
		"steps: [{id: a, steps: [{" + get + "}]}, {" + reads + "}]":                                                                                                   "a block gives what it says: write outputs: {name: ${{ steps.ID.outputs }}} on a, over the steps in it",
		"steps: [{id: a, " + get + "}, {" + get + ", when: steps.a.observed.value == 1}]":                                                                             "give step a an observe: {action: …, with: {…}}",
		"steps: [{id: a, " + reads + "}]":                                                                                                                             "read `outputs`, `observed` or `before`, without steps.a",
		"steps: [{id: a, when: steps.b.outputs.value == 1, steps: [{id: b, " + get + "}]}]":                                                                           "move what reads it into `verify`, or below the step",
		"steps: [{id: abc, " + get + "}, {" + strings.Replace(reads, "steps.a.", "steps.abd.", 1) + "}]":                                                              `did you mean "abc"?`,
		"steps: [{id: first, " + get + "}, {id: abc, " + strings.Replace(reads, "steps.a.", "steps.abd.", 1) + "}, {id: abe, " + get + "}]":                           "here there are: first", // neither itself nor a later one
		"steps: [{for_each: [1], steps: [{id: ab, " + get + "}]}, {" + reads + "}]":                                                                                   "no step with an id can be read here",
		"steps: [{" + reads + "}]\nfinally: [{id: a, " + get + "}]":                                                                                                   "move what reads it into `finally`, or into the outputs of the playbook",
	} {
		_, list := compile(t, text, nil)
		if len(list) != 1 || list[0].Hint != hint {
			t.Errorf("%s: %v", text, list)
			continue
		}
		if needs, ok := strings.CutPrefix(hint, "write "); ok {
			needs, _, _ = strings.Cut(needs, " on ")
			old := "needs: []"
			if strings.Contains(text, "needs: [b]") {
				old = "needs: [b]"
			}
			if _, left := compile(t, strings.Replace(text, old, needs, 1), nil); len(left) > 0 {
				t.Errorf("%s: with %s: %v", text, needs, left)
			}
		}
	}
	fixed := map[string]string{
		"action: '${{ vars.x }}'": "choose by `when` on two steps", "call: '${{ vars.x }}'": "choose by when on two steps",
		"needs: ['${{ vars.x }}'], " + get: "name steps that stand beside this one, and give it a `when`", "id: '${{ vars.x }}', " + get: "write lower case letters, digits and _, beginning with a letter",
		"effect: '${{ vars.x }}', " + get: "it is one of read, write, destructive", "on_failure: '${{ vars.x }}', " + get: "it is one of stop, continue, warn, undo",
		"approve: {by: '${{ vars.x }}'}, " + get: "name one of the roles of runbook.yaml", "skip_if_met: '${{ vars.x }}', observe: {" + get + "}, " + get: "write true or false",
	}
	for step, hint := range fixed {
		if _, list := compile(t, "steps: [{"+step+"}]", nil); len(list) != 1 || list[0].Code != diag.CodeBadValue || !strings.HasSuffix(list[0].Message, "is fixed, it takes no ${{ }}") || list[0].Hint != hint {
			t.Errorf("%s: %v", step, list)
		}
	}
	for text, want := range map[string]string{
		"inputs: {a: {type: string, default: '${{ vars.x }}'}}":      "a declaration is fixed, it takes no ${{ }}",
		"inputs: {a: {type: int, default: 1, max: '${{ vars.x }}'}}": "a declaration is fixed, it takes no ${{ }}",
		"inputs: {a: {type: list, default: [a, '${{ vars.x }}']}}":   "a declaration is fixed, it takes no ${{ }}",
		"inputs: {a: {type: string, default: '$${{ literal }}'}}":    "",
		"inputs: {a: {type: list, of: [string], default: []}}":       "a type of elements is a mapping, this is a list",
	} {
		_, list := compile(t, text+"\nsteps: [{action: world.get, with: {name: \"${{ inputs.a }}\"}}]", nil)
		if all := lines(list); want == "" && list.Errors() > 0 || !strings.Contains(all, want) {
			t.Errorf("%s: %s", text, all)
		}
	}
}

// TestFindings holds what is allowed and does not do what it seems to.
func TestFindings(t *testing.T) {
	const set = "action: world.set, with: {name: a, value: 1}"
	const undo = "undo: {action: world.set, with: {name: a, value: 0}}"
	short := "warning " + plan.CodeShortTimeout + " world.watch may take 1m by its parameters, and ends after 30s"
	const watch = "{action: world.watch, with: {for: 60s}}"
	idle := "warning " + plan.CodeIdleUndo + " nothing in this playbook calls this undo"
	spelled := "warning " + plan.CodeSpelling + " "
	for text, want := range map[string]string{
		"steps: [{timeout: 30s, action: world.watch, with: {for: 60s}}]":                                                                          short,
		"steps: [{timeout: 60s, action: world.watch, with: {for: 60s}}]":                                                                          "",
		"steps: [{action: world.watch, with: {for: 60s}}]":                                                                                        "",
		"inputs: {d: {type: duration}}\nsteps: [{timeout: 30s, action: world.watch, with: {for: '${{ inputs.d }}'}}]":                             "",
		"steps: [{timeout: 30s, observe: {action: world.watch, with: {for: 60s}}, " + set + "}]":                                                  short,
		"steps: [{timeout: 90s, steps: [" + watch + ", {needs: [], steps: [" + watch + "]}, " + watch + "]}]":                                     "warning " + plan.CodeShortTimeout + " what stands in this step may take 2m by its parameters, and ends after 90s",
		"steps: [{timeout: 60s, steps: [" + watch + ", {needs: [], action: world.watch, with: {for: 60s}}]}]":                                     "",
		"steps: [{timeout: 60s, steps: [" + watch + ", {when: 1 > inputs.n, action: world.watch, with: {for: 60s}}]}]\ninputs: {n: {type: int}}":  "",
		"steps: [{timeout: 60s, for_each: [1, 2, 3], max_parallel: 2, action: world.watch, with: {for: 40s}}]":                                    "warning " + plan.CodeShortTimeout + " what stands in this step may take 1m20s by its parameters, and ends after 60s",
		"steps: [{timeout: 60s, for_each: [1, 2, 3], max_parallel: 3, action: world.watch, with: {for: 40s}}]":                                    "",
		"timeout: 90s\nsteps: [" + watch + ", {call: long}]":                                                                                      "warning " + plan.CodeShortTimeout + " what stands in this playbook may take 2m by its parameters, and ends after 90s",
		"steps: [{timeout: 90s, within: 2m, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]":                                   "warning " + plan.CodeShortTimeout + " `within` may take 2m, and the step ends after 90s",
		"steps: [{within: 1s, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]":                                                 "",
		"steps: [{within: 900ms, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]":                                              "warning " + plan.CodeShortTimeout + " it looks once: `within` ends before the pause between looks, which is 1s",
		"steps: [{timeout: 10s, retry: {attempts: 4, delay: 2s, backoff: exponential, max_delay: 5s}, action: world.list}]":                       "warning " + plan.CodeShortTimeout + " the pauses of `retry` may take 11s, and the step ends after 10s",
		"steps: [{timeout: 20s, within: 20s, retry: {attempts: 4, delay: 5s}, action: world.get, with: {name: a}, verify: [outputs.value == 1]}]": "",
		"steps: [{" + set + ", " + undo + "}]":                                                                                                    idle,
		"steps: [{on_failure: undo, " + set + ", " + undo + "}]":                                                                                  "",
		"on_failure: undo\nsteps: [{steps: [{" + set + ", " + undo + "}]}]":                                                                       "",
		"steps: [{on_failure: undo, for_each: [1], " + set + ", " + undo + "}]":                                                                   "",
		"steps: [{on_failure: undo, steps: [{" + set + "}]}, {" + set + ", " + undo + "}]":                                                        idle,
		"on_failure: undo\nsteps: [{" + set + "}]\nfinally: [{" + set + ", " + undo + "}]":                                                        idle,
		"outputs: {v: 1.10}\nsteps: [{" + set + "}]":                                                                                              spelled + "1.10 is read as the number 1.1",
		"outputs: {v: [-0], w: 1.5e3}\nsteps: [{" + set + "}]":                                                                                    spelled + "-0 is read as the number 0;" + spelled + "1.5e3 is read as the number 1500",
		"outputs: {v: 1.5, w: \"1.10\", x: 007, y: 12345678901234567890, z: -3}\nsteps: [{" + set + "}]":                                          "",
	} {
		_, list := compile(t, text, map[string]string{"long": "steps: [" + watch + "]"})
		var got []string
		for _, d := range list {
			got = append(got, fmt.Sprint(d.Severity, " ", d.Code, " ", d.Message))
		}
		if strings.Join(got, ";") != want {
			t.Errorf("%s:\ngot  %s\nwant %s", text, strings.Join(got, ";"), want)
		}
	}
}

// A secret variable is read if a run could read it: by its name, or in a way that
// does not tell which.
func TestVariablesThatMayBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"n":                              "",
		"${{ vars.one }}${{ vars.Two }}": "one Two",
		"${{ vars[run.id] }}":            "one Two three",
		"${{ vars?.one ?? 1 }}":          "one Two three",
		"${{ toJSON(vars) }}":            "one Two three",
	} {
		p, list := compile(t, "steps: [{action: world.get, when: 'true', with: {name: '"+text+"'}}]\n", nil)
		if p == nil {
			t.Errorf("%s: %v", text, lines(list))
			continue
		}
		var got []string
		for _, name := range []string{"one", "Two", "three"} {
			if p.ReadsVar(name) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s reads %v, want %s", text, got, want)
		}
	}
}
