package schema

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The tags by which the journal tells values apart that JSON writes alike. A
// tagged value is an object with the tag as its only key.
const (
	tagUnknown   = "$unknown"   // {after, why, now}
	tagSecret    = "$secret"    // the name
	tagDuration  = "$duration"  // 1h30m
	tagSize      = "$size"      // bytes
	tagTime      = "$time"      // RFC 3339 with nanoseconds
	tagCondition = "$condition" // {source, holds}
	tagNumber    = "$number"    // NaN, Inf, -Inf
	tagString    = "$string"    // a text where one is not expected
	tagInt       = "$int"       // an int where a size is expected
	tagBytes     = "$bytes"     // a text that is no UTF-8, in base64
	tagPairs     = "$pairs"     // a map with keys that look like tags
)

// MarshalValue encodes a playbook value as JSON for the journal, against its
// declared type: UnmarshalValue with the same type gives the same value back.
// Of a secret the name is kept, of a condition source and result, of a time
// the instant and the offset of its zone. Equal values have equal encodings.
func MarshalValue(t *Type, v any) ([]byte, error) {
	return AppendValue(nil, t, v)
}

// AppendValue is MarshalValue that appends to b.
func AppendValue(b []byte, t *Type, v any) ([]byte, error) { return appendValue(b, t, v, math.MaxInt) }

// ErrLong is of a value that holds a text longer than it may be.
var ErrLong = errors.New("a text in it is too long")

// AppendBounded is AppendValue of a value with texts of at most so many bytes, else the
// error is ErrLong.
func AppendBounded(b []byte, t *Type, v any, most int) ([]byte, error) {
	return appendValue(b, t, v, most)
}

func appendValue(b []byte, t *Type, v any, most int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		if t.Kind == SizeKind {
			return appendTagged(b, tagInt, strconv.Itoa(v)), nil
		}
		return strconv.AppendInt(b, int64(v), 10), nil
	case float64:
		return appendFloat(b, v), nil
	case string:
		if len(v) > most {
			return nil, ErrLong
		}
		return appendText(b, t, v), nil
	case []any:
		return appendList(b, t, v, most)
	case map[string]any:
		return appendMap(b, t, v, most)
	default:
		return appendScalar(b, t, v)
	}
}

func appendScalar(b []byte, t *Type, v any) ([]byte, error) {
	switch v := v.(type) {
	case time.Duration:
		text := appendString(nil, FormatDuration(v))
		if t.Kind == Duration {
			return append(b, text...), nil
		}
		return appendTagged(b, tagDuration, string(text)), nil
	case Size:
		if t.Kind == SizeKind {
			return strconv.AppendInt(b, int64(v), 10), nil
		}
		return appendTagged(b, tagSize, strconv.FormatInt(int64(v), 10)), nil
	case time.Time:
		text := `"` + journalTime(v) + `"`
		if t.Kind == Time {
			return append(b, text...), nil
		}
		return appendTagged(b, tagTime, text), nil
	case Secret:
		return appendTagged(b, tagSecret, string(appendString(nil, v.name))), nil
	case Condition:
		source := appendString(nil, v.Source)
		return appendTagged(b, tagCondition, fmt.Sprintf(`{"source":%s,"holds":%t}`, source, v.Holds)), nil
	case Unknown:
		now, err := MarshalValue(AnyType, v.Now)
		if err != nil {
			return nil, err
		}
		after, why := appendString(nil, v.After), appendString(nil, v.Why)
		return appendTagged(b, tagUnknown, fmt.Sprintf(`{"after":%s,"why":%s,"now":%s}`, after, why, now)), nil
	}
	return nil, fmt.Errorf("encode a value: a %T is no value of playbooks", v)
}

func appendTagged(b []byte, tag, encoded string) []byte {
	b = append(b, '{', '"')
	b = append(b, tag...)
	b = append(b, '"', ':')
	b = append(b, encoded...)
	return append(b, '}')
}

// appendFloat writes a point or an exponent always, by which it is no int.
func appendFloat(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return appendTagged(b, tagNumber, `"NaN"`)
	case math.IsInf(f, 1):
		return appendTagged(b, tagNumber, `"Inf"`)
	case math.IsInf(f, -1):
		return appendTagged(b, tagNumber, `"-Inf"`)
	}
	start := len(b)
	b = strconv.AppendFloat(b, f, 'g', -1, 64)
	for _, c := range b[start:] {
		if c == '.' || c == 'e' {
			return b
		}
	}
	return append(b, '.', '0')
}

func appendText(b []byte, t *Type, s string) []byte {
	if !utf8.ValidString(s) {
		return appendTagged(b, tagBytes, `"`+base64.StdEncoding.EncodeToString([]byte(s))+`"`)
	}
	if t.Kind == Duration || t.Kind == Time {
		return appendTagged(b, tagString, string(appendString(nil, s)))
	}
	return appendString(b, s)
}

// escaped are the bytes at which appendString looks twice.
var escaped = func() (t [256]bool) {
	for c := range ' ' {
		t[c] = true
	}
	for _, c := range []byte("\"\\<>&\xe2") {
		t[c] = true
	}
	return t
}()

// appendString writes a JSON string, as encoding/json does; s must be UTF-8.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		if !escaped[s[i]] {
			continue
		}
		end := i + 1
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(append(b, s[from:i]...), '\\', c)
		case c == '\n':
			b = append(append(b, s[from:i]...), '\\', 'n')
		case c == 0xe2 && !strings.HasPrefix(s[i:], "\u2028") && !strings.HasPrefix(s[i:], "\u2029"):
			continue
		default:
			if c == 0xe2 { // a line end of JavaScript
				end = i + 3
			}
			encoded, _ := json.Marshal(s[i:end])
			b = append(append(b, s[from:i]...), encoded[1:len(encoded)-1]...)
		}
		from, i = end, end-1
	}
	return append(append(b, s[from:]...), '"')
}

func appendList(b []byte, t *Type, list []any, most int) (_ []byte, err error) {
	elem := AnyType
	if t.Kind == List {
		elem = t.Element()
	}
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, elem, list[i], most); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap(b []byte, t *Type, m map[string]any, most int) (_ []byte, err error) {
	var room [16]string
	keys, pairs := room[:0], false
	for k := range m {
		keys = append(keys, k)
		pairs = pairs || strings.HasPrefix(k, "$") || !utf8.ValidString(k)
	}
	slices.Sort(keys)
	open, between, end := "{", ":", "}"
	if pairs {
		open, between, end = `{"`+tagPairs+`":[`, ",", "]}"
	}
	b = append(b, open...)
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		if pairs {
			b = appendText(append(b, '['), AnyType, key)
		} else {
			b = appendString(b, key)
		}
		b = append(b, between...)
		if b, err = appendValue(b, t.member(key), m[key], most); err != nil {
			return nil, err
		}
		if pairs {
			b = append(b, ']')
		}
	}
	return append(b, end...), nil
}

// member is the type of the value under key of a map or an object.
func (t *Type) member(key string) *Type {
	switch t.Kind {
	case Map:
		return t.Element()
	case Object:
		for i := range t.Fields {
			if t.Fields[i].Name == key {
				return t.Fields[i].Type
			}
		}
	}
	return AnyType
}

// journalTime is exact to the nanosecond. Offsets with seconds, which RFC 3339
// cannot write, and years beyond its four digits become UTC.
func journalTime(t time.Time) string {
	if _, offset := t.Zone(); offset%60 != 0 {
		t = t.UTC()
	}
	return t.Format(time.RFC3339Nano)
}
