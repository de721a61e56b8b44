package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

func (c *call) aggregate() (bson.D, error) {
	stages, err := c.parts("pipeline")
	if err == nil {
		err = c.require("pipeline")
	}
	if err != nil {
		return nil, err
	}
	if c.truth("explain", false) {
		return c.explained(c.body, "queryPlanner")
	}
	options, err := c.part("cursor")
	if err != nil {
		return nil, err
	}
	if options == nil {
		return nil, mistake(value.FailedToParse, "The 'cursor' option is required, except for aggregate with the explain argument")
	}
	name, whole := "$cmd.aggregate", false
	if n, isNumber := value.Int(c.body[0].Value); isNumber && n == 1 {
		whole = true
	} else if name, err = c.collection(); err != nil {
		return nil, err
	}
	made, rest, err := c.sourced(stages, whole)
	if err != nil {
		return nil, err
	}
	docs := made
	if made == nil || len(rest) > 0 {
		if docs, err = c.through(name, made, rest); err != nil {
			return nil, err
		}
	}
	return c.opened(c.namespace(name), docs, number(options, "batchSize", firstBatch), false, c.started()), nil
}

// through runs a pipeline over a collection, or over documents that were made.
func (c *call) through(name string, made, stages []bson.D) (docs []bson.D, err error) {
	err = c.on(func(w *model.World) error {
		d, ok := w.Mongo.Databases[c.database()]
		if !ok {
			d = document.New(c.database())
		}
		if made != nil {
			d, name = document.New(c.database()), "made"
			d.Now = w.Mongo.Databases[model.Project].Now
			for _, one := range made {
				if err := d.Collection(name).Insert(one); err != nil {
					return err
				}
			}
			stages = append([]bson.D{{{Key: "$project", Value: bson.D{{Key: "_id", Value: int32(0)}}}}}, stages...)
		}
		found, err := d.Aggregate(name, stages)
		if err != nil {
			return err
		}
		docs = found.Documents
		if made == nil {
			c.examined(w, found.Plan)
		}
		return nil
	})
	return docs, err
}

// sourced makes the documents of a first stage that tells of the server, and
// returns the other stages; nil of a pipeline over documents of a collection.
func (c *call) sourced(stages []bson.D, whole bool) (made, rest []bson.D, err error) {
	first := ""
	var options bson.D
	if len(stages) > 0 && len(stages[0]) == 1 {
		first = stages[0][0].Key
		options, _ = stages[0][0].Value.(bson.D)
	}
	switch first {
	case "$currentOp":
		if c.database() != "admin" || !whole {
			return nil, nil, mistake(value.InvalidNamespace, "$currentOp must be run against the 'admin' database with {aggregate: 1}")
		}
		made, err = c.operations(truth(options, "idleConnections", false), false)
	case "$indexStats":
		made, err = c.indexStats()
	case "$collStats":
		made, err = c.collectionStats(options)
	default:
		if whole {
			return nil, nil, mistake(value.InvalidNamespace, "{aggregate: 1} is not valid for '%s'; a collection is required.", first)
		}
		return nil, stages, nil
	}
	if made == nil {
		made = []bson.D{}
	}
	return made, stages[1:], err
}

func (c *call) indexStats() (docs []bson.D, err error) {
	err = c.on(func(w *model.World) error {
		name, err := c.collection()
		if err != nil {
			return err
		}
		col := lookup(w, c.database(), name)
		if col == nil {
			return nil
		}
		use := col.Use()
		for _, i := range col.Indexes() {
			docs = append(docs, bson.D{
				{Key: "name", Value: i.Name}, {Key: "key", Value: i.Keys}, {Key: "host", Value: host},
				{Key: "accesses", Value: bson.D{{Key: "ops", Value: use[i.Name]}, {Key: "since", Value: bson.NewDateTimeFromTime(w.Mongo.Started)}}},
				{Key: "spec", Value: i.Document()},
			})
		}
		return nil
	})
	return docs, err
}

func (c *call) collectionStats(options bson.D) (docs []bson.D, err error) {
	err = c.on(func(w *model.World) error {
		col, err := c.existing(w)
		if err != nil {
			return mistake(value.NamespaceNotFound, "PlanExecutor error during aggregation :: caused by :: Unable to retrieve storageStats in $collStats stage :: caused by :: Collection [%s] not found.", c.subject())
		}
		d := bson.D{{Key: "ns", Value: c.subject()}, {Key: "host", Value: host}, {Key: "localTime", Value: c.now()}}
		if storage, ok := field(options, "storageStats"); ok {
			scale, _ := storage.(bson.D)
			d = append(d, bson.E{Key: "storageStats", Value: storageOf(col, max(number(scale, "scale", 1), 1))})
		}
		if _, ok := field(options, "count"); ok {
			d = append(d, bson.E{Key: "count", Value: int64(col.Len())})
		}
		docs = []bson.D{d}
		return nil
	})
	return docs, err
}
