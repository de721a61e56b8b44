package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// findAndModify changes one document and returns it.
func (c *call) findAndModify() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	filter, err := c.part("query")
	if err != nil {
		return nil, err
	}
	order, err := c.part("sort")
	if err != nil {
		return nil, err
	}
	fields, err := c.part("fields")
	if err != nil {
		return nil, err
	}
	_, updates := field(c.body, "update")
	removes, fresh, upsert := c.truth("remove", false), c.truth("new", false), c.truth("upsert", false)
	switch {
	case removes && updates:
		return nil, mistake(value.FailedToParse, "Cannot specify both an update and remove=true")
	case !removes && !updates:
		return nil, mistake(value.FailedToParse, "Either an update or remove=true must be specified")
	case removes && (fresh || upsert):
		return nil, mistake(value.FailedToParse, "Cannot specify both new=true or upsert=true and remove=true; 'remove' always returns the deleted document")
	}
	var reply bson.D
	err = c.on(func(w *model.World) error {
		if removes {
			reply, err = c.removeOne(w, name, filter, order, fields)
		} else {
			reply, err = c.changeOne(w, name, filter, order, fields)
		}
		return err
	})
	return reply, err
}

func (c *call) removeOne(w *model.World, name string, filter, order, fields bson.D) (bson.D, error) {
	found, err := find(w, c.database(), name, document.Query{Filter: filter, Sort: order, Limit: 1, Hint: c.hint()})
	if err != nil {
		return nil, err
	}
	c.examined(w, found.Plan)
	if len(found.Documents) == 0 {
		return bson.D{{Key: "lastErrorObject", Value: bson.D{{Key: "n", Value: int32(0)}}}, {Key: "value", Value: nil}}, nil
	}
	doc := found.Documents[0]
	id, _ := field(doc, "_id")
	if _, err := lookup(w, c.database(), name).Delete(bson.D{{Key: "_id", Value: bson.D{{Key: "$eq", Value: id}}}}, 1, nil); err != nil {
		return nil, err
	}
	w.Mongo.Deleted++
	shown, err := projected(doc, fields)
	return bson.D{{Key: "lastErrorObject", Value: bson.D{{Key: "n", Value: int32(1)}}}, {Key: "value", Value: shown}}, err
}

func (c *call) changeOne(w *model.World, name string, filter, order, fields bson.D) (bson.D, error) {
	u := document.Update{Filter: filter, Sort: order, Upsert: c.truth("upsert", false), Hint: c.hint()}
	u.Change, _ = field(c.body, "update")
	if filters, err := c.parts("arrayFilters"); err != nil || len(filters) > 0 {
		return nil, mistake(value.NotSupported, "this server of a lab does not know the option 'arrayFilters'")
	}
	r, err := c.change(w, name, u)
	if err != nil {
		return nil, err
	}
	state := bson.D{{Key: "n", Value: int32(min(r.Matched, 1))}, {Key: "updatedExisting", Value: r.Matched > 0}}
	if r.UpsertedID != nil {
		state = bson.D{{Key: "n", Value: int32(1)}, {Key: "updatedExisting", Value: false}, {Key: "upserted", Value: r.UpsertedID}}
	}
	doc := r.Before
	if c.truth("new", false) {
		doc = r.After
	}
	if doc == nil {
		return bson.D{{Key: "lastErrorObject", Value: state}, {Key: "value", Value: nil}}, nil
	}
	shown, err := projected(doc, fields)
	return bson.D{{Key: "lastErrorObject", Value: state}, {Key: "value", Value: shown}}, err
}

// projected is a document with the fields that are asked for.
func projected(doc, fields bson.D) (bson.D, error) {
	if len(fields) == 0 {
		return doc, nil
	}
	alone := document.New("").Collection("alone")
	if err := alone.Insert(doc); err != nil {
		return nil, err
	}
	found, err := alone.Find(document.Query{Projection: fields})
	if err != nil {
		return nil, err
	}
	return found.Documents[0], nil
}
