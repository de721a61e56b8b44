package plan

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/expression"
	"runbook/engine/playbook"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// TestWorkGrowsWithTheFile holds that a playbook of twice as many steps costs twice as
// much to compile, in words and edges that are looked at, whatever its steps refer to.
func TestWorkGrowsWithTheFile(t *testing.T) {
	for name, step := range map[string]func(i int) string{
		"reads the one before":       func(i int) string { return fmt.Sprintf("needs: [s%d], when: steps.s%d.attempts > 0", i-1, i-1) },
		"reads the first":            func(i int) string { return fmt.Sprintf("needs: [s%d], when: steps.s0.attempts > 0", i-1) },
		"reads two before":           func(i int) string { return fmt.Sprintf("needs: [s%d, s%d], when: steps.s0.attempts > 0", i-1, i/2) },
		"reads beside":               func(i int) string { return fmt.Sprintf("needs: [], when: steps.s%d.attempts > 0", i-1) },
		"reads what there is not":    func(i int) string { return fmt.Sprintf("when: steps.t%d.attempts > 0", i) },
		"needs what there is not":    func(i int) string { return fmt.Sprintf("needs: [t%d]", i) },
		"a variable that is missing": func(i int) string { return fmt.Sprintf("when: inputs.y%d > 0", i) },
	} {
		work := func(n int) int {
			var b strings.Builder
			b.WriteString("playbook: p\ninputs:\n")
			for i := range n {
				fmt.Fprintf(&b, "  x%d: {type: int}\n", i)
			}
			b.WriteString("steps:\n- {id: s0, action: a.b}\n")
			for i := 1; i < n; i++ {
				fmt.Fprintf(&b, "- {id: s%d, action: a.b, %s}\n", i, step(i))
			}
			c := prepared(t, b.String())
			c.playbook()
			return c.looked + len(c.list)
		}
		once, twice := work(300), work(600)
		if twice > 2*once+once/4 {
			t.Errorf("%s: 300 steps cost %d, 600 cost %d", name, once, twice)
		}
	}
}

// prepared is a compiler of a playbook over no actions.
func prepared(t *testing.T, text string) *compiler {
	t.Helper()
	registry, err := action.NewRegistry(nil)
	if err != nil {
		t.Fatal(err)
	}
	tree, list := playbook.Parse(&yaml.Source{Name: "p.yaml", Text: []byte(text)})
	if list.Errors() > 0 {
		t.Fatal(list)
	}
	return newCompiler(tree, Options{Registry: registry})
}

