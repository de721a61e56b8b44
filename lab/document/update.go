package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// Update changes the documents that match, one of them unless Multi is set,
// and inserts one where Upsert is set and none does.
func (c *Collection) Update(u Update) (UpdateResult, error) {
	change, ok := u.Change.(bson.D)
	if !ok || query.IsOperators(change) {
		return UpdateResult{}, fault.New(fault.FailedToParse, "Unknown modifier: %v. Expected a valid update modifier or pipeline-style update specified as an array", u.Change)
	}
	next, err := value.Document(change)
	if err != nil {
		return UpdateResult{}, fault.New(fault.BadValue, "%v", err)
	}
	records, plan, err := c.pick(selection{where: u.Filter, limit: 1, sort: u.Sort, hint: u.Hint})
	if err != nil {
		return UpdateResult{}, err
	}
	out := UpdateResult{Matched: int64(len(records)), Plan: plan}
	for _, r := range records {
		out.Before = r.doc
		doc := append(bson.D{{Key: "_id", Value: r.id}}, next...)
		if err := c.replace(r, doc); err != nil {
			return out, err
		}
		out.After = r.doc
		out.Modified++
	}
	return out, nil
}
