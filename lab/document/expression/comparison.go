package expression

import (
	"runbook/lab/document/value"
)

func comparisons(op string) (function, bool) {
	var holds func(c int) bool
	switch op {
	case "$cmp":
		return function{2, 2, func(v []any) (any, error) { return int32(value.Compare(v[0], v[1])), nil }}, true
	case "$eq":
		holds = func(c int) bool { return c == 0 }
	case "$ne":
		holds = func(c int) bool { return c != 0 }
	case "$gt":
		holds = func(c int) bool { return c > 0 }
	case "$gte":
		holds = func(c int) bool { return c >= 0 }
	case "$lt":
		holds = func(c int) bool { return c < 0 }
	case "$lte":
		holds = func(c int) bool { return c <= 0 }
	case "$not":
		return function{1, 1, func(v []any) (any, error) { return !value.Truth(v[0]), nil }}, true
	default:
		return function{}, false
	}
	return function{2, 2, func(v []any) (any, error) { return holds(value.Compare(v[0], v[1])), nil }}, true
}
