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

// operation is what an operator gives of two values of these kinds.
type operation struct {
	left, right kinds
	gives       *schema.Type
	do          func(a, b any) (any, error) // nil: the machine does it
}

// operations are the operators by the kinds of their sides; of several that fit the
// first counts.
var operations = [...][]operation{
	opAdd: {
		{isWhole, isWhole, schema.IntType, ints(add)},
		{isNumeric, isNumeric, schema.NumberType, floats(func(x, y float64) float64 { return x + y })},
		{isText, isText, schema.StringType, both(joined)},
		{isTime, isDuration, schema.TimeType, both(func(t time.Time, d time.Duration) (any, error) { return t.Add(d), nil })},
		{isDuration, isTime, schema.TimeType, both(func(d time.Duration, t time.Time) (any, error) { return t.Add(d), nil })},
		{isDuration, isDuration, schema.DurationType, durations(add)},
	},
	opSubtract: {
		{isWhole, isWhole, schema.IntType, ints(subtract)},
		{isNumeric, isNumeric, schema.NumberType, floats(func(x, y float64) float64 { return x - y })},
		{isTime, isDuration, schema.TimeType, both(func(t time.Time, d time.Duration) (any, error) { return t.Add(-d), nil })},
		{isTime, isTime, schema.DurationType, both(func(t, u time.Time) (any, error) { return t.Sub(u), nil })},
		{isDuration, isDuration, schema.DurationType, durations(subtract)},
	},
	opMultiply: {
		{isWhole, isWhole, schema.IntType, ints(multiply)},
		{isNumeric, isNumeric, schema.NumberType, floats(func(x, y float64) float64 { return x * y })},
		{isDuration, isWhole, schema.DurationType, durations(multiply)},
		{isWhole, isDuration, schema.DurationType, durations(multiply)},
		{isDuration, isNumeric, schema.DurationType, scaled(func(x, y float64) float64 { return x * y })},
		{isNumeric, isDuration, schema.DurationType, scaled(func(x, y float64) float64 { return x * y })},
	},
	opDivide: {
		{isNumeric, isNumeric, schema.NumberType, divisible(floats(divide))},
		{isDuration, isDuration, schema.NumberType, divisible(floats(divide))},
		{isDuration, isNumeric, schema.DurationType, divisible(scaled(divide))},
	},
	opModulo:     {{isWhole, isWhole, schema.IntType, divisible(ints(remainder))}},
	opPower:      {{isNumeric, isNumeric, schema.NumberType, floats(math.Pow)}},
	opRange:      {{isInt, isInt, schema.ListOf(schema.IntType), nil}},
	opMatches:    {{isText, isText, schema.BoolType, nil}},
	opContains:   {{isText, isText, schema.BoolType, nil}},
	opStartsWith: {{isText, isText, schema.BoolType, nil}},
	opEndsWith:   {{isText, isText, schema.BoolType, nil}},
}

// resultOf is the type of an operator's result, nil where it takes no such values.
// Where a side is not known before evaluation it is what all agree on that may be meant.
func resultOf(o op, left, right *schema.Type) *schema.Type {
	var gives *schema.Type
	for _, way := range operations[o] {
		switch {
		case !way.left.take(left) || !way.right.take(right):
		case left.Kind != schema.Any && right.Kind != schema.Any:
			return way.gives
		case gives != nil && gives != way.gives:
			return schema.AnyType
		default:
			gives = way.gives
		}
	}
	return gives
}

// compute is a + b and its like for two known values.
func compute(o op, a, b any) (any, error) {
	left, right := kindsOf(kindOf(a)), kindsOf(kindOf(b))
	for _, way := range operations[o] {
		if way.left&left != 0 && way.right&right != 0 {
			return way.do(a, b)
		}
	}
	return nil, unlike(a, b)
}

// number returns v as a float64 if it is numeric.
func number(v any) (float64, bool) {
	if f, ok := v.(float64); ok {
		return f, true
	}
	n, ok := whole(v)
	return float64(n), ok
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
	case float64:
		return -v, nil
	case time.Duration:
		return compute(opSubtract, time.Duration(0), v)
	case int:
		return compute(opSubtract, 0, v)
	}
	return nil, fmt.Errorf("%s has no negative", described(v))
}

func both[A, B any](f func(A, B) (any, error)) func(a, b any) (any, error) {
	return func(a, b any) (any, error) { return f(a.(A), b.(B)) }
}

// ints computes with integers; f says whether the result is one.
func ints(f func(x, y int) (int, bool)) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		x, _ := whole(a)
		y, _ := whole(b)
		z, ok := f(x, y)
		if !ok {
			return nil, errOverflow
		}
		return z, nil
	}
}

// durations computes with durations, of which one may be an integer.
func durations(f func(x, y int) (int, bool)) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		z, err := ints(f)(plain(a), plain(b))
		n, _ := z.(int)
		return time.Duration(n), err
	}
}

// plain is a duration as the number of its nanoseconds, and else v.
func plain(v any) any {
	if d, ok := v.(time.Duration); ok {
		return int(d)
	}
	return v
}

func floats(f func(x, y float64) float64) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		x, _ := number(plain(a))
		y, _ := number(plain(b))
		return f(x, y), nil
	}
}

// scaled computes a duration from one and a number.
func scaled(f func(x, y float64) float64) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		z, err := floats(f)(a, b)
		result, _ := z.(float64)
		if !(math.Abs(result) < 1<<63) {
			return nil, errOverflow
		}
		return time.Duration(result), err
	}
}

// divisible is do where b is not zero.
func divisible(do func(a, b any) (any, error)) func(a, b any) (any, error) {
	return func(a, b any) (any, error) {
		if by, _ := number(plain(b)); by == 0 {
			return nil, errZero
		}
		return do(a, b)
	}
}

func divide(x, y float64) float64 { return x / y }

func add(x, y int) (int, bool) { return x + y, (x+y > x) == (y > 0) }

func subtract(x, y int) (int, bool) { return x - y, (x-y < x) == (y > 0) }

func remainder(x, y int) (int, bool) { return x % y, true }

func multiply(x, y int) (int, bool) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	return x * y, high == 0 && (low < 1<<63 || low == 1<<63 && negative)
}

func magnitude(x int) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func joined(x, y string) (any, error) { return boundedText(x + y) }

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
