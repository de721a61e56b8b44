package mongo

import (
	"fmt"
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
	verbosity := c.text("verbosity")
	switch verbosity {
	case "":
		verbosity = "allPlansExecution"
	case "queryPlanner", "executionStats", "allPlansExecution":
	default:
		return nil, mistake(value.FailedToParse, "verbosity string must be one of {'queryPlanner', 'executionStats', 'allPlansExecution'}")
	}
	return c.explained(inner, verbosity)
}

// asked is what an explained command looks for.
type asked struct {
	collection string
	query      document.Query
	counts     bool
	pipeline   []bson.D
}

// ask reads the command that is to be explained.
func ask(inner bson.D) (a asked, err error) {
	name, _ := inner[0].Value.(string)
	a = asked{collection: name}
	switch inner[0].Key {
	case "find":
		a.query, err = query(inner, "filter")
	case "count":
		a.counts = true
		a.query, err = query(inner, "query")
	case "distinct":
		a.query, err = query(inner, "query")
	case "aggregate":
		if a.pipeline, err = parts(inner, "pipeline"); err == nil {
			a.readPipeline()
		}
	default:
		err = mistake(value.CommandNotFound, "Explain failed due to unknown command: %s", inner[0].Key)
	}
	if a.collection == "" && err == nil {
		err = mistake(value.InvalidNamespace, "collection name has invalid type")
	}
	return a, err
}

// readPipeline takes the stages at the beginning that a query can do.
func (a *asked) readPipeline() {
	for len(a.pipeline) > 0 && len(a.pipeline[0]) == 1 {
		operand, _ := a.pipeline[0][0].Value.(bson.D)
		switch name := a.pipeline[0][0].Key; {
		case name == "$match" && a.query.Filter == nil && a.query.Sort == nil:
			a.query.Filter = operand
		case name == "$sort" && a.query.Sort == nil:
			a.query.Sort = operand
		case name == "$limit" && a.query.Limit == 0:
			a.query.Limit = number(a.pipeline[0], "$limit", 0)
			a.pipeline = a.pipeline[1:]
			return
		default:
			return
		}
		a.pipeline = a.pipeline[1:]
	}
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
	if len(a.pipeline) > 0 {
		cursor := reply
		stages := bson.A{bson.D{{Key: "$cursor", Value: cursor}}}
		for _, s := range a.pipeline {
			stages = append(stages, s)
		}
		reply = bson.D{{Key: "explainVersion", Value: "1"}, {Key: "stages", Value: stages}}
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
	sum := fmt.Sprintf("%08X", shapeOf(namespace, a.query))
	reply := bson.D{{Key: "explainVersion", Value: "1"}, {Key: "queryPlanner", Value: bson.D{
		{Key: "namespace", Value: namespace}, {Key: "indexFilterSet", Value: false}, {Key: "parsedQuery", Value: filter},
		{Key: "queryHash", Value: sum}, {Key: "planCacheKey", Value: sum}, {Key: "optimizationTimeMillis", Value: int32(0)},
		{Key: "maxIndexedOrSolutionsReached", Value: false}, {Key: "maxIndexedAndSolutionsReached", Value: false}, {Key: "maxScansToExplodeReached", Value: false},
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
	if verbosity == "allPlansExecution" {
		stats = append(stats, bson.E{Key: "allPlansExecution", Value: bson.A{}})
	}
	return append(reply, bson.E{Key: "executionStats", Value: stats})
}

func shapeOf(namespace string, q document.Query) uint32 {
	h := uint32(2166136261)
	add := func(s string) {
		for _, b := range []byte(s) {
			h = (h ^ uint32(b)) * 16777619
		}
	}
	add(namespace)
	for _, e := range q.Filter {
		add(e.Key)
	}
	for _, e := range q.Sort {
		add(e.Key)
	}
	return h
}
