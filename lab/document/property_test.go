package document

import (
	"fmt"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"runbook/lab/document/value"
)

var fieldPaths = []string{"a", "b", "a.b", "a.c", "a.b.c"}

func drawScalar(t *rapid.T) any {
	return rapid.SampledFrom([]any{nil, int32(1), int64(2), 1.0, "x", "xy"}).Draw(t, "scalar")
}

func drawValue(t *rapid.T, depth int) any {
	switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
	case kind <= 1 && depth > 0:
		list := bson.A{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, drawValue(t, depth-1))
		}
		return list
	case kind <= 3 && depth > 0:
		return drawFields(t, depth-1, "b", "c")
	}
	return drawScalar(t)
}

func drawFields(t *rapid.T, depth int, names ...string) bson.D {
	d := bson.D{}
	for _, name := range names {
		if rapid.IntRange(0, 4).Draw(t, "has "+name) > 0 {
			d = append(d, bson.E{Key: name, Value: drawValue(t, depth)})
		}
	}
	return d
}

func drawCondition(t *rapid.T) any {
	switch rapid.IntRange(0, 11).Draw(t, "operator") {
	case 0, 1, 10, 11:
		return drawValue(t, 1)
	case 2:
		return bson.D{{Key: "$gt", Value: drawScalar(t)}}
	case 3:
		return bson.D{{Key: "$gte", Value: drawScalar(t)}, {Key: "$lt", Value: drawScalar(t)}}
	case 4:
		return bson.D{{Key: "$lte", Value: drawValue(t, 1)}}
	case 5:
		return bson.D{{Key: "$in", Value: bson.A{drawScalar(t), drawValue(t, 1)}}}
	case 6:
		return bson.D{{Key: "$ne", Value: drawScalar(t)}}
	case 7:
		return bson.D{{Key: "$nin", Value: bson.A{drawScalar(t), drawScalar(t)}}}
	case 8:
		return bson.D{{Key: "$exists", Value: rapid.Bool().Draw(t, "exists")}}
	case 9:
		return bson.Regex{Pattern: rapid.SampledFrom([]string{"^x", "x", "^x?y", "^"}).Draw(t, "pattern")}
	}
	return bson.D{{Key: "$type", Value: "string"}}
}

func drawFilter(t *rapid.T) bson.D {
	filter := bson.D{}
	for _, path := range rapid.Permutation(fieldPaths).Draw(t, "on")[:rapid.IntRange(0, 3).Draw(t, "conditions")] {
		filter = append(filter, bson.E{Key: path, Value: drawCondition(t)})
	}
	if rapid.IntRange(0, 4).Draw(t, "or") == 0 {
		filter = append(filter, bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "a", Value: drawCondition(t)}}, bson.D{{Key: "b", Value: drawCondition(t)}}}})
	}
	return filter
}

func drawKeys(t *rapid.T) bson.D {
	keys := bson.D{}
	for _, path := range rapid.Permutation(fieldPaths).Draw(t, "paths")[:rapid.IntRange(1, 3).Draw(t, "fields")] {
		keys = append(keys, bson.E{Key: path, Value: rapid.SampledFrom([]int32{1, -1}).Draw(t, "direction")})
	}
	return keys
}

