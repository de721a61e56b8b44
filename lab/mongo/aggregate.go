package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/query"
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
	options, err := c.part("cursor")
	if err != nil {
		return nil, err
	}
	if options == nil {
		return nil, mistake(value.FailedToParse, "The 'cursor' option is required, and this server of a lab explains no aggregation")
	}
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	var docs []bson.D
	err = c.on(func(w *model.World) error {
		docs, err = c.through(w, name, stages)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.opened(c.namespace(name), docs, number(options, "batchSize", firstBatch), false, c.started()), nil
}

// through runs a pipeline over a collection, or over what its first stage tells
// of that.
func (c *call) through(w *model.World, name string, stages []bson.D) ([]bson.D, error) {
	if len(stages) > 0 && len(stages[0]) == 1 {
		made, isSource, err := c.source(w, stages[0][0])
		if err != nil {
			return nil, err
		}
		if isSource {
			p, err := query.ParsePipeline(stages[1:])
			if err != nil {
				return nil, err
			}
			return p.Run(w.Now, made)
		}
	}
	d, ok := w.Mongo.Databases[c.database()]
	if !ok {
		d = document.New(c.database())
	}
	found, err := d.Aggregate(name, stages)
	if err == nil {
		c.examined(w, found.Plan)
	}
	return found.Documents, err
}

// source makes the documents of a first stage that tells of a collection.
func (c *call) source(w *model.World, stage bson.E) (docs []bson.D, isSource bool, err error) {
	if stage.Key != "$indexStats" && stage.Key != "$collStats" {
		return nil, false, nil
	}
	col, err := c.existing(w)
	switch {
	case err != nil && stage.Key == "$indexStats":
		return nil, true, nil
	case err != nil:
		return nil, true, mistake(value.NamespaceNotFound, "PlanExecutor error during aggregation :: caused by :: Unable to retrieve storageStats in $collStats stage :: caused by :: Collection [%s] not found.", c.subject())
	case stage.Key == "$collStats":
		return []bson.D{c.collectionStats(col, stage.Value)}, true, nil
	}
	use := col.Use()
	for _, i := range col.Indexes() {
		docs = append(docs, bson.D{
			{Key: "name", Value: i.Name}, {Key: "key", Value: i.Keys}, {Key: "host", Value: host},
			{Key: "accesses", Value: bson.D{{Key: "ops", Value: use[i.Name]}, {Key: "since", Value: bson.NewDateTimeFromTime(w.Mongo.Started)}}},
			{Key: "spec", Value: i.Document()},
		})
	}
	return docs, true, nil
}

func (c *call) collectionStats(col *document.Collection, asked any) bson.D {
	options, _ := asked.(bson.D)
	d := bson.D{{Key: "ns", Value: c.subject()}, {Key: "host", Value: host}, {Key: "localTime", Value: c.now()}}
	if _, ok := field(options, "storageStats"); ok {
		d = append(d, bson.E{Key: "storageStats", Value: storageOf(col, 1)})
	}
	if _, ok := field(options, "count"); ok {
		d = append(d, bson.E{Key: "count", Value: int64(col.Len())})
	}
	return d
}
