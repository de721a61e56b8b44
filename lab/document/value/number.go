package value

import (
	"cmp"
	"math"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Int gives a number as an integer where it is one.
func Int(v any) (int64, bool) {
	if n, ok := integer(v); ok {
		return n, true
	}
	f, ok := Float(v)
	if !ok || f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Float gives a number as a float64, the nearest one.
func Float(v any) (float64, bool) {
	switch v := v.(type) {
	case int32:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case bson.Decimal128:
		f, err := strconv.ParseFloat(v.String(), 64)
		return f, err == nil || math.IsInf(f, 0)
	}
	return 0, false
}

// IsNaN says whether v is a number that is none.
func IsNaN(v any) bool {
	f, ok := Float(v)
	return ok && math.IsNaN(f)
}

// compareNumbers orders by value, integers exactly, a decimal by the nearest
// double. What is not a number is the least.
func compareNumbers(a, b any) int {
	x, isInt := Int(a)
	y, isToo := Int(b)
	if isInt && isToo {
		return cmp.Compare(x, y)
	}
	f, _ := Float(a)
	g, _ := Float(b)
	if c := cmp.Compare(f, g); c != 0 || isInt == isToo {
		return c
	}
	return bit(isToo) - bit(isInt) // the one that is none is just beyond 64 bits
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}
