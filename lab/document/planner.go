package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// choose picks the index by which a selection is answered: one whose first
// field a condition binds or that gives the order asked for. It is nil where
// the collection must be scanned, backward if the caller wants that.
func (c *Collection) choose(s selection, filter *query.Filter) (best *candidate, backward bool, err error) {
	nodes := filter.Conjuncts()
	if s.hint != nil {
		return c.hinted(s, nodes)
	}
	for _, x := range c.indexes {
		if k := newCandidate(x, nodes, s.sort); (k.useful() || k.sorted) && k.better(best, s) {
			best = k
		}
	}
	return best, false, nil
}

// hinted takes the index that the caller names.
func (c *Collection) hinted(s selection, nodes []*query.Node) (best *candidate, backward bool, err error) {
	hint, err := value.Normal(s.hint)
	if err != nil {
		return nil, false, value.Refused(value.BadValue, "%v", err)
	}
	keys, byKeys := hint.(bson.D)
	if byKeys && len(keys) > 0 && keys[0].Key == "$natural" {
		f, _ := value.Float(keys[0].Value)
		return nil, f < 0, nil
	}
	for _, x := range c.indexes {
		if hint == any(x.Name) && !byKeys || byKeys && value.Equal(keys, x.Keys) {
			return newCandidate(x, nodes, s.sort), false, nil
		}
	}
	return nil, false, value.Refused(value.BadValue,
		"error processing query: ns=%s planner returned error :: caused by :: hint provided does not correspond to an existing index", c.namespace())
}
