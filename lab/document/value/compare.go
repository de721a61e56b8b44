package value

import (
	"bytes"
	"cmp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Compare orders any two values as MongoDB sorts them: first by type, then by
// value; numbers by their value, whatever their type.
func Compare(a, b any) int {
	switch x := a.(type) {
	case int32:
		if y, ok := b.(int32); ok {
			return cmp.Compare(x, y)
		}
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case bson.DateTime:
		if y, ok := b.(bson.DateTime); ok {
			return cmp.Compare(x, y)
		}
	}
	rank, other := Rank(a), Rank(b)
	if rank != other {
		return cmp.Compare(rank, other)
	}
	return compareSame(rank, a, b)
}

// Equal says whether a and b are the same value: 1 and 1.0 are.
func Equal(a, b any) bool { return Compare(a, b) == 0 }

func compareSame(rank int, a, b any) int {
	switch rank {
	case RankNumber:
		return compareNumbers(a, b)
	case RankString:
		return strings.Compare(a.(string), b.(string))
	case RankObject:
		return compareDocuments(a.(bson.D), b.(bson.D))
	case RankArray:
		return compareArrays(a.(bson.A), b.(bson.A))
	case RankObjectID:
		x, y := a.(bson.ObjectID), b.(bson.ObjectID)
		return bytes.Compare(x[:], y[:])
	case RankBool:
		return cmp.Compare(bit(a.(bool)), bit(b.(bool)))
	case RankBinary:
		return compareBinaries(a.(bson.Binary), b.(bson.Binary))
	case RankTimestamp:
		return a.(bson.Timestamp).Compare(b.(bson.Timestamp))
	case RankRegex:
		x, y := a.(bson.Regex), b.(bson.Regex)
		return cmp.Or(strings.Compare(x.Pattern, y.Pattern), strings.Compare(x.Options, y.Options))
	case RankCode:
		return strings.Compare(string(a.(bson.JavaScript)), string(b.(bson.JavaScript)))
	}
	return 0
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareDocuments(a, b bson.D) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(Rank(a[i].Value), Rank(b[i].Value)); c != 0 {
			return c
		}
		if c := strings.Compare(a[i].Key, b[i].Key); c != 0 {
			return c
		}
		if c := Compare(a[i].Value, b[i].Value); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareArrays(a, b bson.A) int {
	for i := range min(len(a), len(b)) {
		if c := Compare(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func compareBinaries(a, b bson.Binary) int {
	return cmp.Or(cmp.Compare(len(a.Data), len(b.Data)), cmp.Compare(a.Subtype, b.Subtype), bytes.Compare(a.Data, b.Data))
}
