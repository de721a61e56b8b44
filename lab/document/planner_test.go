package document

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// stages writes a plan in a line: SORT < FETCH < IXSCAN a_1.
func stages(p *Plan) string {
	var parts []string
	for ; p != nil; p = p.Input {
		parts = append(parts, strings.TrimSpace(p.Stage+" "+p.Index))
	}
	return strings.Join(parts, " < ")
}

// hundred has fields n: 0..99, g: n/10, s: "s" and n, d: 99-n.
func hundred(t testing.TB, indexes ...string) *Collection {
	c := testDatabase().Collection("c")
	for i := range 100 {
		fill(t, c, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: i}, {Key: "g", Value: i / 10}, {Key: "s", Value: fmt.Sprintf("s%02d", i)}, {Key: "d", Value: 99 - i}})
	}
	for _, keys := range indexes {
		if _, err := c.CreateIndex(Index{Keys: read(t, keys)}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		name       string
		indexes    []string
		filter     string
		sort       string
		limit      int64
		projection string
		want       string
		keys, docs int64
		returned   int
	}{
		{name: "no index", filter: `{"n": 5}`, want: "COLLSCAN", docs: 100, returned: 1},
		{name: "until the limit", filter: `{"g": 3}`, limit: 2, want: "LIMIT < COLLSCAN", docs: 32, returned: 2},
		{name: "sort in memory", filter: `{"g": 3}`, sort: `{"d": 1}`, want: "SORT < COLLSCAN", docs: 100, returned: 10},
		{name: "_id", filter: `{"_id": 7}`, want: "IDHACK _id_", keys: 1, docs: 1, returned: 1},
		{name: "equality", indexes: []string{`{"g": 1}`}, filter: `{"g": 3}`, want: "FETCH < IXSCAN g_1", keys: 10, docs: 10, returned: 10},
		{name: "range", indexes: []string{`{"n": 1}`}, filter: `{"n": {"$gte": 10, "$lt": 15}}`, want: "FETCH < IXSCAN n_1", keys: 5, docs: 5, returned: 5},
		{name: "a filter on what the index gives", indexes: []string{`{"g": 1}`}, filter: `{"g": 3, "n": {"$lt": 32}}`, want: "FETCH < IXSCAN g_1", keys: 10, docs: 10, returned: 2},
		{name: "compound", indexes: []string{`{"g": 1}`, `{"g": 1, "n": 1}`}, filter: `{"g": 3, "n": {"$lt": 32}}`, want: "FETCH < IXSCAN g_1_n_1", keys: 2, docs: 2, returned: 2},
		{name: "points", indexes: []string{`{"n": 1}`}, filter: `{"n": {"$in": [5, 50]}}`, want: "FETCH < IXSCAN n_1", keys: 2, docs: 2, returned: 2},
		{name: "a point, then points", indexes: []string{`{"g": 1, "n": -1}`}, filter: `{"g": 3, "n": {"$in": [35, 31, 90]}}`, sort: `{"n": 1}`, want: "FETCH < IXSCAN g_1_n_-1", keys: 2, docs: 2, returned: 2},
		{name: "the fewest keys", indexes: []string{`{"g": 1}`, `{"n": 1}`}, filter: `{"g": 3, "n": {"$lt": 32, "$gte": 30}}`, want: "FETCH < IXSCAN n_1", keys: 2, docs: 2, returned: 2},
		{name: "a bound before an order", indexes: []string{`{"d": 1}`, `{"n": 1}`}, filter: `{"n": {"$gte": 90}}`, sort: `{"d": 1}`, want: "SORT < FETCH < IXSCAN n_1", keys: 10, docs: 10, returned: 10},
		{name: "null", indexes: []string{`{"x": 1}`}, filter: `{"x": null, "n": 5}`, want: "FETCH < IXSCAN x_1", keys: 100, docs: 100, returned: 1},
		{name: "no index for a negation", indexes: []string{`{"n": 1}`}, filter: `{"n": {"$ne": 5}}`, want: "COLLSCAN", docs: 100, returned: 99},
		{name: "the index sorts", filter: `{}`, indexes: []string{`{"d": 1}`}, sort: `{"d": -1}`, limit: 3, want: "LIMIT < FETCH < IXSCAN d_1", keys: 3, docs: 3, returned: 3},
		{name: "equality, sort, range", indexes: []string{`{"g": 1, "n": 1, "d": 1}`, `{"g": 1, "d": 1, "n": 1}`}, filter: `{"g": 3, "n": {"$gt": 30}}`, sort: `{"d": 1}`,
			want: "FETCH < IXSCAN g_1_d_1_n_1", keys: 10, docs: 9, returned: 9},
		{name: "projected", indexes: []string{`{"g": 1, "n": 1}`}, filter: `{"g": 3}`, projection: `{"n": 1, "_id": 0}`, want: "PROJECTION_SIMPLE < FETCH < IXSCAN g_1_n_1", keys: 10, docs: 10, returned: 10},
		{name: "no index for a pattern", indexes: []string{`{"s": 1}`}, filter: `{"s": {"$regex": "^s1"}}`, want: "COLLSCAN", docs: 100, returned: 10},
		{name: "no index for an or", indexes: []string{`{"n": 1}`, `{"g": 1}`}, filter: `{"$or": [{"n": 5}, {"g": 3}]}`, want: "COLLSCAN", docs: 100, returned: 11},
		{name: "the second field alone is no help", indexes: []string{`{"g": 1, "n": 1}`}, filter: `{"n": 5}`, want: "COLLSCAN", docs: 100, returned: 1},
	} {
		coll := hundred(t, c.indexes...)
		q := Query{Filter: read(t, c.filter), Limit: c.limit}
		if c.sort != "" {
			q.Sort = read(t, c.sort)
		}
		if c.projection != "" {
			q.Projection = read(t, c.projection)
		}
		r, err := coll.Find(q)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := stages(&r.Plan); got != c.want || r.Plan.KeysExamined != c.keys || r.Plan.DocsExamined != c.docs || len(r.Documents) != c.returned {
			t.Errorf("%s: %s, %d keys, %d documents, %d returned", c.name, got, r.Plan.KeysExamined, r.Plan.DocsExamined, len(r.Documents))
		}
	}
}

