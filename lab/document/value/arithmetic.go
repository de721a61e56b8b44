package value

import (
	"math"
	"math/big"
)

// Calculate gives a+b, a-b or a*b, by its sign, of two numbers in the wider of
// their types; int32 grows to int64. Of integers whose result leaves 64 bits,
// and of decimals, it gives the nearest double, and is not exact.
func Calculate(sign rune, a, b any) (result any, exact bool) {
	x, isInt := integer(a)
	y, isToo := integer(b)
	f, _ := Float(a)
	g, _ := Float(b)
	whole, real := new(big.Int).Mul, f*g
	switch sign {
	case '+':
		whole, real = new(big.Int).Add, f+g
	case '-':
		whole, real = new(big.Int).Sub, f-g
	}
	if !isInt || !isToo {
		return real, TypeName(a) != "decimal" && TypeName(b) != "decimal"
	}
	n := whole(big.NewInt(x), big.NewInt(y))
	if !n.IsInt64() {
		return real, false
	}
	_, isShort := a.(int32)
	_, isShortToo := b.(int32)
	if v := n.Int64(); !isShort || !isShortToo || v < math.MinInt32 || v > math.MaxInt32 {
		return v, true
	}
	return int32(n.Int64()), true
}
