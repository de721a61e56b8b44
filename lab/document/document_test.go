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
	return 0
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
	if _, _, err := c.Delete(bson.D{{Key: "_id", Value: 2}}, 0); err != nil || c.SizeBytes() != value.Size(d) || c.Len() != 1 {
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
