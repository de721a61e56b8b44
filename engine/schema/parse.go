package schema

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseText reads the text of a YAML scalar, or of `-i name=text`, as a value
// of t. The declared type decides: quotes matter only where t is any (a quoted
// text stays text) and for null. Lists, maps and objects are read as JSON. The
// error is one sentence that quotes the text.
func ParseText(t *Type, text string, quoted bool) (any, error) {
	if !quoted && IsNull(text) {
		switch {
		case t.Optional || t.Kind == Any:
			return nil, nil
		case t.Kind == String && text != "":
			return nil, fmt.Errorf("%s is nothing and no text, quote it to mean the word", text)
		}
	}
	if len(text) > maxQuantity && t.Kind >= Bool && t.Kind <= Time && t.Kind != String {
		return nil, fmt.Errorf("%s is no %s, it has %d bytes", quote(text[:maxQuantity]+"…"), t, len(text))
	}
	switch t.Kind {
	case Null:
		return nil, fmt.Errorf("%s is not null", quote(text))
	case Any:
		if at, err := time.Parse(time.RFC3339Nano, text); t.Times && !quoted && err == nil {
			return at, nil
		}
		return parseAny(text, quoted), nil
	case Bool:
		return parseBool(text)
	case Int:
		return parseInt(text)
	case Number:
		return parseNumber(text)
	case Duration:
		return boxed(ParseDuration(text))
	case SizeKind:
		return boxed(ParseSize(text))
	case Time:
		return boxed(ParseTime(text))
	case SecretKind:
		return nil, fmt.Errorf("a secret is never written as text, name where it comes from")
	case List, Map, Object:
		return parseJSON(t, text)
	case ConditionKind:
		return nil, fmt.Errorf("%s is no condition", quote(text))
	default:
		return Convert(t, text)
	}
}

// maxQuantity bounds the text of a number, a duration, a size or a time, in
// bytes: more is no quantity, and costs to read.
const maxQuantity = 100

// boxed makes a failed parse return nil and not a zero value.
func boxed[T any](v T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// IsNull reports whether an unquoted scalar means nothing.
func IsNull(text string) bool {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

func parseBool(text string) (any, error) {
	switch text {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return nil, fmt.Errorf("%s is no bool, write true or false", quote(text))
}

func parseInt(text string) (any, error) {
	if !isDecimal(text) {
		if digits := strings.TrimLeft(text, "+-0"); digits != text && isDecimal(digits) {
			return nil, fmt.Errorf("%s is no int, it is octal to some and decimal to others; write %s", quote(text), digits)
		}
		return nil, fmt.Errorf("%s is no int, write decimal digits only, as 1000", quote(text))
	}
	n, err := strconv.ParseInt(text, 10, strconv.IntSize)
	if err != nil {
		return nil, fmt.Errorf("%s is no int, it is beyond 64 bits", quote(text))
	}
	return int(n), nil
}

// isDecimal reports whether text is an integer as people write it: an optional
// sign, digits, no leading zero.
func isDecimal(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	return leading(digits, "0123456789") == digits
}

// numeric are the decimal notations, without leading zeros.
var numeric = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func parseNumber(text string) (any, error) {
	if !numeric.MatchString(text) {
		return nil, fmt.Errorf("%s is no number, write it as 42 or 0.5", quote(text))
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%s is no number, it is too large", quote(text))
	}
	if n, err := parseInt(text); err == nil && !exact(n.(int)) || err != nil && isDecimal(text) {
		return nil, fmt.Errorf("%s is no number, it would be rounded to %s; %s", quote(text), strconv.FormatFloat(f, 'f', -1, 64), roundedAdvice)
	}
	return f, nil
}

// roundedAdvice says how a whole number that no float64 holds is kept.
const roundedAdvice = "take it as an int, or write it with an exponent, as 9e15"

// exact reports whether a float64 holds n as it is.
func exact(n int) bool {
	f := float64(n)
	return f < 1<<63 && int(f) == n
}

// parseAny reads an untyped scalar: true and false, a whole number without leading
// zeros, and a number with a point are values; everything else is text, also what
// only looks like a number, as the commit 72225e2.
func parseAny(text string, quoted bool) any {
	if quoted {
		return text
	}
	switch text {
	case "true", "True", "TRUE":
		return true
	case "false", "False", "FALSE":
		return false
	}
	if n, err := parseInt(text); err == nil {
		return n
	}
	if f, err := parseNumber(text); err == nil && strings.Contains(text, ".") {
		return f
	}
	return text
}

func parseJSON(t *Type, text string) (any, error) {
	raw, err := rawJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s is no %s, write it as JSON, as %s", quote(text), t.Kind, jsonExample(t))
	}
	return Convert(t, numbered(raw))
}

func jsonExample(t *Type) string {
	if t.Kind == List {
		return `["a", "b"]`
	}
	return `{"a": 1}`
}

// numbered turns the numbers of what encoding/json decoded into values, in place.
func numbered(raw any) any {
	switch raw := raw.(type) {
	case json.Number:
		return jsonNumber(string(raw))
	case []any:
		for i := range raw {
			raw[i] = numbered(raw[i])
		}
	case map[string]any:
		for key := range raw {
			raw[key] = numbered(raw[key])
		}
	}
	return raw
}

// jsonNumber is a number as JSON spells it. One beyond 64 bits would be rounded, or have
// no end, so it stays text, like one in YAML: the rest of its document is read.
func jsonNumber(text string) any {
	if !strings.ContainsAny(text, ".eE") {
		if n, err := strconv.ParseInt(text, 10, strconv.IntSize); err == nil {
			return int(n)
		}
		return text
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return f
}

// ParseJSON reads a JSON document as a playbook value: whole numbers become int, others
// float64, and what is beyond 64 bits text. It may be in UTF-16, and begin with a byte
// order mark; what is no text at all is an error, and not read with holes in it.
func ParseJSON(document []byte) (any, error) {
	document = utf8Of(document)
	if !utf8.Valid(document) {
		at := 0
		for r, size := utf8.DecodeRune(document); r != utf8.RuneError || size != 1; r, size = utf8.DecodeRune(document[at:]) {
			at += size
		}
		return nil, fmt.Errorf("read JSON: byte %d is not of UTF-8", at)
	}
	if v, ok := readJSON(document); ok {
		return v, nil
	}
	raw, err := rawJSON(document)
	if err != nil {
		return nil, err
	}
	return numbered(raw), nil
}

// utf8Of is a text in UTF-8, without a byte order mark. JSON begins with a character of
// ASCII, so that a zero beside it tells of UTF-16.
func utf8Of(text []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return text[3:]
	case len(text) < 2 || len(text)%2 > 0:
		return text
	case text[0] == 0xff && text[1] == 0xfe || text[1] == 0:
		order = binary.LittleEndian
	case text[0] == 0xfe && text[1] == 0xff || text[0] == 0:
		order = binary.BigEndian
	default:
		return text
	}
	units := make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(text[2*i:])
	}
	return bytes.TrimPrefix([]byte(string(utf16.Decode(units))), []byte("\ufeff"))
}

func rawJSON(document []byte) (raw any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(&raw); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if decoder.More() {
		return nil, fmt.Errorf("read JSON: more follows after the document, from byte %d", decoder.InputOffset())
	}
	return raw, nil
}
