package document

import (
	"errors"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// read makes a document of extended JSON.
func read(t testing.TB, text string) bson.D {
	t.Helper()
	var d bson.D
	if err := bson.UnmarshalExtJSON([]byte(text), false, &d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// readAll makes documents of the array in {"v": [...]}.
func readAll(t testing.TB, text string) []bson.D {
	t.Helper()
	v, _ := value.Field(read(t, `{"v": `+text+`}`), "v")
	var out []bson.D
	for _, e := range v.(bson.A) {
		out = append(out, e.(bson.D))
	}
	return out
}

// show writes documents for comparison.
func show(docs ...bson.D) string {
	out := ""
	for _, d := range docs {
		out += value.Format(d) + "\n"
	}
	return out
}

func testDatabase() *Database {
	db := New("test")
	db.Now = func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }
	return db
}

func fill(t testing.TB, c *Collection, docs ...bson.D) {
	t.Helper()
	for _, d := range docs {
		if err := c.Insert(d); err != nil {
			t.Fatal(err)
		}
	}
}

func codeOf(err error) int32 {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	var w *WriteError
	if errors.As(err, &w) {
		return w.Code
	}
	return 0
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		doc, filter string
		want        bool
	}{
		{`{"a": 1}`, `{}`, true},
		{`{"a": 1}`, `{"a": 1.0}`, true},
		{`{"a": 1}`, `{"a": {"$numberLong": "1"}}`, true},
		{`{"a": {"$numberDecimal": "1.5"}}`, `{"a": 1.5}`, true},
		{`{"a": [1, 2]}`, `{"a": 2}`, true},
		{`{"a": [1, 2]}`, `{"a": [1, 2]}`, true},
		{`{"a": [1, 2]}`, `{"a": [2, 1]}`, false},
		{`{"a": [[1, 2]]}`, `{"a": [1, 2]}`, true},
		{`{"a": {"b": 1, "c": 2}}`, `{"a": {"c": 2, "b": 1}}`, false},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a.b": 2}`, true},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a.1.b": 2}`, true},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a.0.b": 2}`, false},
		{`{}`, `{"a": null}`, true},
		{`{"a": 1}`, `{"a.b": null}`, true},
		{`{"a": []}`, `{"a": null}`, false},
		{`{"a": [{"b": 1}, {}]}`, `{"a.b": null}`, true},
		{`{"a": "x"}`, `{"a": {"$gt": 1}}`, false},
		{`{"a": [1, 9]}`, `{"a": {"$gt": 4, "$lt": 6}}`, true},
		{`{"a": [1, 9]}`, `{"a": {"$elemMatch": {"$gt": 4, "$lt": 6}}}`, false},
		{`{"a": null}`, `{"a": {"$gte": null}}`, true},
		{`{"a": [1, 2]}`, `{"a": {"$ne": 1}}`, false},
		{`{}`, `{"a": {"$ne": 1}}`, true},
		{`{"a": 3}`, `{"a": {"$in": [1, 3]}}`, true},
		{`{"a": "abc"}`, `{"a": {"$in": [{"$regularExpression": {"pattern": "^ab", "options": ""}}]}}`, true},
		{`{}`, `{"a": {"$in": [null]}}`, true},
		{`{"a": 3}`, `{"a": {"$nin": [1, 2]}}`, true},
		{`{"a": null}`, `{"a": {"$exists": true}}`, true},
		{`{}`, `{"a": {"$exists": false}}`, true},
		{`{"a": ["x", 1]}`, `{"a": {"$type": "string"}}`, true},
		{`{"a": ["x"]}`, `{"a": {"$type": "array"}}`, true},
		{`{"a": {"$numberLong": "1"}}`, `{"a": {"$type": "number"}}`, true},
		{`{"a": 1}`, `{"a": {"$type": [2, "bool"]}}`, false},
		{`{"a": "Foo"}`, `{"a": {"$regex": "^f", "$options": "i"}}`, true},
		{`{"a": "Foo"}`, `{"a": {"$not": {"$regex": "^F"}}}`, false},
		{`{"a": 12}`, `{"a": {"$mod": [4, 0]}}`, true},
		{`{"a": [1, 2, 3]}`, `{"a": {"$all": [3, 1]}}`, true},
		{`{"a": [1, 2, 3]}`, `{"a": {"$all": [3, 4]}}`, false},
		{`{"a": [1, 2, 3]}`, `{"a": {"$all": []}}`, false},
		{`{"a": [{"b": 1, "c": 2}, {"b": 2, "c": 1}]}`, `{"a": {"$elemMatch": {"b": 2, "c": 2}}}`, false},
		{`{"a": [{"b": 1, "c": 2}, {"b": 2, "c": 1}]}`, `{"a.b": 2, "a.c": 2}`, true},
		{`{"a": [1, 2]}`, `{"a": {"$size": 2}}`, true},
		{`{"a": 1, "b": 2}`, `{"$or": [{"a": 2}, {"b": 2}]}`, true},
		{`{"a": 1, "b": 2}`, `{"$nor": [{"a": 2}, {"b": 2}]}`, false},
		{`{"a": 1, "b": 2}`, `{"$expr": {"$gt": ["$b", "$a"]}}`, true},
		{`{"a": 5}`, `{"a": {"$bitsAllSet": [0, 2]}}`, true},
		{`{"a": {"b": {"c": 1}}}`, `{"a.b.c": 1, "$comment": "x"}`, true},
	} {
		got, err := Match(read(t, c.doc), read(t, c.filter))
		if err != nil || got != c.want {
			t.Errorf("%s of %s: %v, %v", c.filter, c.doc, got, err)
		}
	}
}

