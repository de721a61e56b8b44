package value

import (
	"cmp"
	"math"
	"math/big"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Int gives a number as an integer where it is one.
func Int(v any) (int64, bool) {
	switch v := v.(type) {
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case float64:
		if v == math.Trunc(v) && v >= -(1<<63) && v < 1<<63 {
			return int64(v), true
		}
	case bson.Decimal128:
		if r, ok := rational(v); ok && r.IsInt() && r.Num().IsInt64() {
			return r.Num().Int64(), true
		}
	}
	return 0, false
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
	switch v := v.(type) {
	case float64:
		return math.IsNaN(v)
	case bson.Decimal128:
		return v.IsNaN()
	}
	return false
}

// infinite gives the sign of an infinity, and 0 for any other value.
func infinite(v any) int {
	switch v := v.(type) {
	case float64:
		if math.IsInf(v, 0) {
			return int(math.Copysign(1, v))
		}
	case bson.Decimal128:
		return v.IsInf()
	}
	return 0
}

// rational gives a finite number exactly.
func rational(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case int32:
		return new(big.Rat).SetInt64(int64(v)), true
	case int64:
		return new(big.Rat).SetInt64(v), true
	case float64:
		r := new(big.Rat).SetFloat64(v)
		return r, r != nil
	case bson.Decimal128:
		mantissa, exponent, err := v.BigInt()
		if err != nil {
			return nil, false
		}
		power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
		if exponent >= 0 {
			return new(big.Rat).SetInt(power.Mul(power, mantissa)), true
		}
		return new(big.Rat).SetFrac(mantissa, power), true
	}
	return nil, false
}

// compareNumbers orders by exact value. What is not a number is the least.
func compareNumbers(a, b any) int {
	x, isInt := integer(a)
	y, isToo := integer(b)
	if isInt && isToo {
		return cmp.Compare(x, y)
	}
	f, isFloat := a.(float64)
	g, isFloatToo := b.(float64)
	if isFloat && isFloatToo {
		return cmp.Compare(f, g)
	}
	if IsNaN(a) || IsNaN(b) {
		return cmp.Compare(bit(!IsNaN(a)), bit(!IsNaN(b)))
	}
	if s, t := infinite(a), infinite(b); s != 0 || t != 0 {
		return cmp.Compare(s, t)
	}
	const exact = 1 << 53
	switch {
	case isInt && isFloatToo && x > -exact && x < exact:
		return cmp.Compare(float64(x), g)
	case isFloat && isToo && y > -exact && y < exact:
		return cmp.Compare(f, float64(y))
	}
	r, ok := rational(a)
	s, fine := rational(b)
	if !ok || !fine {
		return cmp.Compare(bit(ok), bit(fine))
	}
	return r.Cmp(s)
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
