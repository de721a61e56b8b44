package expression

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func arrays(op string) (function, bool) {
	switch op {
	case "$size":
		return function{1, 1, size}, true
	case "$isArray":
		return function{1, 1, func(v []any) (any, error) {
			_, ok := v[0].(bson.A)
			return ok, nil
		}}, true
	case "$arrayElemAt":
		return function{2, 2, elementAt}, true
	case "$first", "$last":
		at := int32(0)
		if op == "$last" {
			at = -1
		}
		return function{1, 1, func(v []any) (any, error) { return elementAt([]any{v[0], at}) }}, true
	case "$in":
		return function{2, 2, contains}, true
	}
	return function{}, false
}

func size(v []any) (any, error) {
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, value.Refused(17124, "The argument to $size must be an array, but was of type: %s", value.TypeName(v[0]))
	}
	return int32(len(a)), nil
}

func elementAt(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, value.Refused(28689, "$arrayElemAt's first argument must be an array, but is %s", value.TypeName(v[0]))
	}
	i, ok := value.Int(v[1])
	if !ok {
		return nil, value.Refused(28690, "$arrayElemAt's second argument must be a numeric value, but is %s", value.TypeName(v[1]))
	}
	if i < 0 {
		i += int64(len(a))
	}
	if i < 0 || i >= int64(len(a)) {
		return value.Missing{}, nil
	}
	return a[i], nil
}

func contains(v []any) (any, error) {
	a, ok := v[1].(bson.A)
	if !ok {
		return nil, value.Refused(40081, "$in requires an array as a second argument, found: %s", value.TypeName(v[1]))
	}
	return slices.ContainsFunc(a, func(e any) bool { return value.Equal(e, v[0]) }), nil
}
