package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// selection is what every read and write starts with: which records, in which
// order.
type selection struct {
	where       bson.D
	sort        bson.D
	skip, limit int64
}

// pick finds records, and tells how.
func (c *Collection) pick(s selection) ([]*record, Plan, error) {
	filter, err := query.Parse(s.where)
	if err != nil {
		return nil, Plan{}, err
	}
	if s.sort, err = value.Document(s.sort); err != nil {
		return nil, Plan{}, value.Refused(value.BadValue, "%v", err)
	}
	o, err := value.NewOrder(s.sort)
	if err != nil {
		return nil, Plan{}, err
	}
	e := &execution{c: c, s: s, filter: filter}
	if id, ok := identity(s, filter); ok {
		e.byID(id)
	} else if k := c.choose(s, filter); k != nil {
		e.ordered = len(s.sort) == 0 || k.sorted
		e.runIndex(k)
	} else {
		e.ordered = len(s.sort) == 0
		e.runCollection()
	}
	e.finish(o)
	return e.found, e.plan, nil
}

// choose picks the index by which a selection is answered: one whose first
// field a condition binds or that gives the order asked for. It is nil where
// the collection must be scanned.
func (c *Collection) choose(s selection, filter *query.Filter) (best *candidate) {
	for _, x := range c.indexes {
		if k := newCandidate(x, filter.Conjuncts(), s.sort); (k.useful() || k.sorted) && k.better(best, s) {
			best = k
		}
	}
	return best
}

// identity says whether a selection is for one _id and no more.
func identity(s selection, filter *query.Filter) (any, bool) {
	nodes := filter.Conjuncts()
	if len(nodes) != 1 || nodes[0].Op != "$eq" || nodes[0].Path != "_id" || s.skip != 0 {
		return nil, false
	}
	switch nodes[0].Operand.(type) {
	case nil, bson.A:
		return nil, false
	}
	return nodes[0].Operand, true
}

// execution is one selection at work.
type execution struct {
	c       *Collection
	s       selection
	filter  *query.Filter
	found   []*record
	plan    Plan
	ordered bool
}

func (e *execution) byID(id any) {
	x := e.c.indexes[0]
	x.used++
	e.plan = Plan{Stage: "IDHACK", Index: x.Name, Keys: x.Keys}
	e.ordered = true
	if r := x.hashed[hash([]any{id})]; r != nil {
		e.found = []*record{r}
		e.plan.KeysExamined, e.plan.DocsExamined, e.plan.Returned = 1, 1, 1
	}
}

// full says that there are as many records as were asked for.
func (e *execution) full() bool {
	return e.s.limit > 0 && e.ordered && int64(len(e.found)) >= e.s.skip+e.s.limit
}

func (e *execution) runCollection() {
	e.plan = Plan{Stage: "COLLSCAN", Direction: "forward"}
	for _, r := range e.c.records {
		if r.gone {
			continue
		}
		e.plan.DocsExamined++
		if e.test(r); e.full() {
			break
		}
	}
	e.plan.Returned = int64(len(e.found))
}

// test keeps a record that the filter matches.
func (e *execution) test(r *record) {
	if e.filter.Matches(r.doc) {
		e.found = append(e.found, r)
	}
}

// runIndex reads by one index. Each document is tested by the whole filter,
// whatever the bounds say of it.
func (e *execution) runIndex(k *candidate) {
	k.x.used++
	keys, docs := int64(0), int64(0)
	for en := range k.entries() {
		keys++
		if !k.within(en.key) {
			continue
		}
		docs++
		if e.test(en.rec); e.full() {
			break
		}
	}
	scan := k.plan()
	scan.KeysExamined, scan.Returned = keys, docs
	e.plan = Plan{Stage: "FETCH", Input: &scan, KeysExamined: keys, DocsExamined: docs, Returned: int64(len(e.found))}
}

// plan tells of the scan of the index.
func (k *candidate) plan() Plan {
	p := Plan{Stage: "IXSCAN", Index: k.x.Name, Keys: k.x.Keys, Direction: "forward"}
	if k.backward {
		p.Direction = "backward"
	}
	for f, list := range k.bounds {
		if list == nil {
			list = []interval{{bson.MinKey{}, bson.MaxKey{}, true, true}}
		}
		written := make(bson.A, len(list))
		for i, iv := range list {
			if k.x.signs[f] > 0 == k.backward {
				written[len(list)-1-i] = iv.turned().String()
			} else {
				written[i] = iv.String()
			}
		}
		p.Bounds = append(p.Bounds, bson.E{Key: k.x.Keys[f].Key, Value: written})
	}
	return p
}

// finish sorts, skips and limits.
func (e *execution) finish(o value.Order) {
	if !e.ordered {
		value.SortBy(e.found, o, func(r *record) bson.D { return r.doc })
		e.put("SORT")
		e.plan.Sort = e.s.sort
		if e.s.limit > 0 {
			e.found = e.found[:min(int64(len(e.found)), e.s.skip+e.s.limit)]
			e.plan.Limit, e.plan.Returned = e.s.skip+e.s.limit, int64(len(e.found))
		}
	}
	if e.s.skip > 0 {
		e.found = e.found[min(int64(len(e.found)), e.s.skip):]
		e.put("SKIP")
		e.plan.Limit = e.s.skip
	}
	if e.s.limit > 0 {
		e.found = e.found[:min(int64(len(e.found)), e.s.limit)]
		if e.ordered && e.plan.Stage != "IDHACK" {
			e.put("LIMIT")
			e.plan.Limit = e.s.limit
		}
	}
}

func (e *execution) put(stage string) { e.plan = over(stage, e.plan, int64(len(e.found))) }
