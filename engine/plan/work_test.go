package plan

import (
	"fmt"
	"strings"
	"testing"

	"runbook/engine/action"
	"runbook/engine/playbook"
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
			registry, err := action.NewRegistry(nil)
			if err != nil {
				t.Fatal(err)
			}
			tree, list := playbook.Parse(&yaml.Source{Name: "p.yaml", Text: []byte(b.String())})
			if list.Errors() > 0 {
				t.Fatalf("%s: %v", name, list)
			}
			c := newCompiler(tree, Options{Registry: registry})
			c.playbook()
			return c.looked + len(c.list)
		}
		once, twice := work(300), work(600)
		if twice > 2*once+once/4 {
			t.Errorf("%s: 300 steps cost %d, 600 cost %d", name, once, twice)
		}
	}
}
