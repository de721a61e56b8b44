package document

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// candidate is a way to answer a selection by one index.
type candidate struct {
	x     *index
	spans []span
	// equals and bounded count the fields that are bound to one value and
	// those that are bound at all.
	equals, bounded int
	// residual are the conditions that the bounds do not settle.
	residual []*query.Node
	// sorted says that the index gives the order asked for, if need be read
	// backward.
	sorted, backward bool
	// multi says that a record may come up by several keys.
	multi bool
	cost  float64
}

// newCandidate binds the fields of an index by conditions.
func newCandidate(x *index, nodes []*query.Node, sort bson.D) *candidate {
	c := &candidate{x: x, spans: make([]span, len(x.paths))}
	settled := map[*query.Node]bool{}
	for i, e := range x.Keys {
		c.spans[i] = whole()
		c.multi = c.multi || x.arrays[i]
		if c.shared(i) {
			continue
		}
		c.bind(i, e.Key, nodes, settled)
		if c.spans[i].isWhole() {
			continue
		}
		c.bounded++
		if c.spans[i].isPoint() {
			c.equals++
		}
	}
	for _, n := range nodes {
		if !settled[n] {
			c.residual = append(c.residual, n)
		}
	}
	c.order(sort)
	return c
}

// shared says that an earlier field already binds the elements of the array
// that field i is in: its own bounds might be met by another element.
func (c *candidate) shared(i int) bool {
	if !c.x.arrays[i] {
		return false
	}
	for j := range i {
		if c.x.arrays[j] && c.x.paths[j][0] == c.x.paths[i][0] && !c.spans[j].isWhole() {
			return true
		}
	}
	return false
}

// bind narrows the span of a field by every condition on it, or by the best
// one where the field holds arrays, whose elements may each meet another.
func (c *candidate) bind(i int, path string, nodes []*query.Node, settled map[*query.Node]bool) {
	var best *query.Node
	for _, n := range nodes {
		for _, b := range conditionsOn(n, path) {
			s, ok := spanOf(b)
			if !ok {
				continue
			}
			if !c.x.arrays[i] {
				c.spans[i] = intersect(c.spans[i], s)
				settled[n] = s.exact && b == n
				continue
			}
			if best == nil || tighter(s, c.spans[i]) {
				delete(settled, best)
				best = n
				c.spans[i] = s
				settled[n] = s.exact && b == n
			}
		}
	}
}

func tighter(a, b span) bool {
	return b.isWhole() && !a.isWhole() || a.isPoint() && !b.isPoint()
}

// conditionsOn gives the conditions on a path that n implies, n itself or
// those that one element of an array must meet.
func conditionsOn(n *query.Node, path string) []*query.Node {
	target := n
	if n.Op == "$not" {
		target = n.Nodes[0]
	}
	if target.Path == path && target.Op != "$and" && target.Op != "$or" && target.Op != "$nor" {
		return []*query.Node{n}
	}
	if n.Op != "$elemMatch" || len(path) <= len(n.Path)+1 || path[:len(n.Path)+1] != n.Path+"." {
		return nil
	}
	var out []*query.Node
	for _, inner := range n.Inner() {
		if inner.Op != "$not" && inner.Path == path[len(n.Path)+1:] {
			out = append(out, inner)
		}
	}
	return out
}

// order finds out whether the index gives an order, forward or backward.
// Fields that are bound to one value do not matter for it.
func (c *candidate) order(sort bson.D) {
	if len(sort) == 0 {
		return
	}
	field, direction := 0, 0
	for _, want := range sort {
		if c.constant(want.Key) {
			continue
		}
		for field < len(c.x.Keys) && c.x.Keys[field].Key != want.Key && c.spans[field].isPoint() && !c.x.arrays[field] {
			field++
		}
		if field == len(c.x.Keys) || c.x.Keys[field].Key != want.Key || c.x.arrays[field] {
			return
		}
		sign, ok := value.Int(want.Value)
		if !ok {
			return
		}
		turn := int(sign) * c.x.signs[field]
		if direction != 0 && turn != direction {
			return
		}
		direction = turn
		field++
	}
	c.sorted, c.backward = true, direction < 0
}

func (c *candidate) constant(path string) bool {
	for i, e := range c.x.Keys {
		if e.Key == path {
			return c.spans[i].isPoint() && !c.x.arrays[i]
		}
	}
	return false
}

// weigh estimates the work: keys, documents, and a sort in memory.
func (c *candidate) weigh(s selection) {
	keys := float64(newScan(c.x, c.spans, c.backward).estimate())
	read := keys
	if s.limit > 0 && (len(s.sort) == 0 || c.sorted) {
		read = min(keys, float64(s.skip+s.limit)/c.share())
	}
	c.cost = 2 * read
	if len(s.sort) > 0 && !c.sorted {
		c.cost += read * math.Log2(read+2) / 4
	}
}

// share is the part of the keys whose documents meet the residual
// conditions, from a sample.
func (c *candidate) share() float64 {
	if len(c.residual) == 0 {
		return 1
	}
	const sample = 200
	seen, met := 1, 1
	newScan(c.x, c.spans, c.backward).each(func(e entry) bool {
		seen++
		if query.Meets(c.residual, e.rec.doc) {
			met++
		}
		return seen <= sample
	})
	return float64(met) / float64(seen)
}

// better orders candidates: by work, then by equality, sort and range.
func (c *candidate) better(other *candidate) bool {
	switch {
	case other == nil:
		return true
	case c.cost != other.cost:
		return c.cost < other.cost
	case c.equals != other.equals:
		return c.equals > other.equals
	case c.sorted != other.sorted:
		return c.sorted
	case c.bounded != other.bounded:
		return c.bounded > other.bounded
	case len(c.residual) != len(other.residual):
		return len(c.residual) < len(other.residual)
	}
	return len(c.spans) < len(other.spans)
}
