package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// selection is what every read and write starts with: which records, in which
// order.
type selection struct {
	where       bson.D
	sort        bson.D
	skip, limit int64
	hint        any
	// fields are all that the caller reads of a document, where that is
	// known: an index that holds them spares the document.
	fields []string
	// count says that only the number of records matters.
	count bool
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
	if s.skip < 0 || s.limit < 0 {
		return nil, Plan{}, negative(s)
	}
	filter = filter.Bind(&expression.Scope{Now: c.db.Now()})
	e := &execution{c: c, s: s, filter: filter}
	if id, ok := identity(s, filter); ok {
		e.byID(id)
	} else {
		how, err := c.choose(s, filter)
		if err != nil {
			return nil, Plan{}, err
		}
		e.run(how)
	}
	if e.err != nil {
		return nil, Plan{}, e.err
	}
	e.finish(o)
	return e.found, e.plan, nil
}

func negative(s selection) error {
	name, n := "limit", s.limit
	if n >= 0 {
		name, n = "skip", s.skip
	}
	return value.Refused(51024, "BSON field '%s' value must be >= 0, actual value '%d'", name, n)
}

// identity says whether a selection is for one _id and no more.
func identity(s selection, filter *query.Filter) (any, bool) {
	nodes := filter.Conjuncts()
	if len(nodes) != 1 || nodes[0].Op != "$eq" || nodes[0].Path != "_id" || s.hint != nil || s.skip != 0 || s.count {
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
	err     error
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

func (e *execution) run(how choice) {
	e.ordered = len(e.s.sort) == 0 || how.best != nil && how.best.sorted
	switch {
	case how.branches != nil:
		e.runBranches(how.branches)
	case how.best != nil:
		e.runIndex(how.best)
	default:
		e.runCollection(how.backward)
	}
	for _, k := range how.rejected {
		p := e.shape(k, k.covers(e.s))
		if len(e.s.sort) > 0 && !k.sorted {
			p = over("SORT", p, 0)
			p.Sort = e.s.sort
		}
		e.plan.Rejected = append(e.plan.Rejected, &p)
	}
}

func (e *execution) runCollection(backward bool) {
	e.plan = Plan{Stage: "COLLSCAN", Direction: "forward", Filter: query.Documents(e.filter.Conjuncts())}
	if backward {
		e.plan.Direction = "backward"
	}
	for i := range e.c.records {
		r := e.c.records[i]
		if backward {
			r = e.c.records[len(e.c.records)-1-i]
		}
		if r.gone {
			continue
		}
		e.plan.DocsExamined++
		if e.test(r); e.err != nil || e.full() {
			break
		}
	}
	e.plan.Returned = int64(len(e.found))
}

// test keeps a record that the filter matches.
func (e *execution) test(r *record) {
	ok, err := e.filter.Matches(r.doc)
	if err != nil {
		e.err = err
		return
	}
	if ok {
		e.found = append(e.found, r)
	}
}

// runIndex reads by one index. Each document is tested by the whole filter,
// whatever the bounds say of it.
func (e *execution) runIndex(k *candidate) {
	k.x.used++
	var seen map[*record]bool
	if k.multi {
		seen = map[*record]bool{}
	}
	keys, docs := int64(0), int64(0)
	sc := newScan(k.x, k.spans, k.backward)
	sc.each(func(en entry) bool {
		keys++
		if seen != nil {
			if seen[en.rec] {
				return true
			}
			seen[en.rec] = true
		}
		docs++
		e.test(en.rec)
		return e.err == nil && !e.full()
	})
	covered := k.covers(e.s)
	e.plan = e.shape(k, covered)
	scanned := &e.plan
	if !covered {
		scanned = e.plan.Input
		e.plan.DocsExamined = docs
		e.plan.KeysExamined = sc.examined
		e.plan.Returned = int64(len(e.found))
	}
	scanned.KeysExamined, scanned.Returned = sc.examined, docs
}

// covers says that the index alone holds all that is asked for.
func (k *candidate) covers(s selection) bool {
	if len(k.residual) > 0 || k.multi {
		return false
	}
	if s.count {
		return true
	}
	if s.fields == nil {
		return false
	}
	for _, f := range s.fields {
		held := false
		for _, e := range k.x.Keys {
			held = held || e.Key == f
		}
		if !held {
			return false
		}
	}
	for _, o := range s.sort {
		if !k.sorted && !k.holds(o.Key) {
			return false
		}
	}
	return true
}

func (k *candidate) holds(path string) bool {
	_, ok := value.Field(k.x.Keys, path)
	return ok
}

// shape is the plan of a candidate before it ran.
func (e *execution) shape(k *candidate, covered bool) Plan {
	p := Plan{Stage: "IXSCAN", Index: k.x.Name, Keys: k.x.Keys, Direction: "forward", Details: Details{MultiKey: k.multi}}
	if k.backward {
		p.Direction = "backward"
	}
	if covered && e.s.count {
		p.Stage = "COUNT_SCAN"
	}
	for i, sp := range k.spans {
		list := bson.A{}
		for _, iv := range sp.list {
			list = append(list, iv.in(k.x.signs[i] > 0 != k.backward))
		}
		if k.x.signs[i] > 0 == k.backward {
			for a, b := 0, len(list)-1; a < b; a, b = a+1, b-1 {
				list[a], list[b] = list[b], list[a]
			}
		}
		p.Bounds = append(p.Bounds, bson.E{Key: k.x.Keys[i].Key, Value: list})
	}
	if covered {
		return p
	}
	return Plan{Stage: "FETCH", Filter: query.Documents(k.residual), Input: &p}
}

// in writes an interval in the direction in which it is read.
func (i interval) in(forward bool) string {
	if forward {
		return i.String()
	}
	return interval{lo: i.hi, hi: i.lo, loIn: i.hiIn, hiIn: i.loIn}.String()
}

// runBranches reads by one index for each branch of an $or.
func (e *execution) runBranches(branches []*candidate) {
	seen := map[*record]bool{}
	or := Plan{Stage: "OR"}
	var docs int64
	for i, k := range branches {
		k.x.used++
		sc := newScan(k.x, k.spans, false)
		var got int64
		sc.each(func(en entry) bool {
			got++
			if !seen[en.rec] {
				seen[en.rec] = true
				docs++
				e.test(en.rec)
			}
			return e.err == nil && !e.full()
		})
		p := e.shape(k, true)
		p.KeysExamined, p.Returned = sc.examined, got
		or.KeysExamined += sc.examined
		if i == 0 {
			or.Input = &p
		} else {
			or.Others = append(or.Others, &p)
		}
		if e.full() {
			break
		}
	}
	or.Returned = docs
	e.plan = Plan{Stage: "FETCH", Filter: query.Documents(e.filter.Conjuncts()), Input: &or,
		KeysExamined: or.KeysExamined, DocsExamined: docs, Returned: int64(len(e.found))}
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
