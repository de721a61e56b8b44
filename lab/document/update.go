package document

import (
	"reflect"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// Update changes the documents that match, one of them unless Multi is set,
// and inserts one where Upsert is set and none does. Where a document cannot
// be changed the result tells of those before it.
func (c *Collection) Update(u Update) (UpdateResult, error) {
	filter, err := query.Parse(u.Filter)
	if err != nil {
		return UpdateResult{}, err
	}
	change, err := c.changer(u)
	if err != nil {
		return UpdateResult{}, err
	}
	s := selection{where: u.Filter, sort: u.Sort, hint: u.Hint, limit: 1}
	if u.Multi {
		s.limit = 0
	}
	records, plan, err := c.pick(s)
	if err != nil {
		return UpdateResult{}, err
	}
	out := UpdateResult{Plan: over("UPDATE", plan, 0)}
	if len(records) == 0 && u.Upsert {
		err := c.upsert(filter, change, &out)
		return out, err
	}
	for i, r := range records {
		before := r.doc
		after, err := change(before, false)
		if err != nil {
			return out, err
		}
		if !reflect.DeepEqual(before, after) {
			if err := c.replace(r, after); err != nil {
				return out, err
			}
			out.Modified++
		}
		out.Matched++
		if i == 0 {
			out.Before, out.After = before, r.doc
		}
	}
	return out, nil
}

// changer is what makes the new document of an old one.
type changer func(doc bson.D, insert bool) (bson.D, error)

func (c *Collection) changer(u Update) (changer, error) {
	normal, err := value.Normal(u.Change)
	if err != nil {
		return nil, value.Refused(value.BadValue, "%v", err)
	}
	switch change := normal.(type) {
	case bson.A:
		return nil, value.Refused(value.FailedToParse, "this server of a lab has no updates by a pipeline")
	case bson.D:
		if len(change) > 0 && strings.HasPrefix(change[0].Key, "$") {
			parsed, err := query.ParseChange(change, c.db.Now())
			if err != nil {
				return nil, err
			}
			return parsed.Apply, nil
		}
		if u.Multi {
			return nil, value.Refused(value.FailedToParse, "multi update is not supported for replacement-style update")
		}
		return replacement(change)
	}
	return nil, value.Refused(value.FailedToParse, "Update argument must be either an object or an array")
}

func replacement(next bson.D) (changer, error) {
	for _, e := range next {
		if strings.HasPrefix(e.Key, "$") {
			return nil, value.Refused(value.DollarPrefixedField, "The dollar ($) prefixed field '%s' in '%s' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.", e.Key, e.Key)
		}
	}
	return func(doc bson.D, _ bool) (bson.D, error) {
		return keepID(doc, next)
	}, nil
}

// keepID puts the _id of the old document first in the new one.
func keepID(old, next bson.D) (bson.D, error) {
	id, had := value.Field(old, "_id")
	if !had {
		return next, nil
	}
	if other, has := value.Field(next, "_id"); has && !value.Equal(id, other) {
		return nil, value.Refused(value.ImmutableField, "After applying the update, the (immutable) field '_id' was found to have been altered to _id: %s", value.Format(other))
	}
	out := bson.D{{Key: "_id", Value: id}}
	for _, e := range next {
		if e.Key != "_id" {
			out = append(out, e)
		}
	}
	return out, nil
}

// upsert inserts the document that the equalities of the filter and the change
// make together.
func (c *Collection) upsert(filter *query.Filter, change changer, out *UpdateResult) error {
	seed := bson.D{}
	for _, n := range filter.Conjuncts() {
		if n.Op != "$eq" {
			continue
		}
		names := value.Split(n.Path)
		if slices.ContainsFunc(names, func(name string) bool { return name == "" }) {
			continue
		}
		planted, ok := plant(seed, names, n.Operand)
		if !ok {
			return value.Refused(54, "cannot infer query fields to set, path '%s' is matched twice", n.Path)
		}
		seed = planted
	}
	doc, err := change(seed, true)
	if err != nil {
		return err
	}
	r, err := c.insert(doc)
	if err != nil {
		return err
	}
	out.UpsertedID, out.After = r.id, r.doc
	return nil
}

// plant sets a path in a document that is being made.
func plant(d bson.D, names []string, v any) (bson.D, bool) {
	at := slices.IndexFunc(d, func(e bson.E) bool { return e.Key == names[0] })
	if len(names) == 1 {
		return append(d, bson.E{Key: names[0], Value: v}), at < 0
	}
	if at < 0 {
		child, ok := plant(bson.D{}, names[1:], v)
		return append(d, bson.E{Key: names[0], Value: child}), ok
	}
	child, ok := d[at].Value.(bson.D)
	if !ok {
		return d, false
	}
	child, ok = plant(child, names[1:], v)
	d[at].Value = child
	return d, ok
}
