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
	RankDBPointer = 55
	RankCode      = 60
	RankScoped    = 65
	RankMaxKey    = 127
)

// Rank is the place of v's type in the order of comparison. Types that
// compare with each other, as all numbers, share one.
func Rank(v any) int {
	rank, _, _ := kind(v)
	return rank
}

// TypeName is the alias of v's type, as $type gives and takes it.
func TypeName(v any) string {
	_, name, _ := kind(v)
	return name
}

// TypeCode is the number of v's type in BSON.
func TypeCode(v any) int {
	_, _, code := kind(v)
	return code
}

func kind(v any) (rank int, name string, code int) {
	switch v.(type) {
	case nil, bson.Null:
		return RankNull, "null", 10
	case int32:
		return RankNumber, "int", 16
	case int64:
		return RankNumber, "long", 18
	case float64:
		return RankNumber, "double", 1
	case string:
		return RankString, "string", 2
	case bson.D:
		return RankObject, "object", 3
	case bson.A:
		return RankArray, "array", 4
	case bson.ObjectID:
		return RankObjectID, "objectId", 7
	case bool:
		return RankBool, "bool", 8
	case bson.DateTime:
		return RankDate, "date", 9
	case Missing:
		return RankMissing, "missing", 0
	}
	return rareKind(v)
}

func rareKind(v any) (rank int, name string, code int) {
	switch v.(type) {
	case bson.Undefined:
		return RankMissing, "undefined", 6
	case bson.Decimal128:
		return RankNumber, "decimal", 19
	case bson.Symbol:
		return RankString, "symbol", 14
	case bson.Binary:
		return RankBinary, "binData", 5
	case bson.Timestamp:
		return RankTimestamp, "timestamp", 17
	case bson.Regex:
		return RankRegex, "regex", 11
	case bson.DBPointer:
		return RankDBPointer, "dbPointer", 12
	case bson.JavaScript:
		return RankCode, "javascript", 13
	case bson.CodeWithScope:
		return RankScoped, "javascriptWithScope", 15
	case bson.MinKey:
		return RankMinKey, "minKey", -1
	case bson.MaxKey:
		return RankMaxKey, "maxKey", 127
	}
	return RankMissing, "missing", 0
}

// Codes lists the names of types that $type takes, with their numbers.
func Codes() map[string]int {
	return map[string]int{
		"double": 1, "string": 2, "object": 3, "array": 4, "binData": 5, "undefined": 6, "objectId": 7,
		"bool": 8, "date": 9, "null": 10, "regex": 11, "dbPointer": 12, "javascript": 13, "symbol": 14,
		"javascriptWithScope": 15, "int": 16, "timestamp": 17, "long": 18, "decimal": 19, "minKey": -1, "maxKey": 127,
	}
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
	switch v := v.(type) {
	case bool:
		return v
	case int32:
		return v != 0
	case int64:
		return v != 0
	case float64:
		return v != 0
	case bson.Decimal128:
		return compareNumbers(v, int64(0)) != 0
	}
	return !IsNullish(v)
}
