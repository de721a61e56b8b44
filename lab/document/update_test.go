package document

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func TestUpdateOperators(t *testing.T) {
	for _, c := range []struct {
		doc, filter, change, want string
	}{
		{`{"_id": 1}`, `{}`, `{"$set": {"a.b": 1}}`, `{"_id": 1, "a": {"b": 1}}`},
		{`{"_id": 1, "a": [1]}`, `{}`, `{"$set": {"a.3": 9}}`, `{"_id": 1, "a": [1, null, null, 9]}`},
		{`{"_id": 1, "a": 1, "b": 2}`, `{}`, `{"$unset": {"a": "", "x.y": ""}}`, `{"_id": 1, "b": 2}`},
		{`{"_id": 1, "a": [1, 2]}`, `{}`, `{"$unset": {"a.0": ""}}`, `{"_id": 1, "a": [null, 2]}`},
		{`{"_id": 1, "a": 2}`, `{}`, `{"$inc": {"a": 3, "n": 1}}`, `{"_id": 1, "a": 5, "n": 1}`},
		{`{"_id": 1, "a": 2147483647}`, `{}`, `{"$inc": {"a": 1}}`, `{"_id": 1, "a": {"$numberLong": "2147483648"}}`},
		{`{"_id": 1, "a": 2, "b": 2}`, `{}`, `{"$min": {"a": 1, "b": 3}}`, `{"_id": 1, "a": 1, "b": 2}`},
		{`{"_id": 1, "a": 2}`, `{}`, `{"$max": {"a": 5, "c": 1}}`, `{"_id": 1, "a": 5, "c": 1}`},
		{`{"_id": 1}`, `{}`, `{"$currentDate": {"t": true}}`, `{"_id": 1, "t": {"$date": "2026-03-04T05:06:07Z"}}`},
		{`{"_id": 1, "a": [3]}`, `{}`, `{"$push": {"a": 1}}`, `{"_id": 1, "a": [3, 1]}`},
		{`{"_id": 1, "a": [1]}`, `{}`, `{"$addToSet": {"a": {"$each": [1, 2, 2]}}}`, `{"_id": 1, "a": [1, 2]}`},
		{`{"_id": 1, "a": [1, 5, 9]}`, `{}`, `{"$pull": {"a": {"$gte": 5}}}`, `{"_id": 1, "a": [1]}`},
		{`{"_id": 1, "a": [{"x": 1, "y": 1}, {"x": 2}]}`, `{}`, `{"$pull": {"a": {"x": 1}}}`, `{"_id": 1, "a": [{"x": 2}]}`},
		{`{"_id": 1, "x": 3}`, `{}`, `{"y": 2}`, `{"_id": 1, "y": 2}`},
		{`{"_id": 1, "a": 2}`, `{}`, `{"$setOnInsert": {"b": 1}}`, `{"_id": 1, "a": 2}`},
	} {
		coll := testDatabase().Collection("c")
		fill(t, coll, read(t, c.doc))
		got, err := coll.Update(Update{Filter: read(t, c.filter), Change: read(t, c.change)})
		want, _ := value.Document(read(t, c.want))
		if err != nil || show(got.After) != show(want) {
			t.Errorf("%s of %s: %v\n got %s want %s", c.change, c.doc, err, show(got.After), show(want))
		}
		if changed := show(got.Before) != show(got.After); changed != (got.Modified == 1) || got.Matched != 1 {
			t.Errorf("%s of %s: matched %d, modified %d", c.change, c.doc, got.Matched, got.Modified)
		}
	}
}

func TestUpdateErrors(t *testing.T) {
	for change, code := range map[string]int32{
		`{"$foo": {"a": 1}}`:                            9,
		`{"$inc": {"s": 1}}`:                            14,
		`{"$inc": {"a": "x"}}`:                          14,
		`{"$set": {"a": 1, "a.b": 2}}`:                  40,
		`{"$set": {"_id": 5}}`:                          66,
		`{"_id": 5}`:                                    66,
		`{"$set": {"s.x": 1}}`:                          28,
		`{"$push": {"s": 1}}`:                           2,
		`{"$set": {"l.$": 1}}`:                          2,
		`{"$set": {"l.$[]": 1}}`:                        2,
		`{"$push": {"l": {"$each": [1], "$slice": 2}}}`: 2,
		`{"$set": {"l.x": 1}}`:                          28,
		`{"$set": {"l.9999999": 1}}`:                    28,
		`{"$set": {"a..b": 1}}`:                         56,
		`{"a": 1, "$set": {"b": 1}}`:                    52,
		`{"$currentDate": {"a": "yesterday"}}`:          2,
	} {
		c := testDatabase().Collection("c")
		fill(t, c, read(t, `{"_id": 1, "a": 1, "s": "text", "l": [1]}`))
		_, err := c.Update(Update{Change: read(t, change)})
		if codeOf(err) != code {
			t.Errorf("%s: %v, want code %d", change, err, code)
		}
		r, _ := c.Find(Query{})
		if show(r.Documents...) != "{ _id: 1, a: 1, s: \"text\", l: [ 1 ] }\n" {
			t.Errorf("%s left %s", change, show(r.Documents...))
		}
	}
}

func TestUpsert(t *testing.T) {
	c := testDatabase().Collection("c")
	u := Update{Filter: read(t, `{"name": "x", "a.b": 2, "n": {"$gt": 4}}`), Upsert: true,
		Change: read(t, `{"$set": {"v": 1}, "$setOnInsert": {"w": 2}}`)}
	first, err := c.Update(u)
	if err != nil || first.UpsertedID == nil || first.Matched != 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	want := `{ name: "x", a: { b: 2 }, v: 1, w: 2 }` + "\n"
	if got := show(first.After[1:]); got != want {
		t.Errorf("got %s want %s", got, want)
	}
	c = testDatabase().Collection("c")
	second, err := c.Update(Update{Filter: read(t, `{"_id": 7}`), Change: read(t, `{"v": 1}`), Upsert: true})
	if err != nil || second.UpsertedID != int32(7) {
		t.Errorf("%+v, %v", second, err)
	}
}

func TestUpdateMany(t *testing.T) {
	c := testDatabase().Collection("c")
	fill(t, c, readAll(t, `[{"_id": 1, "l": [1, 5]}, {"_id": 2, "l": [9]}, {"_id": 3}]`)...)
	r, err := c.Update(Update{Filter: read(t, `{"l": {"$exists": true}}`), Change: read(t, `{"$set": {"l.0": 0}}`), Multi: true})
	if err != nil || r.Matched != 2 || r.Modified != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	all, _ := c.Find(Query{})
	if got, want := show(all.Documents...), "{ _id: 1, l: [ 0, 5 ] }\n{ _id: 2, l: [ 0 ] }\n{ _id: 3 }\n"; got != want {
		t.Errorf("got %s", got)
	}
	if _, err := c.Update(Update{Change: bson.A{read(t, `{"$set": {"n": 1}}`)}, Multi: true}); codeOf(err) != 9 {
		t.Errorf("by a pipeline: %v", err)
	}
}
