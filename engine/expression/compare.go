package expression

import (
	"errors"
	"math"
	"strings"
	"time"

	"runbook/engine/schema"
)

var errNotFinite = errors.New("NaN and infinity cannot be compared")

// equal compares two values: a bool, or an Unknown where a part that is not
// known decides. Values of unlike kinds are an error, but for nil.
func (m *machine) equal(a, b any) (any, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	x, y := kindsOf(kindOf(a)), kindsOf(kindOf(b))
	if x == 0 || y == 0 || x != y && (x&isNumeric == 0 || y&isNumeric == 0) {
		return nil, unlike(a, b)
	}
	return m.same(a, b)
}

// same is equal where unlike kinds are just not equal.
func (m *machine) same(a, b any) (any, error) {
	if err := m.spend(1); err != nil {
		return nil, err
	}
	if u, unknown := a.(schema.Unknown); unknown {
		return derived(u), nil
	}
	if u, unknown := b.(schema.Unknown); unknown {
		return derived(u), nil
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		if ok && (notFinite(x) || notFinite(y)) {
			return nil, errNotFinite
		}
		i, ok1 := whole(a)
		j, ok2 := whole(b)
		if ok1 && ok2 {
			return i == j, nil
		}
		return ok && x == y, nil
	}
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case string:
		y, ok := b.(string)
		return ok && x == y, nil
	case time.Duration:
		y, ok := b.(time.Duration)
		return ok && x == y, nil
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y), nil
	case []any:
		return m.sameList(x, b)
	case map[string]any:
		return m.sameMap(x, b)
	}
	return nil, unlike(a, b)
}

func (m *machine) sameList(x []any, b any) (any, error) {
	y, ok := b.([]any)
	if !ok || len(x) != len(y) {
		return false, nil
	}
	var result any = true
	for i := range x {
		same, err := m.same(x[i], y[i])
		if err != nil {
			return nil, err
		}
		if same == false {
			return false, nil
		}
		if _, unknown := same.(schema.Unknown); unknown && result == true {
			result = same
		}
	}
	return result, nil
}

func (m *machine) sameMap(x map[string]any, b any) (any, error) {
	y, ok := b.(map[string]any)
	if !ok || len(x) != len(y) {
		return false, nil
	}
	var result any = true
	for _, key := range sortedKeys(x) {
		other, ok := y[key]
		if !ok {
			return false, nil
		}
		same, err := m.same(x[key], other)
		if err != nil {
			return nil, err
		}
		if same == false {
			return false, nil
		}
		if _, unknown := same.(schema.Unknown); unknown && result == true {
			result = same
		}
	}
	return result, nil
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

// order compares two values that have an order: -1, 0 or 1.
func order(a, b any) (int, error) {
	if x, ok := number(a); ok {
		if y, ok := number(b); ok {
			return orderNumbers(a, b, x, y)
		}
		return 0, unlike(a, b)
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return sign(x < y, x > y), nil
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y), nil
		}
	case map[string]any:
		if y, ok := b.(map[string]any); ok {
			return orderVersions(x, y)
		}
	}
	return 0, unlike(a, b)
}

func orderNumbers(a, b any, x, y float64) (int, error) {
	if notFinite(x) || notFinite(y) {
		return 0, errNotFinite
	}
	i, ok := whole(a)
	j, ok2 := whole(b)
	if ok && ok2 {
		return sign(i < j, i > j), nil
	}
	return sign(x < y, x > y), nil
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}

func less(a, b any) (any, error)      { return decide(a, b, func(o int) bool { return o < 0 }) }
func lessEqual(a, b any) (any, error) { return decide(a, b, func(o int) bool { return o <= 0 }) }

func decide(a, b any, by func(int) bool) (any, error) {
	o, err := order(a, b)
	if err != nil {
		return nil, err
	}
	return by(o), nil
}

// in reports whether a is an element of the list b, or a key of the map b.
func (m *machine) in(a, b any) (any, error) {
	switch b := b.(type) {
	case map[string]any:
		key, ok := a.(string)
		if !ok {
			return nil, unlike(a, b)
		}
		_, there := b[key]
		return there, nil
	case []any:
		var result any = false
		for _, x := range b {
			same, err := m.same(x, a)
			if err != nil {
				return nil, err
			}
			if same == true {
				return true, nil
			}
			if _, unknown := same.(schema.Unknown); unknown && result == false {
				result = same
			}
		}
		return result, nil
	case nil:
		return nil, errors.New("nil cannot be searched")
	}
	return nil, errors.New(described(b) + " cannot be searched")
}
