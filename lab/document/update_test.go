package document

import (
	"testing"

	"runbook/lab/document/value"
)

func TestUpdateOperators(t *testing.T) {
	for _, c := range []struct {
		doc, filter, change, want string
	}{
		{`{"_id": 1}`, `{}`, `{"$set": {"a.b": 1}}`, `{"_id": 1, "a": {"b": 1}}`},
		{`{"_id": 1, "a": 1, "b": 2}`, `{}`, `{"$unset": {"a": "", "x.y": ""}}`, `{"_id": 1, "b": 2}`},
		{`{"_id": 1, "a": 2}`, `{}`, `{"$inc": {"a": 3, "n": 1}}`, `{"_id": 1, "a": 5, "n": 1}`},
		{`{"_id": 1, "a": 2147483647}`, `{}`, `{"$inc": {"a": 1}}`, `{"_id": 1, "a": {"$numberLong": "2147483648"}}`},
		{`{"_id": 1, "a": 2, "b": 2}`, `{}`, `{"$min": {"a": 1, "b": 3}}`, `{"_id": 1, "a": 1, "b": 2}`},
		{`{"_id": 1, "a": 2}`, `{}`, `{"$max": {"a": 5, "c": 1}}`, `{"_id": 1, "a": 5, "c": 1}`},
		{`{"_id": 1, "a": 2}`, `{}`, `{"$set": {"a": 2}, "$unset": {"x": ""}}`, `{"_id": 1, "a": 2}`},
		{`{"_id": 1}`, `{}`, `{"$currentDate": {"t": true}}`, `{"_id": 1, "t": {"$date": "2026-03-04T05:06:07Z"}}`},
	} {
		coll := testDatabase().Collection("c")
		fill(t, coll, read(t, c.doc))
		got, err := coll.Update(Update{Filter: read(t, c.filter), Change: read(t, c.change)})
		want, _ := value.Document(read(t, c.want))
		after, _ := coll.Find(Query{})
		if err != nil || show(after.Documents...) != show(want) {
			t.Errorf("%s of %s: %v\n got %s want %s", c.change, c.doc, err, show(after.Documents...), show(want))
		}
		if changed := c.doc != c.want; changed != (got.Modified == 1) || got.Matched != 1 {
			t.Errorf("%s of %s: matched %d, modified %d", c.change, c.doc, got.Matched, got.Modified)
		}
	}
}

func TestUpdateErrors(t *testing.T) {
	for change, code := range map[string]int32{
		`{"$foo": {"a": 1}}`:                   9,
		`{"$inc": {"s": 1}}`:                   14,
		`{"$inc": {"a": "x"}}`:                 14,
		`{"$set": {"a": 1, "a.b": 2}}`:         40,
		`{"$set": {"_id": 5}}`:                 66,
		`{"$set": {"s.x": 1}}`:                 28,
		`{"y": 2}`:                             9,
		`{"$push": {"l": 1}}`:                  9,
		`{"$set": {"l.0": 1}}`:                 28,
		`{"$set": {"l.$": 1}}`:                 2,
		`{"$set": {"l.$[]": 1}}`:               2,
		`{"$set": {"l.x": 1}}`:                 28,
		`{"$set": {"l.9999999": 1}}`:           28,
		`{"$set": {"a..b": 1}}`:                56,
		`{"$currentDate": {"a": "yesterday"}}`: 2,
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

func TestUpdateMany(t *testing.T) {
	c := testDatabase().Collection("c")
	fill(t, c, readAll(t, `[{"_id": 1, "l": {"x": 5}}, {"_id": 2, "l": {}}, {"_id": 3}]`)...)
	r, err := c.Update(Update{Filter: read(t, `{"l": {"$exists": true}}`), Change: read(t, `{"$set": {"l.y": 0}}`), Multi: true})
	if err != nil || r.Matched != 2 || r.Modified != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	all, _ := c.Find(Query{})
	if got, want := show(all.Documents...), "{ _id: 1, l: { x: 5, y: 0 } }\n{ _id: 2, l: { y: 0 } }\n{ _id: 3 }\n"; got != want {
		t.Errorf("got %s", got)
	}
}
