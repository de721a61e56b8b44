package value

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Size is the number of bytes of a document in BSON.
func Size(d bson.D) int {
	size := 5
	for _, e := range d {
		size += 2 + len(e.Key) + sizeOf(e.Value)
	}
	return size
}

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return 5 + len(v)
	case int32:
		return 4
	case int64, float64, bson.DateTime, bson.Timestamp:
		return 8
	case bool:
		return 1
	case bson.ObjectID:
		return 12
	case bson.Decimal128:
		return 16
	case bson.D:
		return Size(v)
	case bson.A:
		size := 5
		for i, e := range v {
			size += 2 + len(strconv.Itoa(i)) + sizeOf(e)
		}
		return size
	case bson.Binary:
		if v.Subtype == bson.TypeBinaryBinaryOld {
			return 9 + len(v.Data)
		}
		return 5 + len(v.Data)
	case bson.Regex:
		return 2 + len(v.Pattern) + len(v.Options)
	case bson.Symbol:
		return 5 + len(v)
	case bson.JavaScript:
		return 5 + len(v)
	case bson.DBPointer:
		return 17 + len(v.DB)
	case bson.CodeWithScope:
		return 9 + len(v.Code) + scope(v.Scope)
	}
	return 0
}

func scope(v any) int {
	if d, ok := v.(bson.D); ok {
		return Size(d)
	}
	return 5
}
