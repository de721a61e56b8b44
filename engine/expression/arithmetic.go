package expression

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"

	"runbook/engine/schema"
)

var (
	errOverflow = errors.New("the result is too large for an integer")
	errZero     = errors.New("division by zero")
)

// unlike is the error of an operator on two values that do not go together.
func unlike(a, b any) error {
	if a == nil || b == nil {
		return errors.New("nil cannot be used here")
	}
	return fmt.Errorf("%s does not go with %s", described(a), described(b))
}

// number returns v as a float64 if it is numeric.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case schema.Size:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// whole returns v as an integer if it is an int or a size.
func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case schema.Size:
		return int(v), true
	}
	return 0, false
}

func negate(v any) (any, error) {
	switch v := v.(type) {
	case int:
		if v == math.MinInt {
			return nil, errOverflow
		}
		return -v, nil
	case float64:
		return -v, nil
	case time.Duration:
		if v == math.MinInt64 {
			return nil, errOverflow
		}
		return -v, nil
	}
	return nil, fmt.Errorf("%s has no negative", described(v))
}

// compute is a + b and its like for two known values.
func compute(o op, a, b any) (any, error) {
	if x, ok := whole(a); ok {
		if y, ok := whole(b); ok && o != opDivide && o != opPower {
			return computeInt(o, x, y)
		}
	}
	x, ok := number(a)
	y, ok2 := number(b)
	switch {
	case ok && ok2:
		return computeNumber(o, x, y)
	case o == opAdd || o == opSubtract:
		return addition(o, a, b)
	}
	return scale(o, a, b)
}

func computeInt(o op, x, y int) (z int, err error) {
	ok := true
	switch o {
	case opAdd:
		z = x + y
		ok = (z > x) == (y > 0)
	case opSubtract:
		z = x - y
		ok = (z < x) == (y > 0)
	case opMultiply:
		z, ok = multiply(x, y)
	case opModulo:
		if y == 0 {
			return 0, errZero
		}
		if y != -1 {
			z = x % y
		}
	}
	if !ok {
		return 0, errOverflow
	}
	return z, nil
}

func multiply(x, y int) (int, bool) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	if high != 0 || low > 1<<63 || low == 1<<63 && !negative {
		return 0, false
	}
	return x * y, true
}

func magnitude(x int) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func computeNumber(o op, x, y float64) (any, error) {
	switch o {
	case opAdd:
		return x + y, nil
	case opSubtract:
		return x - y, nil
	case opMultiply:
		return x * y, nil
	case opPower:
		return math.Pow(x, y), nil
	case opDivide:
		if y == 0 {
			return nil, errZero
		}
		return x / y, nil
	}
	return nil, errors.New("% takes integers")
}

// addition adds and subtracts texts, times and durations.
func addition(o op, a, b any) (any, error) {
	minus := o == opSubtract
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok && !minus {
			if len(x)+len(y) > maxText {
				return nil, errText
			}
			return x + y, nil
		}
	case time.Time:
		switch y := b.(type) {
		case time.Time:
			if minus {
				return x.Sub(y), nil
			}
		case time.Duration:
			if minus {
				y = -y
			}
			return x.Add(y), nil
		}
	case time.Duration:
		switch y := b.(type) {
		case time.Time:
			if !minus {
				return y.Add(x), nil
			}
		case time.Duration:
			n, err := computeInt(o, int(x), int(y))
			return time.Duration(n), err
		}
	}
	return nil, unlike(a, b)
}

// scale multiplies and divides durations.
func scale(o op, a, b any) (any, error) {
	if _, ok := b.(time.Duration); ok && o == opMultiply {
		a, b = b, a
	}
	d, ok := a.(time.Duration)
	if !ok || o != opMultiply && o != opDivide {
		return nil, unlike(a, b)
	}
	if other, ok := b.(time.Duration); ok && o == opDivide {
		if other == 0 {
			return nil, errZero
		}
		return float64(d) / float64(other), nil
	}
	if by, ok := whole(b); ok && o == opMultiply {
		n, err := computeInt(o, int(d), by)
		return time.Duration(n), err
	}
	by, ok := number(b)
	if !ok {
		return nil, unlike(a, b)
	}
	result := float64(d) * by
	if o == opDivide {
		if by == 0 {
			return nil, errZero
		}
		result = float64(d) / by
	}
	if !(math.Abs(result) < 1<<63) {
		return nil, errOverflow
	}
	return time.Duration(result), nil
}

// span is a..b.
func (m *machine) span(a, b any) (any, error) {
	from, ok := integer(a)
	to, ok2 := integer(b)
	if !ok || !ok2 {
		return nil, unlike(a, b)
	}
	if to < from {
		return []any{}, nil
	}
	n := uint64(to) - uint64(from)
	if n >= maxList {
		return nil, errList
	}
	if err := m.spend(int(n) / 8); err != nil {
		return nil, err
	}
	list := make([]any, n+1)
	for i := range list {
		list[i] = from + i
	}
	return list, nil
}
