package document

import (
	"math/rand/v2"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/pipeline"
	"runbook/lab/document/value"
)

// Aggregate runs a pipeline over a collection; one that does not exist is
// empty. What its first stages ask for is answered as Find does it, by an
// index where there is one, and the plan is that of this part. $sample gives
// the same documents again for the same contents.
func (d *Database) Aggregate(collection string, stages []bson.D) (Result, error) {
	if _, err := pipeline.Parse(stages); err != nil {
		return Result{}, err
	}
	c, ok := d.collections[collection]
	if !ok {
		c = newCollection(d, collection)
	}
	s, rest := front(stages)
	records, plan, err := c.pick(s)
	if err != nil {
		return Result{}, err
	}
	if !ok {
		plan = Plan{Stage: "EOF"}
	}
	docs := make([]bson.D, len(records))
	for i, r := range records {
		docs[i] = r.doc
	}
	docs, err = d.through(stages[rest:], docs, c.version)
	return Result{Documents: docs, Plan: plan}, err
}

func (d *Database) through(stages []bson.D, docs []bson.D, seed uint64) ([]bson.D, error) {
	if len(stages) == 0 {
		return docs, nil
	}
	p, err := pipeline.Parse(stages)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(seed, 1))
	return p.Run(&pipeline.Context{Store: store{d}, Now: d.Now(), Random: random.IntN}, docs)
}

// front takes the stages at the beginning that are a query: conditions, then
// an order, then a part of it. It says how many these are.
func front(stages []bson.D) (s selection, taken int) {
	var conditions bson.A
	for ; taken < len(stages) && stages[taken][0].Key == "$match"; taken++ {
		conditions = append(conditions, stages[taken][0].Value)
	}
	if len(conditions) == 1 {
		s.where, _ = plain(conditions[0])
	} else if len(conditions) > 1 {
		s.where = bson.D{{Key: "$and", Value: conditions}}
	}
	if taken < len(stages) && stages[taken][0].Key == "$sort" {
		s.sort, _ = plain(stages[taken][0].Value)
		taken++
	}
	if taken < len(stages) && stages[taken][0].Key == "$skip" {
		s.skip = count(stages[taken][0].Value)
		taken++
	}
	if taken < len(stages) && stages[taken][0].Key == "$limit" {
		s.limit = count(stages[taken][0].Value)
		taken++
	}
	return s, taken
}

// plain gives a document that the parser of the pipeline has found good.
func plain(v any) (bson.D, bool) {
	normal, err := value.Normal(v)
	d, ok := normal.(bson.D)
	return d, ok && err == nil
}

func count(v any) int64 {
	normal, _ := value.Normal(v)
	n, _ := value.Int(normal)
	return n
}

// staged is an update by a pipeline.
func (c *Collection) staged(change bson.A) (changer, error) {
	stages := make([]bson.D, len(change))
	for i, v := range change {
		d, ok := v.(bson.D)
		if !ok {
			return nil, fault.New(fault.TypeMismatch, "Each element of the 'pipeline' array must be an object")
		}
		stages[i] = d
	}
	if err := pipeline.Changes(stages); err != nil {
		return nil, err
	}
	if _, err := pipeline.Parse(stages); err != nil {
		return nil, err
	}
	return func(doc bson.D, _ int, _ bool) (bson.D, error) {
		out, err := c.db.through(stages, []bson.D{doc}, 0)
		if err != nil {
			return nil, err
		}
		return keepID(doc, value.CloneDocument(out[0]))
	}, nil
}

// store is the database as the stages see it.
type store struct{ db *Database }

func (s store) Documents(collection string, filter bson.D) ([]bson.D, error) {
	c, ok := s.db.Lookup(collection)
	if !ok {
		return nil, nil
	}
	r, err := c.Find(Query{Filter: filter})
	return r.Documents, err
}

// Replace keeps the indexes of the collection. It changes nothing where a
// document cannot be taken.
func (s store) Replace(collection string, docs []bson.D) error {
	if strings.HasPrefix(collection, "system.") {
		return fault.New(17385, "Can't $out to special collection: %s", collection)
	}
	next := newCollection(s.db, collection)
	old, exists := s.db.Lookup(collection)
	if exists {
		next.version = old.version + 1
		for _, i := range old.Indexes()[1:] {
			if _, err := next.CreateIndex(i); err != nil {
				return err
			}
		}
	}
	for _, d := range docs {
		if err := next.Insert(d); err != nil {
			return err
		}
	}
	*s.db.Collection(collection) = *next
	return nil
}

func (s store) Merge(m pipeline.Merge, doc bson.D) error {
	c := s.db.Collection(m.Into)
	filter := bson.D{}
	for _, name := range m.On {
		v, ok := value.Field(doc, name)
		if !ok && name != "_id" {
			return fault.New(51132, "$merge write error: 'on' field '%s' cannot be missing, null, undefined or an array", name)
		}
		if ok {
			filter = append(filter, bson.E{Key: name, Value: bson.D{{Key: "$eq", Value: v}}})
		}
	}
	var records []*record
	if len(filter) == len(m.On) {
		found, _, err := c.pick(selection{where: filter, limit: 1})
		if err != nil {
			return err
		}
		records = found
	}
	if len(records) == 0 {
		switch m.WhenNotMatched {
		case "insert":
			return c.Insert(doc)
		case "fail":
			return fault.New(13113, "$merge could not find a matching document in the target collection for at least one document in the source collection")
		}
		return nil
	}
	return c.mergeInto(records[0], m.WhenMatched, doc)
}

func (c *Collection) mergeInto(r *record, how string, doc bson.D) error {
	switch how {
	case "keepExisting":
		return nil
	case "fail":
		return fault.Duplicate(c.namespace(), "_id_", bson.D{{Key: "_id", Value: int32(1)}}, bson.D{{Key: "_id", Value: r.id}}, value.Format(bson.D{{Key: "_id", Value: r.id}}))
	case "merge":
		doc = joined(r.doc, doc)
	}
	next, err := keepID(r.doc, value.CloneDocument(doc))
	if err != nil {
		return err
	}
	return c.replace(r, next)
}

// joined gives a document with the fields of another set in it.
func joined(old, fields bson.D) bson.D {
	out := append(bson.D(nil), old...)
	for _, e := range fields {
		found := false
		for i := range out {
			if out[i].Key == e.Key {
				out[i].Value, found = e.Value, true
			}
		}
		if !found {
			out = append(out, e)
		}
	}
	return out
}
