package plan

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"runbook/engine/playbook"
)

// phaseBlock makes the block that holds the steps of a phase, and gives each
// step its address.
func (c *compiler) phaseBlock(ph phase, steps []*playbook.Step) *node {
	n := &node{step: &Step{Body: BodyBlock, AfterAll: true}, phase: ph}
	c.children(n, steps, false)
	return n
}

// children makes the nodes of a step's parts, their addresses and their edges.
func (c *compiler) children(n *node, steps []*playbook.Step, remedies bool) {
	names := map[string]int{}
	for i, t := range steps {
		child := &node{tree: t, parent: n, number: i, phase: n.phase, step: &Step{ID: t.ID.Value, Number: i, Place: c.place(t.Node)}}
		child.step.Parent = n.step
		if remedies {
			child.step.Remedy = i + 1
		}
		n.children = append(n.children, child)
		n.step.Parts = append(n.step.Parts, child.step)
		c.address(child)
		c.register(child)
		if t.ID.Set() {
			names[t.ID.Value] = i
		}
	}
	c.edges(n, names)
	for _, child := range n.children {
		if len(child.tree.Remedies) > 0 {
			c.children(child, child.tree.Remedies, true)
			continue
		}
		c.children(child, child.tree.Steps, false)
		c.lastly(child)
	}
}

// lastly makes the nodes of a block's finally, which waits for all parts of the block.
func (c *compiler) lastly(n *node) {
	if len(n.tree.Finally) == 0 {
		return
	}
	f := &node{parent: n, number: len(n.children), phase: n.phase, final: true, step: &Step{
		Body: BodyBlock, AfterAll: true, OnFailure: Continue, Parent: n.step, Number: len(n.children), Place: n.step.Place,
	}}
	c.address(f)
	n.finally, n.step.Finally = f, f.step
	c.children(f, n.tree.Finally, false)
}

// address sets a step's path: its id, else its number in what holds it.
func (c *compiler) address(n *node) {
	s := n.step
	around := n.parent.step.Path
	if around == "" {
		around = [...]string{"prerequisites", "steps", "finally"}[n.phase]
	}
	last := strconv.Itoa(n.number + 1)
	if n.final {
		last = "finally"
	}
	s.Path = around + "/" + last
	s.Local = s.Path
	if loop := c.loopAround(n); loop != "" {
		s.Local = strings.TrimPrefix(s.Path, loop+"/")
	}
	if s.ID != "" {
		s.Path, s.Local = s.ID, s.ID
	}
}

// loopAround is the path of the innermost loop that holds the step, "" for
// none.
func (c *compiler) loopAround(n *node) string {
	for p := n.parent; p != nil; p = p.parent {
		if p.tree != nil && p.tree.ForEach != nil {
			return p.step.Path
		}
	}
	return ""
}

func (c *compiler) register(n *node) {
	id := n.tree.ID
	if !id.Set() {
		return
	}
	if _, taken := c.steps[id.Value]; taken {
		return // reported with the tree
	}
	c.steps[id.Value] = n
	c.plan.byID[id.Value] = n.step
}

// edges resolves the needs of a step's parts and refuses a cycle.
func (c *compiler) edges(n *node, names map[string]int) {
	ids := sync.OnceValue(func() []string { return slices.Sorted(maps.Keys(names)) })
	for _, child := range n.children {
		s := child.step
		if !child.tree.Has("needs") || s.Remedy > 0 { // needs of a remedy are reported with the tree
			s.AfterAll = true
			continue
		}
		for _, need := range child.tree.Needs {
			i, ok := names[need.Value]
			switch {
			case c.fixed("needs", need, "name steps that stand beside this one, and give it a `when`"):
			case !ok:
				c.fail(CodeUnknownNeed, need.Node, "no step "+strconv.Quote(need.Value)+" stands beside this one", c.known(CodeUnknownNeed, need.Value, ids))
			case i == child.number:
				c.fail(CodeCycle, need.Node, "a step cannot need itself", "remove it")
			default:
				s.Needs = append(s.Needs, i)
			}
		}
	}
	order, cycle := sequence(n.children)
	if cycle != nil {
		path := make([]string, len(cycle))
		for i, x := range cycle {
			path[i] = x.step.Path
		}
		c.fail(CodeCycle, cycle[0].tree.Node, "steps wait for each other: "+strings.Join(path, " → "), "take one of these needs away")
		for _, child := range n.children {
			child.step.Needs, child.step.AfterAll = nil, true
		}
	}
	if hasExplicit(n.children) {
		n.step.ways = waysOf(order)
	}
}

