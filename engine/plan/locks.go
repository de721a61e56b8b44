package plan

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/diag"
	"runbook/engine/schema"
)

// early are the names that are known before the first step, when locks are taken.
var early = []string{"inputs", "vars", "environment"}

// locks compiles the keys, over inputs, variables and the environment's name.
func (c *compiler) locks() {
	v := &view{c: c, noStep: true}
	for _, l := range c.tree.Lock {
		key := c.template(l, v, schema.StringType)
		if late := c.keyedBy(key); late != "" {
			c.fail(diag.CodeBadValue, l.Node, "a lock is taken before the first step, and "+late+" is not known then", lateHint)
		}
		c.plan.Lock = append(c.plan.Lock, key)
	}
}

const lateHint = "write it of inputs, vars and environment.name"

// keyedBy notes of which inputs a key is made, and returns what in it is known only
// when steps run.
func (c *compiler) keyedBy(v *Value) (late string) {
	_, _ = v.Fill(func(v *Value) (any, error) {
		if v.Template == nil {
			return nil, nil
		}
		for _, path := range v.Template.Paths() {
			switch {
			case !slices.Contains(early, path[0]):
				late = strings.Join(path[:min(2, len(path))], ".")
			case path[0] == "inputs" && len(path) == 1:
				c.plan.keyed[anyVar] = true
			case path[0] == "inputs":
				c.plan.keyed[path[1]] = true
			}
		}
		return nil, nil
	})
	return late
}

// keys refuses a call that makes the key of a lock of what only a step can tell: the
// locks of a run are taken before its first step.
func (c *compiler) keys(n *node) {
	call := n.step.Call
	for _, f := range call.Params.Fields {
		if !call.Plan.keyed[f.Name] && !call.Plan.keyed[anyVar] {
			continue
		}
		if late := c.keyedBy(f.Value); late != "" {
			c.fail(diag.CodeBadValue, n.tree.With.Get(f.Name), fmt.Sprintf("a lock of %s is made of %q, and is taken before the first step: %s is not known then", call.Name, f.Name, late), lateHint)
		}
	}
}
