package expression

import (
	"cmp"
	"errors"
	"math"
	"math/big"
	"strings"
	"time"

	"runbook/engine/schema"
)

var errNotFinite = errors.New("NaN and infinity cannot be compared")

// equal compares two values; where a part that is not known decides, the whole
// is unknown. Values of unlike kinds are an error, but for nil.
func (m *machine) equal(a, b any) (bool, error) {
	if a == nil || b == nil {
		return a == nil && b == nil, nil
	}
	x, y := kindsOf(kindOf(a)), kindsOf(kindOf(b))
	if x == 0 || y == 0 || x != y && (x&isNumeric == 0 || y&isNumeric == 0) {
		return false, unlike(a, b)
	}
	return m.same(a, b)
}

// same is equal where unlike kinds are just not equal.
func (m *machine) same(a, b any) (bool, error) {
	if err := m.spend(1); err != nil {
		return false, err
	}
	for _, side := range [...]any{a, b} {
		if u, unknown := side.(schema.Unknown); unknown {
			return false, &unknownError{derived(u)}
		}
	}
	if _, ok := number(a); ok {
		if _, ok := number(b); !ok {
			return false, nil
		}
		o, err := orderNumbers(a, b)
		return o == 0, err
	}
	switch x := a.(type) {
	case nil, bool, string, time.Duration:
		return a == b, nil
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y), nil
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return m.pairs(false, len(x), func(i int) (any, any) { return x[i], y[i] })
	case map[string]any:
		return m.sameMap(x, b)
	}
	return false, unlike(a, b)
}

func (m *machine) sameMap(x map[string]any, b any) (bool, error) {
	y, ok := b.(map[string]any)
	if !ok || len(x) != len(y) {
		return false, nil
	}
	keys := sortedKeys(x)
	return m.pairs(false, len(keys), func(i int) (any, any) {
		if other, ok := y[keys[i]]; ok {
			return x[keys[i]], other
		}
		return true, false // not the same, whatever the value is
	})
}

// pairs compares n pairs until one is the same, if stop, or is not. An unknown
// counts where none ends it.
func (m *machine) pairs(stop bool, n int, pair func(i int) (any, any)) (bool, error) {
	var first error
	for i := range n {
		same, err := m.same(pair(i))
		switch {
		case fails(err):
			return false, err
		case err == nil && same == stop:
			return stop, nil
		case first == nil:
			first = err
		}
	}
	return !stop, first
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

// order compares two values that have an order: -1, 0 or 1.
func order(a, b any) (int, error) {
	if isNumeric&kindsOf(kindOf(a)) != 0 && isNumeric&kindsOf(kindOf(b)) != 0 {
		return orderNumbers(a, b)
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	case time.Duration:
		if y, ok := b.(time.Duration); ok {
			return cmp.Compare(x, y), nil
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

// orderNumbers compares two numbers exactly: an integer is not rounded to be compared
// with a float.
func orderNumbers(a, b any) (int, error) {
	x, _ := number(a)
	y, _ := number(b)
	if notFinite(x) || notFinite(y) {
		return 0, errNotFinite
	}
	i, ok := whole(a)
	j, ok2 := whole(b)
	switch {
	case ok && ok2:
		return cmp.Compare(i, j), nil
	case ok && x == y:
		return new(big.Float).SetInt64(int64(i)).Cmp(big.NewFloat(y)), nil
	case ok2 && x == y:
		return big.NewFloat(x).Cmp(new(big.Float).SetInt64(int64(j))), nil
	}
	return cmp.Compare(x, y), nil
}

// below is a < b, or a <= b.
func below(a, b any, orEqual bool) (any, error) {
	o, err := order(a, b)
	return o < 0 || orEqual && o == 0, err
}

// in reports whether a is an element of the list b, or a key of the map b.
func (m *machine) in(a, b any) (bool, error) {
	switch b := b.(type) {
	case map[string]any:
		key, ok := a.(string)
		if !ok {
			return false, unlike(a, b)
		}
		_, there := b[key]
		return there, nil
	case []any:
		return m.pairs(true, len(b), func(i int) (any, any) { return b[i], a })
	}
	return false, errors.New(described(b) + " cannot be searched")
}
