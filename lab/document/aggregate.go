package document

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
)

// Aggregate runs a pipeline over a collection. A collection that does not
// exist is empty.
func (d *Database) Aggregate(collection string, stages []bson.D) (Result, error) {
	c, ok := d.collections[collection]
	if !ok {
		c = newCollection(d, collection)
	}
	q := Query{}
	for i, stage := range stages {
		if len(stage) != 1 {
			return Result{}, fault.New(40323, "A pipeline stage specification object must contain exactly one field.")
		}
		filter, ok := stage[0].Value.(bson.D)
		if stage[0].Key != "$match" || !ok || i > 0 {
			return Result{}, fault.New(40324, "Unrecognized pipeline stage name: '%s'", stage[0].Key)
		}
		q.Filter = filter
	}
	return c.Find(q)
}
