package yaml

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"runbook/engine/diag"
)

// anchor converts a value that has a name.
func (c *converter) anchor(an *ast.AnchorNode, flow bool) *Node {
	name := an.Name.GetToken().Value
	c.naming = append(c.naming, name)
	n := c.node(an.Value, flow)
	c.naming = c.naming[:len(c.naming)-1]
	c.anchors[name] = n
	return n
}

// alias returns the value of an anchor once more, as it is used here.
func (c *converter) alias(an *ast.AliasNode) *Node {
	star, word := c.place(an.Start), c.place(an.Value.GetToken())
	name := word.Value
	at := c.span(star.start, word.end)
	c.star = star.start
	named := c.anchors[name]
	switch {
	case slices.Contains(c.naming, name):
		c.report(star.start, 1+len(name), diag.CodeAlias, fmt.Sprintf("the value %q would hold itself", Clip(name)), "an alias may not stand inside the value of its anchor")
	case named == nil:
		c.report(star.start, 1+len(name), diag.CodeAlias, fmt.Sprintf("no anchor above is called %q", Clip(name)), c.anchorHint(name))
	default:
		return c.use(named, &at, 1)
	}
	n := c.add(Null, star.start, word.end)
	n.Broken = true
	return n
}

// anchorHint says what an alias that there is not may have meant.
func (c *converter) anchorHint(name string) string {
	var names []string
	for known := range c.anchors {
		names = append(names, known)
	}
	slices.Sort(names)
	if near := diag.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean *%s?", near)
	}
	return "write &" + Clip(name) + " before the value that is meant, or quote a text that begins with *"
}

// use copies a value to where an alias stands.
func (c *converter) use(n *Node, at *diag.Span, depth int) *Node {
	used := c.add(n.Kind, int(n.start), int(n.end))
	*used = *n
	used.Span.Use = outermost(n.Span.Use, at)
	if c.copies++; c.copies > maxCopies || depth > maxDepth {
		if used.Items, used.Pairs = nil, nil; !c.dead {
			c.fail(c.star, 1, diag.CodeTooLarge, "aliases make more than 50,000 values, or more than 64 levels", "write out what is different, and let a step call another playbook")
		}
		return used
	}
	used.Items, used.Pairs = slices.Clone(n.Items), slices.Clone(n.Pairs)
	for i, item := range used.Items {
		used.Items[i] = c.use(item, at, depth+1)
	}
	for i, p := range used.Pairs {
		used.Pairs[i] = Pair{c.use(p.Key, at, depth+1), c.use(p.Value, at, depth+1)}
	}
	return used
}

// outermost puts the place of use behind those that a value has already.
func outermost(use, at *diag.Span) *diag.Span {
	if use == nil {
		return at
	}
	return &diag.Span{Start: use.Start, End: use.End, Use: outermost(use.Use, at)}
}

// merge adds the pairs of what stands behind << to a mapping that lacks them.
func (c *converter) merge(n *Node, seen map[string]int, m Pair) {
	from := []*Node{m.Value}
	if m.Value.Kind == List {
		from = m.Value.Items
	}
	for _, other := range from {
		if other.Kind != Map {
			if !other.Broken {
				c.report(int(m.Key.start), 2, diag.CodeAlias, "only a mapping can be merged, this is "+other.Kind.String(), "write <<: *name, or <<: [*one, *two]")
			}
			n.Broken = true
			continue
		}
		for _, p := range other.Pairs {
			if _, own := seen[p.Key.Text]; !own {
				seen[p.Key.Text] = int(p.Key.start)
				n.Pairs = append(n.Pairs, p)
			}
		}
	}
}