// TestAnyIndexGivesWhatAScanGives finds by whatever indexes there are, and
// compares with a test of each document.
func TestAnyIndexGivesWhatAScanGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := testDatabase().Collection("c")
		indexed := rapid.Bool().Draw(t, "indexed first")
		indexes := rapid.IntRange(1, 3).Draw(t, "indexes")
		create := func() {
			for i := range indexes {
				_, _ = c.CreateIndex(Index{Name: fmt.Sprint("x", i), Keys: drawKeys(t)})
			}
		}
		if indexed {
			create()
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "documents") {
			_ = c.Insert(append(bson.D{{Key: "_id", Value: i}}, drawFields(t, 2, "a", "b")...))
		}
		if !indexed {
			create()
		}
		if rapid.Bool().Draw(t, "change") {
			_, _ = c.Update(Update{Filter: drawFilter(t), Change: bson.D{{Key: "$set", Value: bson.D{{Key: "a", Value: drawValue(t, 2)}}}}, Multi: true})
			_, _, _ = c.Delete(drawFilter(t), 1)
		}
		for range 8 {
			filter, by := drawFilter(t), drawKeys(t)
			compareWithScan(t, c, filter, by)
			all := c.indexes
			for _, x := range all[1:] { // each alone, as the planner takes one
				c.indexes = []*index{all[0], x}
				compareWithScan(t, c, filter, by)
			}
			c.indexes = all
		}
	})
}

func compareWithScan(t *rapid.T, c *Collection, filter, by bson.D) {
	var want, got []string
	for _, r := range c.records {
		ok, err := Match(r.doc, filter)
		if err != nil {
			t.Fatal(err)
		}
		if ok && !r.gone {
			want = append(want, value.Format(r.doc))
		}
	}
	found, err := c.Find(Query{Filter: filter, Sort: by})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found.Documents {
		got = append(got, value.Format(d))
	}
	o, _ := value.NewOrder(by)
	if !slices.IsSortedFunc(found.Documents, func(a, b bson.D) int { return o.Compare(o.Key(a), o.Key(b)) }) {
		t.Fatalf("by %s not sorted: %v, %s", value.Format(by), got, stages(&found.Plan))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Fatalf("%s by %s\n got  %v\n want %v", value.Format(filter), stages(&found.Plan), got, want)
	}
	n, _, err := c.Count(filter)
	if err != nil || int(n) != len(want) {
		t.Fatalf("count %d of %d, %v", n, len(want), err)
	}
}

// load makes 5,000 documents with four indexes.
func load(t testing.TB) *Collection {
	c := testDatabase().Collection("c")
	for _, keys := range []string{`{"user": 1}`, `{"status": 1, "created": -1}`, `{"name": 1}`} {
		if _, err := c.CreateIndex(Index{Keys: read(t, keys)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5000 {
		if err := c.Insert(bson.D{{Key: "_id", Value: i}, {Key: "user", Value: i * 7919 % 5000}, {Key: "status", Value: []string{"done", "new", "failed"}[i%3]},
			{Key: "created", Value: bson.DateTime(i * 1000)}, {Key: "name", Value: fmt.Sprint("file ", i*31%5000)}, {Key: "size", Value: int64(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range c.indexes {
		x.settle()
	}
	return c
}

func TestFindByIndexIsFast(t *testing.T) {
	c := load(t)
	for i := range 1000 {
		r, err := c.Find(Query{Filter: bson.D{{Key: "user", Value: i}}})
		if err != nil || len(r.Documents) != 1 || r.Plan.DocsExamined != 1 {
			t.Fatalf("%+v, %v", r.Plan, err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}

func BenchmarkFindByIndex(b *testing.B) {
	c := load(b)
	q := Query{Filter: bson.D{{Key: "status", Value: "new"}}, Sort: bson.D{{Key: "created", Value: -1}}, Limit: 10}
	for b.Loop() {
		if _, err := c.Find(q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFindOne(b *testing.B) {
	c := load(b)
	q := Query{Filter: bson.D{{Key: "user", Value: 77}}}
	for b.Loop() {
		if _, err := c.Find(q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	c := load(b)
	q := Query{Filter: bson.D{{Key: "size", Value: 77}}}
	for b.Loop() {
		if _, err := c.Find(q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIncrement(b *testing.B) {
	c := load(b)
	for b.Loop() {
		if _, err := c.Update(Update{Filter: bson.D{{Key: "_id", Value: 77}}, Change: bson.D{{Key: "$inc", Value: bson.D{{Key: "size", Value: 1}}}}}); err != nil {
			b.Fatal(err)
		}
	}
}
