package value

import "math"

// Add sums two numbers in the wider of their types; int32 grows to int64. It is
// false where a sum of integers leaves 64 bits, and of decimals.
func Add(a, b any) (any, bool) {
	return combine(a, b, func(x, y int64) (int64, bool) {
		s := x + y
		return s, (s > x) == (y > 0)
	}, func(x, y float64) float64 { return x + y })
}

// Subtract is Add for a difference.
func Subtract(a, b any) (any, bool) {
	return combine(a, b, func(x, y int64) (int64, bool) {
		s := x - y
		return s, (s < x) == (y > 0)
	}, func(x, y float64) float64 { return x - y })
}

// Multiply is Add for a product.
func Multiply(a, b any) (any, bool) {
	return combine(a, b, func(x, y int64) (int64, bool) {
		if x == 0 || y == 0 {
			return 0, true
		}
		p := x * y
		return p, p/y == x && (x != -1 || y != math.MinInt64) && (y != -1 || x != math.MinInt64)
	}, func(x, y float64) float64 { return x * y })
}

func combine(a, b any, whole func(x, y int64) (int64, bool), real func(x, y float64) float64) (any, bool) {
	x, isInt := integer(a)
	y, isToo := integer(b)
	if isInt && isToo {
		n, ok := whole(x, y)
		_, isShort := a.(int32)
		_, isShortToo := b.(int32)
		if isShort && isShortToo && n >= math.MinInt32 && n <= math.MaxInt32 {
			return int32(n), ok
		}
		return n, ok
	}
	f, ok := Float(a)
	g, fine := Float(b)
	return real(f, g), ok && fine && TypeName(a) != "decimal" && TypeName(b) != "decimal"
}
