package expression

import (
	"strings"

	"runbook/lab/document/value"
)

func texts(op string) (function, bool) {
	change := strings.ToLower
	switch op {
	case "$concat":
		return function{0, -1, concat}, true
	case "$toLower":
	case "$toUpper":
		change = strings.ToUpper
	default:
		return function{}, false
	}
	return function{1, 1, func(v []any) (any, error) {
		if value.IsNullish(v[0]) {
			return "", nil
		}
		s, ok := v[0].(string)
		if !ok {
			return nil, value.Refused(16007, "can't convert from BSON type %s to String", value.TypeName(v[0]))
		}
		return change(s), nil
	}}, true
}

func concat(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	var b strings.Builder
	for _, e := range v {
		s, ok := e.(string)
		if !ok {
			return nil, value.Refused(16702, "$concat only supports strings, not %s", value.TypeName(e))
		}
		b.WriteString(s)
	}
	return b.String(), nil
}
