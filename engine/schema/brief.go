package schema

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Brief returns v in a few words for one line, as app, 60s or [a, b, 5 more].
// It shows no secret, and no control characters.
func Brief(v any) string {
	const most = 3 // elements
	switch v := v.(type) {
	case string:
		if v == "" || strings.ContainsFunc(v, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }) || len(v) > 60 {
			return quote(v)
		}
		return v
	case []any:
		var parts []string
		for i := range min(len(v), most) {
			parts = append(parts, Brief(v[i]))
		}
		if more := len(v) - most; more > 0 {
			parts = append(parts, fmt.Sprintf("%d more", more))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if len(parts) == most {
				parts = append(parts, fmt.Sprintf("%d more", len(v)-most))
				break
			}
			value := v[name]
			if inner, deep := value.(map[string]any); deep && len(inner) > 0 {
				value = "{…}"
			}
			parts = append(parts, name+": "+Brief(value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case Condition:
		return quote(v.Source)
	case Unknown:
		return "(" + v.String() + ")"
	}
	return show(v)
}

// Same reports whether two playbook values are equal. Unknown equals nothing,
// and times are equal that are the same instant.
func Same(a, b any) bool {
	switch x := a.(type) {
	case Unknown:
		return false
	case nil, bool, int, float64, string, time.Duration, Size, Secret:
		return a == b
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, Same)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, Same)
	}
	return reflect.DeepEqual(a, b)
}
