package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// choice is how a selection will be answered: by a candidate, by several for
// the branches of an $or, or by a scan of the collection.
type choice struct {
	best     *candidate
	branches []*candidate
	rejected []*candidate
	backward bool
}

// choose picks the cheapest way. A scan of the collection is one only where
// no index helps.
func (c *Collection) choose(s selection, filter *query.Filter) (choice, error) {
	nodes := filter.Conjuncts()
	if s.hint != nil {
		return c.hinted(s, nodes)
	}
	var out choice
	var all []*candidate
	for _, x := range c.indexes {
		if k := newCandidate(x, nodes, s.sort); k.useful() || k.sorted {
			all = append(all, k)
		}
	}
	for _, k := range all {
		if len(all) > 1 {
			k.weigh(s)
		}
		if k.better(out.best) {
			out.best = k
		}
	}
	for _, k := range all {
		if k != out.best {
			out.rejected = append(out.rejected, k)
		}
	}
	if out.best == nil || !out.best.useful() {
		if branches := c.alternatives(nodes); branches != nil && !(out.best != nil && s.limit > 0) {
			return choice{branches: branches}, nil
		}
	}
	return out, nil
}

// useful says that a condition binds the first field.
func (k *candidate) useful() bool {
	return !k.spans[0].isWhole() || k.touched()
}

// touched says that a condition is on the first field, though it binds nothing.
func (k *candidate) touched() bool {
	for _, n := range k.residual {
		for _, b := range conditionsOn(n, k.x.Keys[0].Key) {
			if _, ok := spanOf(b); ok {
				return true
			}
		}
	}
	return false
}

// alternatives finds an index for each branch of an $or, or nothing.
func (c *Collection) alternatives(nodes []*query.Node) []*candidate {
	for _, n := range nodes {
		if n.Op != "$or" {
			continue
		}
		var branches []*candidate
		for _, b := range n.Nodes {
			var best *candidate
			for _, x := range c.indexes {
				k := newCandidate(x, query.Flat(b), nil)
				if !k.useful() {
					continue
				}
				k.weigh(selection{})
				if k.better(best) {
					best = k
				}
			}
			if best == nil {
				branches = nil
				break
			}
			branches = append(branches, best)
		}
		if branches != nil {
			return branches
		}
	}
	return nil
}

// hinted takes the index that the caller names.
func (c *Collection) hinted(s selection, nodes []*query.Node) (choice, error) {
	hint, err := value.Normal(s.hint)
	if err != nil {
		return choice{}, value.Refused(value.BadValue, "%v", err)
	}
	keys, byKeys := hint.(bson.D)
	if name, ok := hint.(string); ok && name == "$natural" {
		return choice{}, nil
	}
	if byKeys && len(keys) == 0 {
		s.hint = nil
		return choice{}, nil
	}
	if byKeys && keys[0].Key == "$natural" {
		f, _ := value.Float(keys[0].Value)
		return choice{backward: f < 0}, nil
	}
	for _, x := range c.indexes {
		if hint == any(x.Name) && !byKeys || byKeys && value.Equal(keys, x.Keys) {
			return choice{best: newCandidate(x, nodes, s.sort)}, nil
		}
	}
	return choice{}, value.Refused(value.BadValue,
		"error processing query: ns=%s planner returned error :: caused by :: hint provided does not correspond to an existing index", c.namespace())
}
