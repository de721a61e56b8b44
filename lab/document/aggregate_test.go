package document

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// shop has sales, as in the manual's examples.
func shop(t testing.TB) *Database {
	db := testDatabase()
	fill(t, db.Collection("sales"), readAll(t, `[
		{"_id": 1, "item": "abc", "price": 10, "quantity": 2, "date": {"$date": "2026-01-01T08:00:00Z"}, "tags": ["a", "b"]},
		{"_id": 2, "item": "jkl", "price": 20, "quantity": 1, "date": {"$date": "2026-02-03T09:00:00Z"}, "tags": ["b"]},
		{"_id": 3, "item": "xyz", "price": 5, "quantity": 5, "date": {"$date": "2026-02-03T09:05:00Z"}, "tags": []},
		{"_id": 4, "item": "abc", "price": 10, "quantity": 10, "date": {"$date": "2026-02-15T08:00:00Z"}}]`)...)
	return db
}

func TestAggregate(t *testing.T) {
	for _, c := range []struct{ name, stages, want string }{
		{"match, sort, limit", `[{"$match": {"price": {"$gte": 10}}}, {"$sort": {"quantity": -1}}, {"$limit": 1}, {"$project": {"item": 1}}]`, `[{"_id": 4, "item": "abc"}]`},
		{"group", `[{"$group": {"_id": "$item", "total": {"$sum": {"$multiply": ["$price", "$quantity"]}}, "n": {"$sum": 1}, "mean": {"$avg": "$quantity"}}}, {"$sort": {"total": -1}}]`,
			`[{"_id": "abc", "total": 120, "n": 2, "mean": 6.0}, {"_id": "xyz", "total": 25, "n": 1, "mean": 5.0}, {"_id": "jkl", "total": 20, "n": 1, "mean": 1.0}]`},
		{"group of all", `[{"$group": {"_id": null, "low": {"$min": "$price"}, "high": {"$max": "$price"}, "first": {"$first": "$_id"}, "last": {"$last": "$_id"}, "all": {"$push": "$_id"}, "n": {"$count": {}}}}]`,
			`[{"_id": null, "low": 5, "high": 20, "first": 1, "last": 4, "all": [1, 2, 3, 4], "n": 4}]`},
		{"group by month", `[{"$group": {"_id": {"$dateToString": {"format": "%Y-%m", "date": "$date"}}, "n": {"$sum": 1}}}, {"$sort": {"_id": 1}}]`,
			`[{"_id": "2026-01", "n": 1}, {"_id": "2026-02", "n": 3}]`},
		{"count", `[{"$match": {"item": "abc"}}, {"$count": "n"}]`, `[{"n": 2}]`},
		{"count of nothing", `[{"$match": {"item": "no"}}, {"$count": "n"}]`, `[]`},
		{"unwind", `[{"$unwind": "$tags"}, {"$project": {"tags": 1}}]`, `[{"_id": 1, "tags": "a"}, {"_id": 1, "tags": "b"}, {"_id": 2, "tags": "b"}]`},
		{"exclusion", `[{"$skip": 3}, {"$project": {"date": 0, "_id": 0}}]`, `[{"item": "abc", "price": 10, "quantity": 10}]`},
	} {
		r, err := shop(t).Aggregate("sales", readAll(t, c.stages))
		if want := show(normal(t, readAll(t, c.want))...); err != nil || show(r.Documents...) != want {
			t.Errorf("%s: %v\n got %s\n want %s", c.name, err, show(r.Documents...), want)
		}
	}
}

func normal(t testing.TB, docs []bson.D) []bson.D {
	for i := range docs {
		d, err := value.Document(docs[i])
		if err != nil {
			t.Fatal(err)
		}
		docs[i] = d
	}
	return docs
}