// TestReads holds what of the outputs of a step is kept for those that read it.
func TestReads(t *testing.T) {
	given := map[string]any{"body": "text", "json": map[string]any{"a": map[string]any{"x": 1, "y": 2}, "b": []any{map[string]any{"name": "one", "x": 1, "y": 2}, map[string]any{"name": "two", "x": 3}}, "c": 3}}
	const b1 = `{"json":{"b":[{"x":1},{"x":3}]}}`
	const named = `{"json":{"b":[{"name":"one","x":1},{"name":"two","x":3}]}}` // for who reads which element failed
	for source, want := range map[string]string{
		"1 == 1":                        "null",
		"steps.s.outputs.json.a.x == 1": `{"json":{"a":{"x":1}}}`,
		"steps.s.outputs?.json?.a?.y == steps.s.outputs.json.c":          `{"json":{"a":{"y":2},"c":3}}`,
		`steps.s.outputs.json["a"].x == 1`:                               `{"json":{"a":{"x":1}}}`,
		"steps.s.outputs.json.a[inputs.k] == 1":                          `{"json":{"a":{"x":1,"y":2}}}`,
		"steps.s.outputs.json.b[0].x == 1":                               b1,
		"steps.s.outputs.json.b[:1][0].x == 1":                           b1,
		"all(steps.s.outputs.json.b, .x == 1)":                           named,
		"any(steps.s.outputs.json.b, .x == inputs.n)":                    named,
		"sum(map(steps.s.outputs.json.b, .x)) == 1":                      b1,
		"max(map(filter(steps.s.outputs.json.b, true), .x)) == 1":        b1,
		"len(filter(steps.s.outputs.json.b, .x == 1)) == 1":              b1,
		"find(steps.s.outputs.json.b, .x == 1)?.x == 1":                  b1,
		"find(steps.s.outputs.json.b, .x == 1)?.y == 1":                  `{"json":{"b":[{"x":1,"y":2},{"x":3}]}}`,
		"sortBy(steps.s.outputs.json.b, .x)[0].x == 1":                   b1,
		"must(first(reverse(steps.s.outputs.json.b)), '').x == 1":        b1,
		`groupBy(steps.s.outputs.json.b, string(.x))["1"][0].y == 1`:     `{"json":{"b":[{"name":"one","x":1,"y":2},{"name":"two","x":3}]}}`,
		"len(steps.s.outputs.json.b) == 2":                               `{"json":{"b":[null,null]}}`,
		"count(steps.s.outputs.json.b, #index > 0) == 1":                 `{"json":{"b":[null,null]}}`,
		"len(steps.s.outputs.json.a) > 0 or steps.s.outputs.json.c == 1": `{"json":{"a":{"x":null,"y":null},"c":3}}`,
		"(steps.s.outputs.json.a ?? steps.s.outputs.json).x == 1":        `{"json":{"a":{"x":1}}}`,
		"(inputs.n > 0 ? steps.s.outputs.json.a : {}).x == 1":            `{"json":{"a":{"x":1}}}`,
		"steps.s.outputs.json.b == [1]":                                  schema.TextOf(map[string]any{"json": map[string]any{"b": given["json"].(map[string]any)["b"]}}),
		"any(steps.s.outputs.json.m, any(#, #[0].x == 1))":               `{"json":{}}`,
		"let j = steps.s.outputs.json; j.c == 3":                         schema.TextOf(map[string]any{"json": given["json"]}),
		"let s = steps.s; s.outputs.json.c == 3":                         schema.TextOf(given),
		"steps.s.outputs.json.missing.deep == 1":                         `{"json":{}}`,
		`steps.s.state == "passed"`:                                      "null",
		`all(steps.s.outputs.json.b, .name != "two")`:                    `{"json":{"b":[{"name":"one"},{"name":"two"}]}}`,
	} {
		c := prepared(t, "playbook: p\ninputs: {n: {type: int}, k: {type: string}}\nsteps:\n- {id: s, action: a.b, verify: [outputs.body != '']}\n- action: a.b\n  when: >-\n    "+source+"\n")
		c.playbook()
		s := c.plan.Step("s")
		kept := "null"
		if got := s.Later.Of("outputs").Keep(given); got != nil {
			kept = schema.TextOf(written(got))
		}
		if kept != want {
			t.Errorf("%s keeps %s, want %s", source, kept, want)
		}
		whole, part := seen{given}, seen{s.Later.Of("outputs").Keep(given)}
		if a, b := whole.told(c.plan.Steps.Parts[1].When), part.told(c.plan.Steps.Parts[1].When); a != b {
			t.Errorf("%s: of the whole it is %s, of what is kept %s", source, a, b)
		}
		if read := s.Read.Of("outputs"); read.Of("body") == nil || kept == "null" && read.Of("json") != nil {
			t.Errorf("%s: what the step itself reads is %+v", source, s.Read)
		}
	}
}

// seen is what the outputs of the step s are to an expression; of inputs, n is 1 and k is x.
type seen struct{ outputs any }

func (seen) Name(string) (any, bool)   { return map[string]any{"n": 1, "k": "x"}, true }
func (s seen) Step(string) (any, bool) { return s, true }
func (s seen) Member(name string) (any, bool) {
	return map[string]any{"outputs": s.outputs, "state": "passed"}[name], true
}