func TestBounds(t *testing.T) {
	c := hundred(t, `{"g": 1, "n": -1}`)
	r, err := c.Find(Query{Filter: read(t, `{"g": 3, "n": {"$gt": 33}}`), Sort: read(t, `{"n": 1}`)})
	if err != nil {
		t.Fatal(err)
	}
	scan := r.Plan.Input
	if got, want := show(scan.Bounds), "{ g: [ \"[3, 3]\" ], n: [ \"(33, inf.0]\" ] }\n"; got != want || scan.Direction != "backward" {
		t.Errorf("%s %s", scan.Direction, got)
	}
	if n, plan, err := c.Count(read(t, `{"g": 3}`)); err != nil || n != 10 || stages(&plan) != "COUNT < FETCH < IXSCAN g_1_n_-1" || plan.DocsExamined != 10 {
		t.Errorf("count %d, %s, %v", n, stages(&plan), err)
	}
	if use := c.Use(); use["g_1_n_-1"] != 2 || use["_id_"] != 0 {
		t.Errorf("use %v", use)
	}
}

func TestIndexes(t *testing.T) {
	c := hundred(t)
	hour := time.Hour
	for _, s := range []struct {
		index   Index
		created bool
		code    int32
	}{
		{Index{Keys: read(t, `{"n": 1}`), Unique: true}, true, 0},
		{Index{Keys: read(t, `{"n": 1}`), Unique: true}, false, 0},
		{Index{Keys: read(t, `{"n": 1}`)}, false, 85},
		{Index{Keys: read(t, `{"n": 1}`), Unique: true, Name: "other"}, false, 85},
		{Index{Keys: read(t, `{"d": 1}`), Name: "n_1"}, false, 86},
		{Index{Keys: read(t, `{"g": 1}`), Unique: true}, false, 11000},
		{Index{Keys: read(t, `{"t": 1}`), ExpireAfter: &hour}, true, 0},
		{Index{Keys: read(t, `{"a": "2dsphere"}`)}, false, 67},
		{Index{}, false, 67},
		{Index{Keys: read(t, `{"_id": 1}`)}, false, 0},
	} {
		created, err := c.CreateIndex(s.index)
		if created != s.created || codeOf(err) != s.code {
			t.Errorf("%+v: %v, %v", s.index, created, err)
		}
	}
	if got := c.Indexes(); len(got) != 3 || got[0].Name != "_id_" || got[1].Name != "n_1" || *got[2].ExpireAfter != hour {
		t.Errorf("%+v", got)
	}
	err := c.Insert(bson.D{{Key: "_id", Value: 1000}, {Key: "n", Value: 5}})
	if codeOf(err) != 11000 || err.Error() != "(DuplicateKey) E11000 duplicate key error collection: test.c index: n_1 dup key: { n: 5 }" {
		t.Errorf("duplicate: %v", err)
	}
	if _, err := c.Update(Update{Filter: read(t, `{"n": 6}`), Change: read(t, `{"$set": {"n": 7}}`)}); codeOf(err) != 11000 {
		t.Errorf("duplicate by update: %v", err)
	}
	for _, err := range []error{
		c.Insert(bson.D{{Key: "n", Value: bson.A{1000}}}),
		func() error { _, err := c.CreateIndex(Index{Keys: read(t, `{"_id": 1, "list.x": 1}`)}); return err }(),
		c.Insert(bson.D{{Key: "n", Value: 2000}, {Key: "list", Value: bson.A{bson.D{{Key: "x", Value: 1}}}}}),
	} {
		if err != nil && codeOf(err) != 115 {
			t.Errorf("an array in an index: %v", err)
		}
	}
	if c.Len() != 100 {
		t.Errorf("%d documents", c.Len())
	}
	before := c.Version()
	if codeOf(c.DropIndex("nope")) != 27 || codeOf(c.DropIndex("_id_")) != 72 || c.DropIndex("n_1") != nil || c.Version() == before {
		t.Error("drop of indexes")
	}
}
