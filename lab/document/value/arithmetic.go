package value

import (
	"math"
	"math/big"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Add sums two numbers in the wider of their types; int32 grows to int64.
// It is false where a sum of integers leaves 64 bits.
func Add(a, b any) (any, bool) {
	return combine(a, b, func(x, y int64) (int64, bool) {
		s := x + y
		return s, (s > x) == (y > 0)
	}, func(x, y float64) float64 { return x + y }, (*big.Rat).Add)
}

// Subtract is Add for a difference.
func Subtract(a, b any) (any, bool) {
	return combine(a, b, func(x, y int64) (int64, bool) {
		s := x - y
		return s, (s < x) == (y > 0)
	}, func(x, y float64) float64 { return x - y }, (*big.Rat).Sub)
}

// Multiply is Add for a product.
func Multiply(a, b any) (any, bool) {
	return combine(a, b, func(x, y int64) (int64, bool) {
		if x == 0 || y == 0 {
			return 0, true
		}
		p := x * y
		return p, p/y == x && (x != -1 || y != math.MinInt64) && (y != -1 || x != math.MinInt64)
	}, func(x, y float64) float64 { return x * y }, (*big.Rat).Mul)
}

func combine(a, b any, whole func(x, y int64) (int64, bool), real func(x, y float64) float64,
	exact func(z, x, y *big.Rat) *big.Rat) (any, bool) {
	x, isInt := integer(a)
	y, isToo := integer(b)
	if isInt && isToo {
		n, ok := whole(x, y)
		if !ok {
			return nil, false
		}
		return Integral(n, a, b), true
	}
	_, isDecimal := a.(bson.Decimal128)
	_, isDecimalToo := b.(bson.Decimal128)
	if isDecimal || isDecimalToo {
		if r, ok := rational(a); ok {
			if s, ok := rational(b); ok {
				return decimal(exact(new(big.Rat), r, s))
			}
		}
	}
	f, ok := Float(a)
	g, fine := Float(b)
	return real(f, g), ok && fine
}

func decimal(r *big.Rat) (any, bool) {
	text := r.FloatString(30)
	text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	d, err := bson.ParseDecimal128(text)
	return d, err == nil
}

// Integral gives n as int32 where both others are int32 and it fits, else as
// int64.
func Integral(n int64, a, b any) any {
	_, isShort := a.(int32)
	_, isShortToo := b.(int32)
	if isShort && isShortToo && n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return n
}
