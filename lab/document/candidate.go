package document

import (
	"iter"
	"slices"
	"sort"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// candidate is a way to answer a selection by one index: it reads the entries
// that the leading fields select, all bound to one value but the last, and
// passes over those whose other fields are out of bounds.
type candidate struct {
	x *index
	// bounds are the intervals of each field; nil of a field that is not bound.
	bounds [][]interval
	// sorted says that the index gives the order asked for, if need be read
	// backward.
	sorted, backward bool
	runs             [][]entry
	keys             int
}

// newCandidate binds the fields of an index by conditions.
func newCandidate(x *index, nodes []*query.Node, order bson.D) *candidate {
	x.settle()
	c := &candidate{x: x, bounds: make([][]interval, len(x.Keys))}
	for _, n := range nodes {
		c.bind(n)
	}
	c.order(order)
	c.find()
	return c
}

// bind narrows the bounds of a field by a condition.
func (c *candidate) bind(n *query.Node) {
	at := slices.IndexFunc(c.x.Keys, func(e bson.E) bool { return e.Key == n.Path })
	list := intervalsOf(n)
	if at < 0 || list == nil {
		return
	}
	if c.bounds[at] != nil {
		list = overlap(c.bounds[at], list)
	}
	c.bounds[at] = list
}

// useful says that a condition binds the first field.
func (c *candidate) useful() bool { return c.bounds[0] != nil }

// fixed says that a field is bound to one value.
func (c *candidate) fixed(field int) bool {
	return len(c.bounds[field]) == 1 && c.bounds[field][0].isPoint()
}

// order finds out whether the index gives an order, forward or backward.
// Fields that are bound to one value do not matter for it.
func (c *candidate) order(by bson.D) {
	if len(by) == 0 {
		return
	}
	field, direction := 0, 0
	for _, want := range by {
		at := slices.IndexFunc(c.x.Keys, func(e bson.E) bool { return e.Key == want.Key })
		if at < 0 {
			return
		}
		if c.fixed(at) {
			continue
		}
		for field < at && c.fixed(field) {
			field++
		}
		sign, _ := value.Int(want.Value)
		turn := int(sign) * c.x.signs[at]
		if field != at || direction != 0 && turn != direction {
			return
		}
		direction = turn
		field++
	}
	c.sorted, c.backward = true, direction < 0
}

// find looks up the entries that the leading fields select.
func (c *candidate) find() {
	var prefix []any
	for len(prefix) < len(c.bounds) && c.fixed(len(prefix)) {
		prefix = append(prefix, c.bounds[len(prefix)][0].lo)
	}
	take := func(from, to int) {
		if from < to {
			c.runs = append(c.runs, c.x.entries[from:to])
			c.keys += to - from
		}
	}
	last := len(prefix)
	if last == len(c.bounds) || c.bounds[last] == nil {
		take(c.x.seek(prefix, false), c.x.seek(prefix, true))
		return
	}
	for _, i := range c.bounds[last] {
		if c.x.signs[last] < 0 {
			i = i.turned()
		}
		take(c.x.seek(append(prefix[:last:last], i.lo), !i.loIn), c.x.seek(append(prefix[:last:last], i.hi), i.hiIn))
	}
	if c.x.signs[last] < 0 {
		slices.Reverse(c.runs)
	}
}

// seek finds the first entry whose key begins with prefix or comes after it;
// with past the first that does not begin with it any more.
func (x *index) seek(prefix []any, past bool) int {
	return sort.Search(len(x.entries), func(i int) bool {
		for f, v := range prefix {
			if c := value.Compare(x.entries[i].key[f], v) * x.signs[f]; c != 0 {
				return c > 0
			}
		}
		return !past
	})
}

// entries are those that find found, in the order in which they are read.
func (c *candidate) entries() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for r := range c.runs {
			if c.backward {
				r = len(c.runs) - 1 - r
			}
			for i := range c.runs[r] {
				if c.backward {
					i = len(c.runs[r]) - 1 - i
				}
				if !yield(c.runs[r][i]) {
					return
				}
			}
		}
	}
}

// within says whether all fields of a key are within bounds.
func (c *candidate) within(key []any) bool {
	for f, list := range c.bounds {
		if list != nil && !slices.ContainsFunc(list, func(i interval) bool { return i.holds(key[f]) }) {
			return false
		}
	}
	return true
}

// cost is the work of reading; a sort in memory doubles it.
func (c *candidate) cost(s selection) int {
	if len(s.sort) > 0 && !c.sorted {
		return 2 * c.keys
	}
	return c.keys
}

// better orders candidates: those that bind a field, by their work, by the
// order that they give, and by how few fields they have.
func (c *candidate) better(other *candidate, s selection) bool {
	switch {
	case other == nil:
		return true
	case c.useful() != other.useful():
		return c.useful()
	case c.cost(s) != other.cost(s):
		return c.cost(s) < other.cost(s)
	case c.sorted != other.sorted:
		return c.sorted
	}
	return len(c.bounds) < len(other.bounds)
}
