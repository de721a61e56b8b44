package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// TextOf returns a playbook value as interpolation prints it: durations as
// 30m, sizes as 2GiB, times as RFC 3339 in UTC, numbers as short as they can
// be, lists and maps as JSON, nil as (none), a secret and an unknown by their
// names.
func TextOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return formatNumber(v)
	case time.Duration:
		return FormatDuration(v)
	case Size:
		return FormatSize(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case Condition:
		return v.Source
	case []any, map[string]any:
		text, err := JSONOf(v)
		if err != nil {
			return "(" + err.Error() + ")"
		}
		return text
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprintf("(%T)", v)
}

// formatNumber prints a number so that reading it gives the same, with an
// exponent only where it would be very long.
func formatNumber(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// JSONOf returns a playbook value as compact JSON, keys sorted: durations and
// times as their texts, sizes as bytes. NaN and infinity are an error.
func JSONOf(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(plainJSON(v)); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// plainJSON replaces what JSON lacks by its text.
func plainJSON(v any) any {
	switch v := v.(type) {
	case time.Duration, time.Time, Condition, Unknown, Secret:
		return TextOf(v)
	case Size:
		return int64(v)
	}
	return Mapped(v, plainJSON)
}

// Mapped returns a list or a map with what f gives of each element; what is
// neither it returns as it is.
func Mapped(v any, f func(any) any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = f(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for key := range v {
			m[key] = f(v[key])
		}
		return m
	}
	return v
}
