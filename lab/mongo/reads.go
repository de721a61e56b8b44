package mongo

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

// lookup finds a collection; nil where there is none.
func lookup(w *model.World, database, collection string) *document.Collection {
	d, ok := w.Mongo.Databases[database]
	if !ok {
		return nil
	}
	c, _ := d.Lookup(collection)
	return c
}

// started is the start of the process that answers.
func (c *call) started() (at bson.DateTime) {
	c.server.model.Look(func(w *model.World) { at = bson.NewDateTimeFromTime(w.Mongo.Started) })
	return at
}

// queryOf is what find and its like ask, of body.
func queryOf(body bson.D, filter string) (q document.Query, err error) {
	if q.Filter, err = part(body, filter); err != nil {
		return q, err
	}
	if q.Sort, err = part(body, "sort"); err != nil {
		return q, err
	}
	if q.Projection, err = part(body, "projection"); err != nil {
		return q, err
	}
	q.Skip, q.Limit = number(body, "skip", 0), number(body, "limit", 0)
	for name, n := range map[string]int64{"skip": q.Skip, "limit": q.Limit} {
		if n < 0 && (name == "skip" || filter == "filter") {
			return q, mistake("51024", "BSON field '%s' value must be >= 0, actual value '%d'", name, n)
		}
	}
	q.Limit = max(q.Limit, -q.Limit)
	return q, nil
}

// find answers the query on a collection that may not exist.
func find(w *model.World, database, collection string, q document.Query) (document.Result, error) {
	if c := lookup(w, database, collection); c != nil {
		return c.Find(q)
	}
	if _, err := document.Match(bson.D{}, q.Filter); err != nil {
		return document.Result{}, err
	}
	return document.Result{Plan: document.Plan{Stage: "EOF"}}, nil
}

func (c *call) find() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	q, err := queryOf(c.body, "filter")
	if err != nil {
		return nil, err
	}
	if c.truth("tailable", false) {
		return nil, mistake(value.BadValue, "error processing query: ns=%s tailable cursor requested on non capped collection", c.namespace(name))
	}
	var found document.Result
	var started bson.DateTime
	err = c.on(func(w *model.World) error {
		started = bson.NewDateTimeFromTime(w.Mongo.Started)
		if found, err = find(w, c.database(), name, q); err != nil {
			return err
		}
		c.examined(w, found.Plan)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c.opened(c.namespace(name), found.Documents, c.number("batchSize", firstBatch), c.truth("singleBatch", false), started), nil
}

func (c *call) getMore() (bson.D, error) {
	id, _ := value.Int(c.body[0].Value)
	k := c.server.cursors.take(id, c.started())
	if k == nil {
		return nil, mistake(value.CursorNotFound, "cursor id %d not found", id)
	}
	if asked := c.namespace(c.text("collection")); asked != k.namespace {
		c.server.cursors.keep(k)
		return nil, mistake(value.Unauthorized, "Requested getMore on namespace '%s', but cursor belongs to a different namespace %s", asked, k.namespace)
	}
	size := c.number("batchSize", 0)
	if size == 0 {
		size = math.MaxInt64
	}
	batch, rest := split(k.rest, size)
	k.rest = rest
	if len(rest) == 0 {
		id = 0
	} else {
		c.server.cursors.keep(k)
	}
	c.spent.returned = int64(len(batch))
	err := c.on(func(w *model.World) error {
		c.spent.took = w.Mongo.QueryTime(document.Plan{})
		return nil
	})
	return bson.D{{Key: "cursor", Value: bson.D{{Key: "nextBatch", Value: batch}, {Key: "id", Value: id}, {Key: "ns", Value: k.namespace}}}}, err
}

// keep puts a cursor back.
func (c *cursors) keep(k *cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[k.id] = k
}

func (c *call) killCursors() (bson.D, error) {
	v, _ := field(c.body, "cursors")
	ids, _ := v.(bson.A)
	killed, missing := bson.A{}, bson.A{}
	started := c.started()
	for _, v := range ids {
		id, _ := value.Int(v)
		if c.server.cursors.take(id, started) == nil {
			missing = append(missing, id)
			continue
		}
		killed = append(killed, id)
	}
	return bson.D{
		{Key: "cursorsKilled", Value: killed}, {Key: "cursorsNotFound", Value: missing}, {Key: "cursorsAlive", Value: bson.A{}}, {Key: "cursorsUnknown", Value: bson.A{}},
	}, nil
}

// count counts; of all documents a server tells without looking at them.
func (c *call) count() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	q, err := queryOf(c.body, "query")
	if err != nil {
		return nil, err
	}
	var n int64
	err = c.on(func(w *model.World) error {
		var p document.Plan
		if n, p, err = counted(w, c.database(), name, q); err != nil {
			return err
		}
		c.examined(w, p)
		return nil
	})
	return bson.D{{Key: "n", Value: int32(n)}}, err
}

// counted counts what the query finds.
func counted(w *model.World, database, name string, q document.Query) (int64, document.Plan, error) {
	col := lookup(w, database, name)
	switch {
	case col == nil:
		_, err := document.Match(bson.D{}, q.Filter)
		return 0, document.Plan{Stage: "COUNT", Input: &document.Plan{Stage: "EOF"}}, err
	case len(q.Filter) == 0:
		n := max(int64(col.Len())-q.Skip, 0)
		if q.Limit > 0 {
			n = min(n, q.Limit)
		}
		return n, document.Plan{Stage: "RECORD_STORE_FAST_COUNT"}, nil
	case q.Skip == 0 && q.Limit == 0:
		return col.Count(q.Filter)
	}
	q.Sort, q.Projection = nil, nil
	found, err := col.Find(q)
	return int64(len(found.Documents)), above("COUNT", found.Plan), err
}

// above puts a stage on top of a plan.
func above(stage string, p document.Plan) document.Plan {
	return document.Plan{Stage: stage, KeysExamined: p.KeysExamined, DocsExamined: p.DocsExamined, Input: &p}
}

func (c *call) distinct() (bson.D, error) {
	name, err := c.collection()
	if err != nil {
		return nil, err
	}
	if err := c.require("key"); err != nil {
		return nil, err
	}
	filter, err := c.part("query")
	if err != nil {
		return nil, err
	}
	values := bson.A{}
	err = c.on(func(w *model.World) error {
		col := lookup(w, c.database(), name)
		if col == nil {
			return nil
		}
		found, p, err := col.Distinct(c.text("key"), filter)
		if err != nil {
			return err
		}
		values = append(values, found...)
		c.examined(w, p)
		return nil
	})
	return bson.D{{Key: "values", Value: values}}, err
}
