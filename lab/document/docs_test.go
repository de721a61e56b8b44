package document

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestTheDocumentedOperatorsAreKnown holds what docs/lab.md says of operators
// against what the database takes and what it refuses.
func TestTheDocumentedOperatorsAreKnown(t *testing.T) {
	page, err := os.ReadFile("../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	_, all, _ := strings.Cut(string(page), "Operators are those of operations:")
	all, _, _ = strings.Cut(all, "Any\nother")
	c := testDatabase().Collection("c")
	pipeline := func(stage bson.D) error {
		_, err := c.db.Aggregate("c", []bson.D{stage})
		return err
	}
	one := func(key string, v any) bson.D { return bson.D{{Key: key, Value: v}} }
	elsewhere := []string{"$indexStats", "$collStats"} // stages of lab/mongo
	for _, kind := range []struct {
		from, to string
		unknown  string
		send     func(operator string) error
		refused  []string
	}{
		{"the stages", "with the expressions", "Unrecognized pipeline stage name", func(o string) error { return pipeline(one(o, "")) }, []string{"$out", "$merge", "$facet", "$lookup", "$addFields"}},
		{"with the expressions", "of groups", "Unrecognized expression", func(o string) error { return pipeline(one("$project", one("v", one(o, bson.D{})))) }, []string{"$map", "$dateTrunc", "$function", "$arrayElemAt"}},
		{"of groups", "of updates", "unknown group operator", func(o string) error {
			return pipeline(one("$group", bson.D{{Key: "_id", Value: nil}, {Key: "v", Value: one(o, 1)}}))
		}, []string{"$addToSet", "$stdDevPop", "$mergeObjects"}},
		{"of updates", "of conditions", "Unknown modifier", func(o string) error {
			_, err := c.Update(Update{Change: one(o, bson.D{})})
			return err
		}, []string{"$rename", "$mul", "$push", "$setOnInsert"}},
		{"of conditions", "", "unknown ", func(o string) error {
			_, top := Match(bson.D{}, one(o, 1))
			_, below := Match(bson.D{}, one("a", one(o, 1)))
			if top == nil || below == nil || !strings.Contains(top.Error(), "unknown ") {
				return nil
			}
			return below
		}, []string{"$mod", "$where", "$expr", "$elemMatch", "$size"}},
	} {
		_, part, _ := strings.Cut(all, kind.from)
		if kind.to != "" {
			part, _, _ = strings.Cut(part, kind.to)
		}
		named := regexp.MustCompile(`\$\w+`).FindAllString(part, -1)
		if len(named) < 6 {
			t.Errorf("%s: only %v", kind.from, named)
		}
		for _, o := range slices.Concat(named, kind.refused) {
			err := kind.send(o)
			refused := err != nil && strings.Contains(err.Error(), kind.unknown) && strings.Contains(err.Error(), o)
			if want := slices.Contains(kind.refused, o); refused != want && !slices.Contains(elsewhere, o) {
				t.Errorf("%s %s: refused %v, want %v: %v", kind.from, o, refused, want, err)
			}
		}
	}
}
