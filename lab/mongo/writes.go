package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// database finds a database, and makes it where there is none.
func database(w *model.World, name string) *document.Database {
	d, ok := w.Mongo.Databases[name]
	if !ok {
		d = document.New(name)
		d.Now = func() time.Time { return w.Now }
		w.Mongo.Databases[name] = d
	}
	return d
}

// writer is a command of several writes, each of which may fail.
type writer struct {
	call    *call
	ordered bool
	failed  bson.A
}

// each does the writes in their order, until one fails where that ends them.
func (w *writer) each(count int, do func(i int) error) {
	for i := range count {
		err := do(i)
		if err == nil {
			continue
		}
		w.failed = append(w.failed, writeError(i, err))
		if w.ordered {
			return
		}
	}
}

// writeError is the error of one write of a command.
func writeError(i int, err error) bson.D {
	out := bson.D{{Key: "index", Value: int32(i)}}
	for _, e := range failure(err) {
		if e.Key != "ok" && e.Key != "codeName" {
			out = append(out, e)
		}
	}
	return out
}

// answer adds the errors to the answer.
func (w *writer) answer(reply bson.D) bson.D {
	if len(w.failed) > 0 {
		reply = append(reply, bson.E{Key: "writeErrors", Value: w.failed})
	}
	return reply
}

// begin reads what all commands that write have in common.
func (c *call) beginWrite(list string) (name string, parts []bson.D, w *writer, err error) {
	if name, err = c.collection(); err != nil {
		return "", nil, nil, err
	}
	if err = c.require(list); err != nil {
		return "", nil, nil, err
	}
	if parts, err = c.parts(list); err != nil {
		return "", nil, nil, err
	}
	if len(parts) == 0 || len(parts) > 100_000 {
		return "", nil, nil, mistake(value.InvalidLength, "Write batch sizes must be between 1 and 100000. Got %d operations.", len(parts))
	}
	return name, parts, &writer{call: c, ordered: c.truth("ordered", true)}, nil
}

func (c *call) insert() (bson.D, error) {
	name, docs, out, err := c.beginWrite("documents")
	if err != nil {
		return nil, err
	}
	var n int32
	err = c.on(func(w *model.World) error {
		col := database(w, c.database()).Collection(name)
		out.each(len(docs), func(i int) error {
			if n := value.Size(docs[i]); n > maxDocument {
				return mistake(value.TooLarge, "BSONObj size: %d (0x%X) is invalid. Size must be between 0 and 16793600(16MB)", n, n)
			}
			if err := col.Insert(docs[i]); err != nil {
				return err
			}
			n++
			return nil
		})
		w.Mongo.Inserted += float64(n)
		c.examined(w, document.Plan{Stage: "INSERT", KeysExamined: int64(n) * int64(len(col.Indexes()))})
		return nil
	})
	c.spent.planned, c.spent.changed = false, bson.D{{Key: "ninserted", Value: n}}
	return out.answer(bson.D{{Key: "n", Value: n}}), err
}

// changeOf is an entry of updates.
func changeOf(entry bson.D) (document.Update, error) {
	u := document.Update{Multi: truth(entry, "multi", false)}
	err := refuse(entry, "upsert", "sort", "arrayFilters", "hint", "collation")
	if err != nil {
		return u, err
	}
	if u.Filter, err = part(entry, "q"); err != nil {
		return u, err
	}
	if _, ok := field(entry, "u"); !ok {
		return u, mistake(value.MissingField, "BSON field 'update.updates.u' is missing but a required field")
	}
	u.Change, err = part(entry, "u")
	return u, err
}

func (c *call) update() (bson.D, error) {
	name, entries, out, err := c.beginWrite("updates")
	if err != nil {
		return nil, err
	}
	updates := make([]document.Update, len(entries))
	for i := range entries {
		if updates[i], err = changeOf(entries[i]); err != nil {
			return nil, err
		}
	}
	var n, modified int64
	err = c.on(func(w *model.World) error {
		out.each(len(updates), func(i int) error {
			r, err := c.change(w, name, updates[i])
			n += r.Matched
			modified += r.Modified
			return err
		})
		return nil
	})
	reply := bson.D{{Key: "n", Value: int32(n)}, {Key: "nModified", Value: int32(modified)}}
	c.spent.changed = bson.D{{Key: "nMatched", Value: n}, {Key: "nModified", Value: modified}}
	return out.answer(reply), err
}

// change does one update.
func (c *call) change(w *model.World, name string, u document.Update) (document.UpdateResult, error) {
	col := lookup(w, c.database(), name)
	if col == nil {
		col = document.New(c.database()).Collection(name)
	}
	r, err := col.Update(u)
	w.Mongo.Updated++
	c.examined(w, r.Plan)
	return r, err
}

func (c *call) delete() (bson.D, error) {
	name, entries, out, err := c.beginWrite("deletes")
	if err != nil {
		return nil, err
	}
	deletions := make([]deletion, len(entries))
	for i := range entries {
		if deletions[i], err = deletionOf(entries[i]); err != nil {
			return nil, err
		}
	}
	var n int64
	err = c.on(func(w *model.World) error {
		out.each(len(deletions), func(i int) error {
			deleted, err := c.remove(w, name, deletions[i])
			n += deleted
			return err
		})
		return nil
	})
	c.spent.changed = bson.D{{Key: "ndeleted", Value: n}}
	return out.answer(bson.D{{Key: "n", Value: int32(n)}}), err
}

// deletion is an entry of deletes.
type deletion struct {
	filter bson.D
	limit  int64
}

func deletionOf(entry bson.D) (d deletion, err error) {
	if d.filter, err = part(entry, "q"); err != nil {
		return d, err
	}
	d.limit = number(entry, "limit", -1)
	if err := refuse(entry, "hint", "collation"); err != nil {
		return d, err
	}
	if d.limit != 0 && d.limit != 1 {
		return d, mistake(value.FailedToParse, "The limit field in delete objects must be 0 or 1. Got %d", d.limit)
	}
	return d, nil
}

// remove does one deletion.
func (c *call) remove(w *model.World, name string, d deletion) (deleted int64, err error) {
	w.Mongo.Deleted++
	col := lookup(w, c.database(), name)
	if col == nil {
		_, err := document.Match(bson.D{}, d.filter)
		return 0, err
	}
	deleted, plan, err := col.Delete(d.filter, d.limit)
	c.examined(w, plan)
	return deleted, err
}
