package document

import (
	"reflect"

	"runbook/lab/document/query"
)

// Update changes the documents that match, one of them unless Multi is set. Where
// a document cannot be changed the result tells of those before it.
func (c *Collection) Update(u Update) (UpdateResult, error) {
	change, err := query.ParseChange(u.Change, c.db.Now())
	if err != nil {
		return UpdateResult{}, err
	}
	s := selection{where: u.Filter, limit: 1}
	if u.Multi {
		s.limit = 0
	}
	records, plan, err := c.pick(s)
	if err != nil {
		return UpdateResult{}, err
	}
	out := UpdateResult{Plan: over("UPDATE", plan, 0)}
	for _, r := range records {
		after, err := change.Apply(r.doc)
		if err != nil {
			return out, err
		}
		if !reflect.DeepEqual(r.doc, after) {
			if err := c.enter(r, after); err != nil {
				return out, err
			}
			out.Modified++
		}
		out.Matched++
	}
	return out, nil
}
