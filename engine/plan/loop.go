package plan

import (
	"fmt"
	"slices"

	"runbook/engine/diag"
	"runbook/engine/expression"
	"runbook/engine/schema"
	"runbook/engine/yaml"
)

// Loop is a for_each.
type Loop struct {
	Items       *Value
	Item        *schema.Type
	As          string // a further name of the item; "" for none
	MaxParallel int
	MaxFailures int    // items that fail before no further one starts; 0: any number
	Group       string // whose targets the items are; "" where that is not told so plainly
}

// Names are what an item and its number are called within it.
func (l *Loop) Names(item, index any) map[string]any {
	names := map[string]any{"item": item, "index": index}
	if l.As != "" {
		names[l.As] = item
	}
	return names
}

func (c *compiler) loop(n *node, v *view) {
	t := n.tree
	if t.ForEach == nil {
		return
	}
	items := c.value(t.ForEach, schema.ListOf(schema.AnyType), v)
	item := schema.AnyType
	if items.Type.Kind == schema.List {
		item = items.Type.Element()
	}
	if items.IsList {
		item = unionOf(items.List)
	}
	c.itemName(n, t.As)
	if f := n.step.OnFailure; t.MaxFailures.Set() && !mild(f) {
		c.fail(diag.CodeMisplaced, t.MaxFailures.Node, "without `on_failure: continue` or `warn` no item starts after the first that fails", "write on_failure: continue beside it")
	}
	n.step.Loop = &Loop{Items: items, Item: item, As: t.As.Value, MaxParallel: t.MaxParallel.Or(1), MaxFailures: t.MaxFailures.Or(0), Group: groupOf(t.ForEach)}
}

// taken are the names that mean something else where an item may be read.
var taken = []string{"inputs", "steps", "vars", "environment", "run", "item", "index", "outputs", "observed", "before", "error", "goal", "failure"}

// itemName refuses a name for the items of a loop by which something else is read.
func (c *compiler) itemName(n *node, as yaml.String) {
	if !as.Set() {
		return
	}
	around := false
	for x := n.parent; x != nil; x = x.parent {
		around = around || x.step.Loop != nil && x.step.Loop.As == as.Value
	}
	env := &expression.Env{Names: []string{as.Value}, Name: func(string) *schema.Type { return schema.AnyType }}
	_, wrong := expression.Compile(as.Value+" == 1", env, schema.BoolType)
	if around || len(wrong) > 0 || slices.Contains(taken, as.Value) || slices.Contains(expression.Functions(), as.Value) {
		c.fail(diag.CodeBadValue, as.Node, fmt.Sprintf("%q means something else in an expression here", as.Value), "name the items otherwise, as host or server")
	}
}
