// Package value knows BSON values: their order, equality, size, paths into
// them, and how a shell writes them. Documents are bson.D, arrays bson.A.
package value

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Missing stands where a path leads nowhere. It is never stored.
type Missing struct{}

// The ranks of the types in the order of comparison.
const (
	RankMinKey    = -1
	RankMissing   = 0
	RankNull      = 5
	RankNumber    = 10
	RankString    = 15
	RankObject    = 20
	RankArray     = 25
	RankBinary    = 30
	RankObjectID  = 35
	RankBool      = 40
	RankDate      = 45
	RankTimestamp = 47
	RankRegex     = 50
	RankCode      = 60
	RankMaxKey    = 127
)

// Rank is the place of v's type in the order of comparison. Types that
// compare with each other, as all numbers, share one.
func Rank(v any) int {
	rank, _ := kind(v)
	return rank
}

// TypeName is the alias of v's type, as $type gives and takes it.
func TypeName(v any) string {
	_, name := kind(v)
	return name
}

func kind(v any) (rank int, name string) {
	switch v.(type) {
	case nil, bson.Null:
		return RankNull, "null"
	case int32:
		return RankNumber, "int"
	case int64:
		return RankNumber, "long"
	case float64:
		return RankNumber, "double"
	case string:
		return RankString, "string"
	case bson.D:
		return RankObject, "object"
	case bson.A:
		return RankArray, "array"
	case bson.ObjectID:
		return RankObjectID, "objectId"
	case bool:
		return RankBool, "bool"
	case bson.DateTime:
		return RankDate, "date"
	}
	return rareKind(v)
}

func rareKind(v any) (rank int, name string) {
	switch v.(type) {
	case bson.Undefined:
		return RankMissing, "undefined"
	case bson.Decimal128:
		return RankNumber, "decimal"
	case bson.Binary:
		return RankBinary, "binData"
	case bson.Timestamp:
		return RankTimestamp, "timestamp"
	case bson.Regex:
		return RankRegex, "regex"
	case bson.JavaScript:
		return RankCode, "javascript"
	case bson.MinKey:
		return RankMinKey, "minKey"
	case bson.MaxKey:
		return RankMaxKey, "maxKey"
	}
	return RankMissing, "missing"
}

// TypeNames are the aliases that $type takes.
func TypeNames() []string {
	return []string{"double", "string", "object", "array", "binData", "objectId", "bool", "date", "null", "regex",
		"javascript", "int", "timestamp", "long", "decimal", "minKey", "maxKey"}
}

// IsNumber says whether v is of one of the four types of numbers.
func IsNumber(v any) bool { return Rank(v) == RankNumber }

// IsNullish says whether v is null, undefined or missing.
func IsNullish(v any) bool {
	rank := Rank(v)
	return rank == RankNull || rank == RankMissing
}

// Truth is v as a condition: false, zero, null and what is missing are false.
func Truth(v any) bool {
	if b, ok := v.(bool); ok {
		return b
	}
	if f, ok := Float(v); ok {
		return f != 0
	}
	return !IsNullish(v)
}

// Size is the number of bytes of a document in BSON.
func Size(d bson.D) int {
	data, err := bson.Marshal(d)
	if err != nil {
		return 0 // Normal lets no value in that has no encoding
	}
	return len(data)
}
