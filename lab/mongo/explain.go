package mongo

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document"
	"runbook/lab/document/value"
	"runbook/lab/model"
)

func (c *call) explain() (bson.D, error) {
	inner, ok := c.body[0].Value.(bson.D)
	if !ok || len(inner) == 0 {
		return nil, mistake(value.TypeMismatch, "BSON field 'explain.explain' is the wrong type, expected type 'object'")
	}
	return c.explained(inner, c.text("verbosity"))
}

// asked is what an explained command looks for.
type asked struct {
	collection string
	query      document.Query
	counts     bool
}

// ask reads the command that is to be explained.
func ask(inner bson.D) (a asked, err error) {
	a.collection, _ = inner[0].Value.(string)
	filter, known := map[string]string{"find": "filter", "count": "query", "distinct": "query"}[inner[0].Key]
	if !known || a.collection == "" {
		return a, mistake(value.CommandNotFound, "this server of a lab explains find, count and distinct in a collection, not %s", inner[0].Key)
	}
	a.counts = inner[0].Key == "count"
	a.query, err = queryOf(inner, filter)
	return a, err
}

// explained tells how the command is done, and does it where the verbosity asks
// for that, but changes nothing.
func (c *call) explained(inner bson.D, verbosity string) (bson.D, error) {
	a, err := ask(inner)
	if err != nil {
		return nil, err
	}
	var reply bson.D
	err = c.on(func(w *model.World) error {
		p, n, err := a.plan(w, c.database())
		if err != nil {
			return err
		}
		t := tree{world: w, collection: lookup(w, c.database(), a.collection)}
		reply = t.describe(c.namespace(a.collection), a, p, n, verbosity)
		if verbosity != "queryPlanner" {
			c.spent.took = w.Mongo.QueryTime(p)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(reply, bson.E{Key: "command", Value: inner}, bson.E{Key: "serverInfo", Value: bson.D{
		{Key: "host", Value: host}, {Key: "port", Value: int32(27017)}, {Key: "version", Value: Version}, {Key: "gitVersion", Value: "ce59cfc6a3c5e5c067dca0d30697edd68d4f5188"},
	}}), nil
}

// plan is how what was asked is found, and how many documents it is.
func (a asked) plan(w *model.World, database string) (document.Plan, int64, error) {
	if a.counts {
		n, p, err := counted(w, database, a.collection, a.query)
		return p, n, err
	}
	found, err := find(w, database, a.collection, a.query)
	return found.Plan, int64(len(found.Documents)), err
}

// tree writes plans as explain does.
type tree struct {
	world      *model.World
	collection *document.Collection
	executed   bool
}

func (t tree) describe(namespace string, a asked, p document.Plan, n int64, verbosity string) bson.D {
	filter := a.query.Filter
	if filter == nil {
		filter = bson.D{}
	}
	reply := bson.D{{Key: "explainVersion", Value: "1"}, {Key: "queryPlanner", Value: bson.D{
		{Key: "namespace", Value: namespace}, {Key: "indexFilterSet", Value: false}, {Key: "parsedQuery", Value: filter},
		{Key: "winningPlan", Value: t.stage(p)}, {Key: "rejectedPlans", Value: bson.A{}},
	}}}
	if verbosity == "queryPlanner" {
		return reply
	}
	t.executed = true
	if a.counts {
		n = 0
	}
	stats := bson.D{
		{Key: "executionSuccess", Value: true}, {Key: "nReturned", Value: int32(n)}, {Key: "executionTimeMillis", Value: int32(t.world.Mongo.QueryTime(p) / time.Millisecond)},
		{Key: "totalKeysExamined", Value: int32(p.KeysExamined)}, {Key: "totalDocsExamined", Value: int32(p.DocsExamined)}, {Key: "executionStages", Value: t.stage(p)},
	}
	return append(reply, bson.E{Key: "executionStats", Value: stats})
}
