package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// indexOf reads an index as createIndexes takes it.
func indexOf(d bson.D) (document.Index, error) {
	i := document.Index{Name: text(d, "name"), Unique: truth(d, "unique", false)}
	var err error
	if i.Keys, err = part(d, "key"); err != nil {
		return i, err
	}
	for _, name := range []string{"key", "name"} {
		if _, ok := field(d, name); !ok {
			return i, mistake(value.FailedToParse, "Error in specification %s :: caused by :: The '%s' field is a required property of an index specification", value.Format(d), name)
		}
	}
	for _, e := range d {
		switch e.Key {
		case "key", "name", "unique", "expireAfterSeconds", "background", "v", "ns", "collation":
		case "sparse", "hidden", "partialFilterExpression":
		default:
			return i, mistake(value.InvalidIndexSpec, "Error in specification %s :: caused by :: The field '%s' is not valid for an index specification", value.Format(d), e.Key)
		}
	}
	for _, e := range i.Keys {
		if kind, ok := e.Value.(string); ok {
			return i, mistake(value.NotSupported, "this server of a lab has no indexes of the kind '%s'", kind)
		}
	}
	if err := refuse(d, "collation", "sparse", "hidden", "partialFilterExpression"); err != nil {
		return i, err
	}
	if _, ok := field(d, "expireAfterSeconds"); ok {
		after := time.Duration(number(d, "expireAfterSeconds", 0)) * time.Second
		i.ExpireAfter = &after
	}
	return i, nil
}

func (c *call) createIndexes() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	if err := c.require("indexes"); err != nil {
		return nil, err
	}
	wanted, err := c.parts("indexes")
	if err != nil {
		return nil, err
	}
	if len(wanted) == 0 {
		return nil, mistake(value.BadValue, "Must specify at least one index to create")
	}
	var made []document.Index
	for _, d := range wanted {
		i, err := indexOf(d)
		if err != nil {
			return nil, err
		}
		made = append(made, i)
	}
	var reply bson.D
	err = c.on(func(w *model.World) error {
		reply, err = c.build(w, name, made)
		return err
	})
	return reply, err
}

// build makes all the indexes, or none.
func (c *call) build(w *model.World, name string, wanted []document.Index) (bson.D, error) {
	fresh := lookup(w, c.database(), name) == nil
	d := database(w, c.database())
	col := d.Collection(name)
	before := len(col.Indexes())
	var made []string
	for _, i := range wanted {
		created, err := col.CreateIndex(i)
		if err != nil {
			for _, m := range made {
				_ = col.DropIndex(m) // it was made a moment ago
			}
			if fresh {
				d.Drop(name)
			}
			return nil, err
		}
		if created {
			made = append(made, i.Name)
		}
	}
	p := document.Plan{Stage: "COLLSCAN"}
	if len(made) > 0 {
		p.DocsExamined = int64(col.Len())
	}
	c.examined(w, p)
	c.spent.planned = false
	reply := bson.D{
		{Key: "numIndexesBefore", Value: int32(before)}, {Key: "numIndexesAfter", Value: int32(len(col.Indexes()))}, {Key: "createdCollectionAutomatically", Value: fresh},
	}
	if len(made) == 0 {
		reply = append(reply, bson.E{Key: "note", Value: "all indexes already exist"})
	}
	return reply, nil
}

// existing is the collection of a command, or the error of there being none.
func (c *call) existing(w *model.World) (*document.Collection, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	if col := lookup(w, c.database(), name); col != nil {
		return col, nil
	}
	return nil, mistake(value.NamespaceNotFound, "ns does not exist: %s", c.namespace(name))
}

func (c *call) listIndexes() (bson.D, error) {
	var docs []bson.D
	err := c.on(func(w *model.World) error {
		col, err := c.existing(w)
		if err != nil {
			return err
		}
		for _, i := range col.Indexes() {
			docs = append(docs, i.Document())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	name, _ := c.collection()
	return c.listed(c.namespace(name), docs)
}

func (c *call) dropIndexes() (bson.D, error) {
	if err := c.require("index"); err != nil {
		return nil, err
	}
	var was int
	err := c.on(func(w *model.World) error {
		col, err := c.existing(w)
		if err != nil {
			return mistake(value.NamespaceNotFound, "ns not found %s", c.subject())
		}
		if c.text("index") == "" {
			return mistake(value.NotSupported, "this server of a lab drops indexes by their name, one at a time, or all by \"*\"")
		}
		was = len(col.Indexes())
		return col.DropIndex(c.text("index"))
	})
	return bson.D{{Key: "nIndexesWas", Value: int32(was)}}, err
}
