package document

import (
	"slices"

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
	hint        any
}

func (c *Collection) pick(s selection) ([]*record, Plan, error) {
	filter, err := query.Parse(s.where)
	if err != nil {
		return nil, Plan{}, err
	}
	plan := Plan{Stage: "COLLSCAN", Direction: "forward", Filter: query.Documents(filter.Conjuncts())}
	var out []*record
	for _, r := range c.records {
		if r.gone {
			continue
		}
		plan.DocsExamined++
		ok, err := filter.Matches(r.doc)
		if err != nil {
			return nil, Plan{}, err
		}
		if ok {
			out = append(out, r)
		}
		if s.limit > 0 && len(s.sort) == 0 && int64(len(out)) == s.skip+s.limit {
			break
		}
	}
	plan.Returned = int64(len(out))
	if len(s.sort) > 0 {
		if err := sortRecords(out, s.sort); err != nil {
			return nil, Plan{}, err
		}
		plan = over("SORT", plan, plan.Returned)
		plan.Sort = s.sort
	}
	out = out[min(int64(len(out)), s.skip):]
	if s.limit > 0 {
		out = out[:min(int64(len(out)), s.limit)]
	}
	plan.Returned = int64(len(out))
	return out, plan, nil
}

func sortValues(list bson.A) { slices.SortStableFunc(list, value.Compare) }
