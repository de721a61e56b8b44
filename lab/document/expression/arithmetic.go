package expression

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func arithmetics(op string) (function, bool) {
	switch op {
	case "$add":
		return function{0, -1, add}, true
	case "$subtract":
		return function{2, 2, subtract}, true
	case "$multiply":
		return function{0, -1, multiply}, true
	case "$divide":
		return function{2, 2, divide}, true
	case "$round":
		return function{1, 2, rounded}, true
	}
	real, ok := reals(op)
	return function{1, 1, func(v []any) (any, error) {
		if value.IsNullish(v[0]) {
			return nil, nil
		}
		f, ok := value.Float(v[0])
		if !ok {
			return nil, value.Refused(28765, "%s only supports numeric types, not %s", op, value.TypeName(v[0]))
		}
		return like(v[0], real(f)), nil
	}}, ok
}

func reals(op string) (func(float64) float64, bool) {
	switch op {
	case "$abs":
		return math.Abs, true
	case "$ceil":
		return math.Ceil, true
	case "$floor":
		return math.Floor, true
	}
	return nil, false
}

// like gives a result the type of its operand.
func like(operand any, f float64) any {
	switch operand.(type) {
	case int32:
		return int32(f)
	case int64:
		return int64(f)
	}
	return f
}

func anyNull(v []any) bool {
	for _, e := range v {
		if value.IsNullish(e) {
			return true
		}
	}
	return false
}

func add(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	var sum any = int32(0)
	date := false
	for _, e := range v {
		if d, ok := e.(bson.DateTime); ok {
			if date {
				return nil, value.Refused(16612, "only one date allowed in an $add expression")
			}
			date, e = true, int64(d)
		}
		if !value.IsNumber(e) {
			return nil, value.Refused(value.TypeMismatch, "$add only supports numeric or date types, not %s", value.TypeName(e))
		}
		sum = combined(sum, e, value.Add, plus)
	}
	if date {
		f, _ := value.Float(sum)
		return bson.DateTime(math.Round(f)), nil
	}
	return sum, nil
}

// combined is what exact gives, or a double where that leaves 64 bits.
func combined(a, b any, exact func(a, b any) (any, bool), real func(x, y float64) float64) any {
	if v, ok := exact(a, b); ok {
		return v
	}
	x, _ := value.Float(a)
	y, _ := value.Float(b)
	return real(x, y)
}

func plus(x, y float64) float64 { return x + y }

func subtract(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	d, isDate := v[0].(bson.DateTime)
	e, isToo := v[1].(bson.DateTime)
	switch {
	case isDate && isToo:
		return int64(d - e), nil
	case isDate && value.IsNumber(v[1]):
		f, _ := value.Float(v[1])
		return d - bson.DateTime(math.Round(f)), nil
	case value.IsNumber(v[0]) && value.IsNumber(v[1]):
		return combined(v[0], v[1], value.Subtract, func(x, y float64) float64 { return x - y }), nil
	}
	return nil, value.Refused(value.TypeMismatch, "can't $subtract %s from %s", value.TypeName(v[1]), value.TypeName(v[0]))
}

func multiply(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	var product any = int32(1)
	for _, e := range v {
		if !value.IsNumber(e) {
			return nil, value.Refused(value.TypeMismatch, "$multiply only supports numeric types, not %s", value.TypeName(e))
		}
		product = combined(product, e, value.Multiply, func(x, y float64) float64 { return x * y })
	}
	return product, nil
}

func divide(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	x, ok := value.Float(v[0])
	y, fine := value.Float(v[1])
	if !ok || !fine {
		return nil, value.Refused(value.TypeMismatch, "$divide only supports numeric types, not %s and %s", value.TypeName(v[0]), value.TypeName(v[1]))
	}
	if y == 0 {
		return nil, value.Refused(value.BadValue, "can't $divide by zero")
	}
	return x / y, nil
}

func rounded(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	f, ok := value.Float(v[0])
	if !ok {
		return nil, value.Refused(51081, "$round only supports numeric types, not %s", value.TypeName(v[0]))
	}
	var places int64
	if len(v) > 1 {
		if places, ok = value.Int(v[1]); !ok || places < -20 || places > 100 {
			return nil, value.Refused(51082, "precision argument to $round must be an integral value between -20 and 100")
		}
	}
	scale := math.Pow(10, float64(places))
	if r := math.RoundToEven(f*scale) / scale; !math.IsInf(r, 0) && !math.IsNaN(r) {
		f = r
	}
	return like(v[0], f), nil
}