func TestAggregateErrors(t *testing.T) {
	for stages, want := range map[string]string{
		`[{"$foo": {}}]`:                                                    "(Location40324) Unrecognized pipeline stage name for this server of a lab: '$foo'",
		`[{"$project": {"a": {"$foo": 1}}}]`:                                "(InvalidPipelineOperator) Unrecognized expression '$foo' for this server of a lab",
		`[{"$match": {"a": {"$foo": 1}}}]`:                                  "(BadValue) unknown operator for this server of a lab: $foo",
		`[{"$group": {"n": {"$sum": 1}}}]`:                                  "(Location15955) a group specification must include an _id",
		`[{"$group": {"_id": null, "n": {"$foo": 1}}}]`:                     "(Location15952) unknown group operator for this server of a lab: '$foo'",
		`[{"$project": {"v": {"$divide": ["$price", 0]}}}]`:                 "(BadValue) can't $divide by zero",
		`[{"$limit": 0}]`:                                                   "(Location15958) the limit must be positive",
		`[{"$out": "x"}]`:                                                   "(Location40324) Unrecognized pipeline stage name for this server of a lab: '$out'",
		`[{"$lookup": {"from": "stock"}}]`:                                  "(Location40324) Unrecognized pipeline stage name for this server of a lab: '$lookup'",
		`[{"$unwind": {"path": "$a", "preserveNullAndEmptyArrays": true}}]`: `(Location28818) $unwind takes a path with a '$' before it, and this server of a lab no option: { path: "$a", preserveNullAndEmptyArrays: true }`,
		`[{"$count": "a.b"}]`:                                               "(Location40156) the count field must be a non-empty string, without a $ before it and a dot in it",
		`[{"$project": {"a": 1, "b": 0}}]`:                                  "(Location31254) Cannot do exclusion on field b in inclusion projection",
		`[{"$match": {}, "$limit": 1}]`:                                     "(Location40323) A pipeline stage specification object must contain exactly one field.",
	} {
		_, err := shop(t).Aggregate("sales", readAll(t, stages))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", stages, err)
		}
	}
}

func TestAggregateUsesIndexes(t *testing.T) {
	c := hundred(t, `{"g": 1, "n": 1}`)
	r, err := c.db.Aggregate("c", readAll(t, `[{"$match": {"g": 3}}, {"$sort": {"n": -1}}, {"$limit": 2}, {"$count": "n"}]`))
	if err != nil || stages(&r.Plan) != "LIMIT < FETCH < IXSCAN g_1_n_1" || r.Plan.DocsExamined != 2 {
		t.Errorf("%s, %d documents, %v", stages(&r.Plan), r.Plan.DocsExamined, err)
	}
	r, err = c.db.Aggregate("nothing", nil)
	if err != nil || len(r.Documents) != 0 || r.Plan.Stage != "EOF" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestProjections(t *testing.T) {
	doc := `{"_id": 1, "a": 1, "b": {"c": 2, "d": 3}, "l": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "n": [1, 2, 3, 4]}`
	for projection, want := range map[string]string{
		`{"a": 1}`:                                    `{ _id: 1, a: 1 }`,
		`{"a": 1, "_id": 0}`:                          `{ a: 1 }`,
		`{"b": 0, "l": 0, "n": 0}`:                    `{ _id: 1, a: 1 }`,
		`{"b.c": 1}`:                                  `{ _id: 1, b: { c: 2 } }`,
		`{"b.c": 1, "l.x": 1}`:                        `{ _id: 1, b: { c: 2 }, l: [ { x: 1 }, { x: 3 } ] }`,
		`{"l.x": 0, "b": 0, "n": 0}`:                  `{ _id: 1, a: 1, l: [ { y: 2 }, { y: 4 } ] }`,
		`{"_id": 0, "sum": {"$add": ["$a", "$b.c"]}}`: `{ sum: 3 }`,
		`{"_id": 1}`:                                  `{ _id: 1 }`,
	} {
		c := testDatabase().Collection("c")
		fill(t, c, read(t, doc))
		r, err := c.Find(Query{Filter: read(t, `{"l.x": 3}`), Projection: read(t, projection)})
		if err != nil || show(r.Documents...) != want+"\n" {
			t.Errorf("%s: %v, %v", projection, show(r.Documents...), err)
		}
	}
	c := testDatabase().Collection("c")
	fill(t, c, read(t, doc))
	got, _, err := c.Distinct("l.x", nil)
	if err != nil || value.Format(got) != "[ 1, 3 ]" {
		t.Errorf("distinct: %v, %v", got, err)
	}
}
