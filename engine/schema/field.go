package schema

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// ConvertField is Convert for the value of f, and checks its bounds and its
// pattern. Bounds of a text count its characters, of a list its elements.
func ConvertField(f Field, v any) (any, error) {
	fitted, err := Convert(f.Type, v)
	if err != nil {
		if one := (*Fault)(nil); errors.As(err, &one) && one.Takes == f.Type.String() {
			one.Takes = f.Takes()
		}
		return nil, err
	}
	if err := f.check(fitted); err != nil {
		return nil, err
	}
	return fitted, nil
}

func (f *Field) check(v any) error {
	if f.Min == nil && f.Max == nil && f.Pattern == "" {
		return nil
	}
	if text, ok := v.(string); ok && f.Pattern != "" {
		re, err := compiled(f.Pattern)
		if err != nil {
			return &Fault{Message: err.Error()}
		}
		if !re.MatchString(text) {
			return &Fault{Message: quote(text) + " does not match " + f.Pattern, Takes: f.Takes()}
		}
	}
	size, ok := measure(v)
	if !ok {
		return nil
	}
	if low, ok := measure(f.Min); ok && size < low {
		return &Fault{Message: shownSize(v) + " is too small", Takes: f.Takes()}
	}
	if high, ok := measure(f.Max); ok && size > high {
		return &Fault{Message: shownSize(v) + " is too large", Takes: f.Takes()}
	}
	if f, isFloat := v.(float64); isFloat && math.IsNaN(f) {
		return &Fault{Message: "NaN is within no bounds"}
	}
	return nil
}

// measure is what bounds compare: the value of a quantity, the length of a
// text or of a list.
func measure(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case time.Duration:
		return float64(v), true
	case Size:
		return float64(v), true
	case string:
		return float64(len([]rune(v))), true
	case []any:
		return float64(len(v)), true
	}
	return 0, false
}

func shownSize(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("a text of %d characters", len([]rune(v)))
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	}
	return show(v)
}

// Takes says what the field takes: "duration from 1s to 1h, default 60s".
func (f *Field) Takes() string {
	s := f.Type.AsRequired().String()
	if row := f.Type.Element(); row.Kind == Object && f.Type.Kind != Object {
		fields := make([]string, len(row.Fields))
		for i, of := range row.Fields {
			fields[i] = of.Name + ": " + of.Type.String()
		}
		s = f.Type.Kind.String() + " of {" + strings.Join(fields, ", ") + "}"
	}
	low, high := f.Min != nil, f.Max != nil
	unit := ""
	if f.Type.Kind == String {
		unit = " characters"
	}
	switch {
	case low && high:
		s += " from " + show(f.Min) + " to " + show(f.Max) + unit
	case low:
		s += " from " + show(f.Min) + unit
	case high:
		s += " up to " + show(f.Max) + unit
	}
	if f.Pattern != "" {
		s += " matching " + f.Pattern
	}
	if f.Default != nil {
		s += ", default " + show(f.Default)
	}
	return s
}
