package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/query"
	"runbook/lab/document/value"
)

// Aggregate runs a pipeline over a collection; one that does not exist is
// empty. What its first stages ask for is answered as Find does it, by an
// index where there is one, and the plan is that of this part.
func (d *Database) Aggregate(collection string, stages []bson.D) (Result, error) {
	if _, err := query.ParsePipeline(stages); err != nil {
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
	docs, err = d.through(stages[rest:], docs)
	return Result{Documents: docs, Plan: plan}, err
}

func (d *Database) through(stages []bson.D, docs []bson.D) ([]bson.D, error) {
	if len(stages) == 0 {
		return docs, nil
	}
	p, err := query.ParsePipeline(stages)
	if err != nil {
		return nil, err
	}
	return p.Run(d.Now(), docs)
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
