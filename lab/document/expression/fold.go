package expression

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// folds are $sum, $avg, $min and $max over their operands or, of a single array,
// over its elements.
func folds(op string) (function, bool) {
	var fold func(v []any) any
	switch op {
	case "$sum":
		fold = Sum
	case "$avg":
		fold = Average
	case "$min":
		fold = func(v []any) any { return Extreme(v, -1) }
	case "$max":
		fold = func(v []any) any { return Extreme(v, 1) }
	default:
		return function{}, false
	}
	return function{0, -1, func(v []any) (any, error) {
		if len(v) == 1 {
			if a, ok := v[0].(bson.A); ok {
				v = a
			}
		}
		return fold(v), nil
	}}, true
}

// Sum adds up the numbers among values; of none it is 0.
func Sum(values []any) any {
	var sum any = int32(0)
	for _, v := range values {
		if value.IsNumber(v) {
			sum = combined(sum, v, value.Add, plus)
		}
	}
	return sum
}

// Average is the mean of the numbers among values; of none it is null.
func Average(values []any) any {
	sum, n := 0.0, 0
	for _, v := range values {
		if f, ok := value.Float(v); ok {
			sum += f
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return sum / float64(n)
}

// Extreme is the greatest value for a sign of 1, the least for -1. Null and
// what is missing do not count; of nothing else it is null.
func Extreme(values []any, sign int) any {
	var best any
	for _, v := range values {
		if value.IsNullish(v) {
			continue
		}
		if best == nil || value.Compare(v, best)*sign > 0 {
			best = v
		}
	}
	return best
}
