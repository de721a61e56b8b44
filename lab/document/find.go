package document

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// Match says whether filter matches doc.
func Match(doc, filter bson.D) (bool, error) {
	f, err := query.Parse(filter)
	if err != nil {
		return false, err
	}
	normal, err := value.Document(doc)
	if err != nil {
		return false, value.Refused(value.BadValue, "%v", err)
	}
	return f.Matches(normal), nil
}

// Find gives the documents that match, in the order that is asked for, and how
// they were found.
func (c *Collection) Find(q Query) (Result, error) {
	shape, err := query.ParseProjection(q.Projection, false)
	if err != nil {
		return Result{}, err
	}
	s := selection{where: q.Filter, sort: q.Sort, skip: q.Skip, limit: q.Limit}
	records, plan, err := c.pick(s)
	if err != nil {
		return Result{}, err
	}
	docs := make([]bson.D, len(records))
	for i, r := range records {
		docs[i] = r.doc
	}
	if len(q.Projection) == 0 {
		return Result{Documents: docs, Plan: plan}, nil
	}
	for i, d := range docs {
		if docs[i], err = shape.Apply(d, c.db.Now()); err != nil {
			return Result{}, err
		}
	}
	stage := "PROJECTION_DEFAULT"
	if shape.Simple() {
		stage = "PROJECTION_SIMPLE"
	}
	return Result{Documents: docs, Plan: over(stage, plan, int64(len(docs)))}, nil
}

// Count counts the documents that match.
func (c *Collection) Count(filter bson.D) (int64, Plan, error) {
	if len(filter) == 0 {
		return int64(c.length), over("COUNT", Plan{Stage: "RECORD_STORE_FAST_COUNT"}, 0), nil
	}
	records, plan, err := c.pick(selection{where: filter})
	if err != nil {
		return 0, Plan{}, err
	}
	return int64(len(records)), over("COUNT", plan, 0), nil
}

// Distinct gives the distinct values of a field, each element of an array by
// itself, sorted.
func (c *Collection) Distinct(field string, filter bson.D) (bson.A, Plan, error) {
	records, plan, err := c.pick(selection{where: filter})
	if err != nil {
		return nil, Plan{}, err
	}
	seen := map[string]bool{}
	out := bson.A{}
	keep := func(v any) {
		if id := value.Identity(v); !seen[id] {
			seen[id] = true
			out = append(out, v)
		}
	}
	for _, r := range records {
		value.Each(r.doc, value.Split(field), func(v any, _ bool) bool {
			switch v := v.(type) {
			case value.Missing:
			case bson.A:
				for _, e := range v {
					keep(e)
				}
			default:
				keep(v)
			}
			return false
		})
	}
	slices.SortStableFunc(out, value.Compare)
	return out, plan, nil
}

// Delete takes out the documents that match, at most limit of them; 0 is all. It
// says how many that were.
func (c *Collection) Delete(filter bson.D, limit int64) (deleted int64, plan Plan, err error) {
	records, plan, err := c.pick(selection{where: filter, limit: limit})
	for _, r := range records {
		c.remove(r)
	}
	deleted = int64(len(records))
	return deleted, over("DELETE", plan, deleted), err
}

// over puts a stage on top of a plan.
func over(stage string, plan Plan, returned int64) Plan {
	return Plan{Stage: stage, KeysExamined: plan.KeysExamined, DocsExamined: plan.DocsExamined,
		Returned: returned, Input: &plan}
}