func TestMatchErrors(t *testing.T) {
	for filter, want := range map[string]string{
		`{"a": {"$foo": 1}}`:             "(BadValue) unknown operator: $foo",
		`{"a": {"$in": 1}}`:              "(BadValue) $in needs an array",
		`{"$and": []}`:                   "(BadValue) $and/$or/$nor must be a nonempty array",
		`{"a": {"$mod": [0, 1]}}`:        "(BadValue) divisor cannot be 0",
		`{"$expr": {"$foo": 1}}`:         "(InvalidPipelineOperator) Unrecognized expression '$foo'",
		`{"a": {"$options": "i"}}`:       "(BadValue) $options needs a $regex",
		`{"a": {"$type": "quaternion"}}`: "(BadValue) Unknown type name alias: quaternion",
	} {
		_, err := Match(bson.D{}, read(t, filter))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", filter, err, want)
		}
	}
}

func TestOrderOfTypes(t *testing.T) {
	list := []any{bson.MinKey{}, nil, -1.5, int32(0), int64(7), "", "a", bson.D{}, bson.A{}, bson.Binary{},
		bson.ObjectID{}, false, true, bson.DateTime(0), bson.Timestamp{}, bson.Regex{}, bson.MaxKey{}}
	for i := range list {
		for j := range list {
			if got := value.Compare(list[i], list[j]); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("compare %v with %v: %d", list[i], list[j], got)
			}
		}
	}
}

func TestSizes(t *testing.T) {
	d := read(t, `{"a": 1, "b": "x", "c": [1.5, true, null, {"d": {"$date": "2026-01-01T00:00:00Z"}}], "e": {"$oid": "000000000000000000000001"}, "f": {"$numberDecimal": "1"}, "g": {"$binary": {"base64": "AAA=", "subType": "00"}}}`)
	data, err := bson.Marshal(d)
	if err != nil || value.Size(d) != len(data) {
		t.Errorf("size %d, encoded %d, %v", value.Size(d), len(data), err)
	}
	c := testDatabase().Collection("c")
	d = append(bson.D{{Key: "_id", Value: int32(1)}}, d...)
	fill(t, c, d, bson.D{{Key: "_id", Value: int32(2)}})
	if _, err := c.Delete(bson.D{{Key: "_id", Value: 2}}, 0, nil); err != nil || c.SizeBytes() != value.Size(d) || c.Len() != 1 {
		t.Errorf("after a deletion: %d bytes, %d documents, %v", c.SizeBytes(), c.Len(), err)
	}
}

func TestCollections(t *testing.T) {
	db := testDatabase()
	fill(t, db.Collection("b"), bson.D{{Key: "n", Value: 1}})
	db.Collection("a")
	if got := db.Names(); len(got) != 2 || got[0] != "a" {
		t.Errorf("names %v", got)
	}
	if err := db.Rename("b", "a", false); codeOf(err) != 48 {
		t.Errorf("rename onto another: %v", err)
	}
	if err := db.Rename("x", "y", false); codeOf(err) != 26 {
		t.Errorf("rename of nothing: %v", err)
	}
	if err := db.Rename("b", "a", true); err != nil {
		t.Error(err)
	}
	if c, ok := db.Lookup("a"); !ok || c.Len() != 1 || c.Name() != "a" {
		t.Error("the renamed collection is not there")
	}
	if !db.Drop("a") || db.Drop("a") {
		t.Error("drop")
	}
}
