package document

import (
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

var operandWords = []any{nil, int32(-1), int32(0), int32(3), int64(1) << 62, 2.5, "", "$", "$a", "$$this", "a", "a.b", "a.$", "l.$[].x", "date", "%Y%", true,
	bson.D{}, bson.A{}, bson.Regex{Pattern: "("}, bson.Regex{Pattern: "^a"}, bson.DateTime(1), bson.ObjectID{}, bson.MinKey{}, bson.Decimal128{}}

func drawOperand(t *rapid.T, operators []string, depth int) any {
	if depth == 0 {
		return rapid.SampledFrom(operandWords).Draw(t, "word")
	}
	switch rapid.IntRange(0, 4).Draw(t, "shape") {
	case 0:
		list := bson.A{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, drawOperand(t, operators, depth-1))
		}
		return list
	case 1, 2:
		d := bson.D{}
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			d = append(d, bson.E{Key: rapid.SampledFrom(operators).Draw(t, "key"), Value: drawOperand(t, operators, depth-1)})
		}
		return d
	}
	return rapid.SampledFrom(operandWords).Draw(t, "word")
}

// TestWrongRequestsAreErrors sends requests of random shape. Whatever they
// are, the answer is a result or an error.
func TestWrongRequestsAreErrors(t *testing.T) {
	keys := []string{"", "_id", "a", "a.b", "l", "l.$", "l.0", "l.$[]", "l.$[e]", "v.x",
		"$and", "$or", "$nor", "$not", "$eq", "$gt", "$lte", "$ne", "$in", "$nin", "$exists", "$type", "$regex", "$options", "$mod", "$all", "$elemMatch", "$size", "$expr", "$bitsAllSet",
		"$set", "$unset", "$inc", "$mul", "$min", "$max", "$rename", "$setOnInsert", "$currentDate", "$push", "$each", "$slice", "$sort", "$position", "$addToSet", "$pull", "$pullAll", "$pop", "$bit",
		"$match", "$project", "$addFields", "$group", "$sort", "$limit", "$skip", "$count", "$unwind", "$lookup", "$facet", "$bucket", "$replaceRoot", "$sample", "$out", "$merge", "$unionWith", "$sortByCount",
		"$sum", "$avg", "$first", "$concat", "$add", "$subtract", "$divide", "$pow", "$round", "$cond", "$ifNull", "$switch", "$map", "$filter", "$reduce", "$let", "$literal", "$substrCP", "$substr", "$split", "$trim", "$toString",
		"$toInt", "$toDate", "$toObjectId", "$dateToString", "$dateDiff", "$dateTrunc", "$dateAdd", "$arrayElemAt", "$range", "$setUnion", "$arrayToObject", "$mergeObjects", "$regexMatch", "$indexOfCP", "$strLenCP",
		"input", "in", "as", "cond", "if", "then", "else", "branches", "case", "default", "vars", "date", "unit", "format", "amount", "startDate", "endDate", "timezone", "from", "let", "pipeline", "localField", "foreignField",
		"path", "newRoot", "groupBy", "boundaries", "output", "into", "on", "whenMatched", "size", "initialValue", "regex", "find", "replacement", "chars", "coll"}
	rapid.Check(t, func(t *rapid.T) {
		db := testDatabase()
		c := db.Collection("c")
		_, _ = c.CreateIndex(Index{Keys: bson.D{{Key: "a", Value: 1}, {Key: "l.x", Value: -1}}})
		_ = c.Insert(bson.D{{Key: "a", Value: bson.D{{Key: "b", Value: 1}}}, {Key: "l", Value: bson.A{1, bson.D{{Key: "x", Value: 2}}}}})
		_ = c.Insert(bson.D{{Key: "a", Value: "text"}, {Key: "l", Value: bson.DateTime(5)}})
		for range 5 {
			d, _ := drawOperand(t, keys, 4).(bson.D)
			one := bson.D{{Key: rapid.SampledFrom(keys).Draw(t, "operator"), Value: drawOperand(t, keys, 3)}}
			field := bson.D{{Key: "a", Value: one}}
			_, _ = c.Find(Query{Filter: d, Sort: field})
			_, _ = c.Find(Query{Filter: field, Projection: d, Sort: d})
			_, _ = c.Find(Query{Projection: field})
			_, _ = c.Update(Update{Filter: field, Change: d})
			_, _ = c.Update(Update{Change: one, Multi: true})
			_, _ = db.Aggregate("c", []bson.D{one})
			_, _ = db.Aggregate("c", []bson.D{{{Key: "$project", Value: bson.D{{Key: "v", Value: one}}}}, d})
			_, _ = db.Aggregate("c", []bson.D{{{Key: "$project", Value: bson.D{{Key: "v", Value: one}}}}})
			_, _ = c.CreateIndex(Index{Keys: d})
			_ = c.Insert(d)
		}
	})
}