// hasExplicit reports whether a part of n names its needs; without one, the
// order of the file is the order of the graph.
func hasExplicit(parts []*node) bool {
	return slices.ContainsFunc(parts, func(p *node) bool { return !p.step.AfterAll })
}

// Awaits are the indexes of the siblings that s waits for directly. One that waits
// for all above waits for each, but the one just above stands for those that it
// waits for itself.
func (s *Step) Awaits() []int {
	if !s.AfterAll {
		return s.Needs
	}
	var out []int
	for j := s.Number - 1; j >= 0; j-- {
		out = append(out, j)
		if s.Parent.Parts[j].AfterAll {
			break
		}
	}
	return out
}

// sequence is an order in which each part follows those that it waits for. Where
// some wait for each other, they are the cycle, the first again at its end.
func sequence(parts []*node) (order, cycle []*node) {
	if !hasExplicit(parts) {
		return parts, nil
	}
	entered, left := make([]bool, len(parts)), make([]bool, len(parts))
	var way []*node // from one that was begun with to the one that is visited
	var visit func(i int)
	visit = func(i int) {
		n := parts[i]
		switch {
		case left[i]:
			return
		case entered[i]:
			if cycle == nil {
				cycle = append(slices.Clone(way[slices.Index(way, n):]), n)
			}
			return
		}
		entered[i] = true
		way = append(way, n)
		for _, need := range n.step.Awaits() {
			visit(need)
		}
		way = way[:len(way)-1]
		left[i] = true
		order = append(order, n)
	}
	for i := range parts {
		visit(i)
	}
	return order, cycle
}

// ways say which of the parts of a step wait for which. Each part stands on a
// chain, where it follows one that it waits for; so it costs no more to ask about two
// that are far apart than about two that are close.
type ways struct {
	chain, at []int    // of each part: its chain and its place there
	joins     [][]join // of each chain, in order: what its parts wait for besides
}

// join is a place of a chain, and a part elsewhere that the one there waits for.
type join struct{ at, need int }

func waysOf(order []*node) *ways {
	w := &ways{chain: make([]int, len(order)), at: make([]int, len(order))}
	var ends []int // of each chain
	for _, n := range order {
		i, needs := n.number, n.step.Awaits()
		on := slices.IndexFunc(needs, func(need int) bool { return ends[w.chain[need]] == need })
		if on < 0 {
			w.chain[i], ends, w.joins = len(ends), append(ends, i), append(w.joins, nil)
		} else {
			w.chain[i], w.at[i] = w.chain[needs[on]], w.at[needs[on]]+1
			ends[w.chain[i]] = i
		}
		for k, need := range needs {
			if k != on {
				w.joins[w.chain[i]] = append(w.joins[w.chain[i]], join{w.at[i], need})
			}
		}
	}
	return w
}

// waits reports whether part a waits for its sibling b, directly or not, and at how
// many joins it looked.
func (w *ways) waits(a, b int) (waits bool, looked int) {
	seen := map[int]int{} // of chains: behind the last place that was looked at
	for todo := []int{a}; len(todo) > 0; {
		chain, at := w.chain[todo[0]], w.at[todo[0]]
		if todo = todo[1:]; chain == w.chain[b] && w.at[b] <= at {
			return true, looked
		}
		joins := w.joins[chain]
		from, _ := slices.BinarySearchFunc(joins, seen[chain], func(j join, at int) int { return cmp.Compare(j.at, at) })
		for _, j := range joins[from:] {
			if j.at > at {
				break
			}
			looked++
			todo = append(todo, j.need)
		}
		seen[chain] = max(seen[chain], at+1)
	}
	return false, looked
}

// Precedes reports whether b waits for a: a is an ancestor of b in the graph.
func Precedes(a, b *Step) bool {
	for x := a; x != nil; x = x.Parent {
		for y := b; y != nil; y = y.Parent {
			if x != y && x.Parent == y.Parent && x.Parent != nil {
				waits, _ := x.Parent.waits(y.Number, x.Number)
				return waits
			}
		}
	}
	return false
}

// waits is ways.waits of the parts of s; its finally comes behind them.
func (s *Step) waits(a, b int) (waits bool, looked int) {
	if s.ways == nil || max(a, b) == len(s.Parts) || s.Parts[a].AfterAll {
		return b < a, 0
	}
	return s.ways.waits(a, b)
}
