package plan

import (
	"fmt"
	"strings"
	"testing"

	"runbook/engine/action"
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
	given := map[string]any{"body": "text", "json": map[string]any{"a": map[string]any{"x": 1, "y": 2}, "b": []any{map[string]any{"x": 1}}, "c": 3}}
	for source, want := range map[string]string{
		"1 == 1":                        "null",
		"steps.s.outputs.json.a.x == 1": `{"json":{"a":{"x":1}}}`,
		"steps.s.outputs?.json?.a?.y == steps.s.outputs.json.c":          `{"json":{"a":{"y":2},"c":3}}`,
		"steps.s.outputs.json.b[0].x == 1":                               `{"json":{"b":[{"x":1}]}}`,
		"all(steps.s.outputs.json.b, .x == 1)":                           `{"json":{"b":[{"x":1}]}}`,
		"len(steps.s.outputs.json.a) > 0 or steps.s.outputs.json.c == 1": `{"json":{"a":{"x":1,"y":2},"c":3}}`,
		"let j = steps.s.outputs.json; j.c == 3":                         schema.TextOf(map[string]any{"json": given["json"]}),
		"let s = steps.s; s.outputs.json.c == 3":                         schema.TextOf(given),
		"steps.s.outputs.json.missing.deep == 1":                         `{"json":{}}`,
		`steps.s.state == "passed"`:                                      "null",
	} {
		c := prepared(t, "playbook: p\nsteps:\n- {id: s, action: a.b, verify: [outputs.body != '']}\n- {action: a.b, when: '"+source+"'}\n")
		c.playbook()
		s := c.plan.Step("s")
		kept := "null"
		if got := s.Later.Of("outputs").Keep(given); got != nil {
			kept = schema.TextOf(got)
		}
		if kept != want {
			t.Errorf("%s keeps %s, want %s", source, kept, want)
		}
		if s.Read.Of("body") == nil || kept == "null" && s.Read.Of("json") != nil {
			t.Errorf("%s: what the step itself reads is %+v", source, s.Read)
		}
	}
}