// told is the value of a condition, its error, and which elements decided it.
func (s seen) told(v *Condition) string {
	x := v.Expr.Explain(context.Background(), s, expression.Limits{})
	told := fmt.Sprint(x.Value, x.Err)
	for _, p := range x.Root.Parts {
		told += fmt.Sprint(" ", p.Element, p.Value)
	}
	return told
}

// written is what is kept as maps only.
func written(v any) any {
	out := map[string]any{}
	switch v := v.(type) {
	case *row:
		for _, name := range v.of.names {
			if m, ok := v.Member(name); ok {
				out[name] = written(m)
			}
		}
	case map[string]any:
		for name, m := range v {
			out[name] = written(m)
		}
	case []any:
		all := []any{}
		for _, m := range v {
			all = append(all, written(m))
		}
		return all
	default:
		return v
	}
	return out
}

// TestReadsOfAroundAStep holds which steps are meant by names that steps give to others:
// what is not read there may be left away before it is journalled.
func TestReadsOfAroundAStep(t *testing.T) {
	for text, want := range map[string]string{
		"{id: s, action: a.b, verify: [outputs.body != '']}":                                                                    "outputs",
		"{id: s, action: a.b, observe: {action: a.b}, verify: [observed.body != '']}":                                           "observed",
		"{id: s, action: a.b, observe: {action: a.b}, verify: [before.body != '']}":                                             "observed",
		"{id: s, action: a.b, approve: {message: '${{ before.body }}'}, observe: {action: a.b}}":                                "observed",
		"{id: s, action: a.b, undo: {action: a.b, when: outputs.body}}":                                                         "outputs",
		"{id: s, action: a.b, observe: {action: a.b}, undo: {action: a.b, when: before.body != ''}}":                            "observed",
		"{id: s, action: a.b, undo: {steps: [{steps: [{action: a.b, when: outputs.body}]}]}}":                                   "outputs",
		"{id: s, observe: {action: a.b}, verify: [observed.x], remedies: [{steps: [{action: a.b, when: goal.observed.body}]}]}": "observed",
		"{id: s, for_each: [1], action: a.b}, {action: a.b, when: 'any(steps.s.outputs, .body == 1)'}":                          "outputs",
		"{id: s, for_each: [1], action: a.b}, {action: a.b, when: 'steps.s.outputs[0].body == 1'}":                              "outputs",
		"{id: s, for_each: [1], action: a.b, observe: {action: a.b}}, {action: a.b, when: 'steps.s.before[0].body == 1'}":       "observed",
		"{id: s, for_each: [1], action: a.b, observe: {action: a.b}}, {action: a.b, when: 'len(steps.s.outputs) == 1'}":         "",
		"{id: s, for_each: [1], action: a.b}, {action: a.b, when: 'any(steps.s.outputs, .json.body == 1)'}":                     "",
		"{id: s, action: a.b, observe: {action: a.b}}, {action: a.b, when: steps.s.observed.json}":                              "",
	} {
		c := prepared(t, "playbook: p\nsteps: ["+text+"]\n")
		c.playbook()
		var read []string
		for _, value := range []string{"outputs", "observed"} {
			if c.plan.Step("s").Read.Of(value).Of("body") != nil {
				read = append(read, value)
			}
		}
		if got := strings.Join(read, " "); got != want {
			t.Errorf("%s reads the body of %q, want %q", text, got, want)
		}
	}
}

// Of a long list is kept what is read of its elements, and little beside: no map for each.
func TestKeepingAListTakesNoMapForEachElement(t *testing.T) {
	list := make([]any, 1000)
	for i := range list {
		list[i] = map[string]any{"x": "a", "y": 2}
	}
	r := &Reads{}
	r.add([]string{expression.Each, "x"})
	if n := testing.AllocsPerRun(10, func() { r.Keep(list) }); n > 20 {
		t.Errorf("%v allocations for %d elements", n, len(list))
	}
}
