package expression

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

func texts(op string) (function, bool) {
	switch op {
	case "$concat":
		return function{0, -1, concat}, true
	case "$toLower":
		return function{1, 1, func(v []any) (any, error) { return mapped(strings.ToLower, v[0]) }}, true
	case "$toUpper":
		return function{1, 1, func(v []any) (any, error) { return mapped(strings.ToUpper, v[0]) }}, true
	case "$substr", "$substrBytes", "$substrCP":
		return function{3, 3, func(v []any) (any, error) { return substring(op, v) }}, true
	case "$strLenCP":
		return function{1, 1, func(v []any) (any, error) { return length(op, v[0], utf8.RuneCountInString) }}, true
	case "$strLenBytes":
		return function{1, 1, func(v []any) (any, error) {
			return length(op, v[0], func(s string) int { return len(s) })
		}}, true
	case "$split":
		return function{2, 2, split}, true
	case "$strcasecmp":
		return function{2, 2, func(v []any) (any, error) {
			a, err := plain(op, v[0])
			if err != nil {
				return nil, err
			}
			b, err := plain(op, v[1])
			return int32(strings.Compare(strings.ToUpper(a), strings.ToUpper(b))), err
		}}, true
	case "$indexOfCP", "$indexOfBytes":
		return function{2, 2, indexOf}, true
	}
	return function{}, false
}

func concat(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	var b strings.Builder
	for _, e := range v {
		s, ok := e.(string)
		if !ok {
			return nil, fault.New(16702, "$concat only supports strings, not %s", value.TypeName(e))
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// plain is a value as the text that $toLower and $substr work on.
func plain(op string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool, bson.D, bson.A, bson.ObjectID:
		return "", fault.New(16007, "can't convert from BSON type %s to String", value.TypeName(v))
	}
	if value.IsNullish(v) {
		return "", nil
	}
	text, err := toString(v)
	if err != nil {
		return "", fault.New(16007, "%s can't convert from BSON type %s to String", op, value.TypeName(v))
	}
	return text.(string), nil
}

func mapped(f func(string) string, v any) (any, error) {
	s, err := plain("", v)
	return f(s), err
}

func substring(op string, v []any) (any, error) {
	s, err := plain(op, v[0])
	if err != nil {
		return nil, err
	}
	from, ok := value.Int(v[1])
	n, fine := value.Int(v[2])
	if !ok || !fine {
		return nil, fault.New(16034, "%s: starting index and length must be of a numeric type (are %s and %s)", op, value.TypeName(v[1]), value.TypeName(v[2]))
	}
	if from < 0 {
		if op == "$substrCP" {
			return nil, fault.New(34455, "%s: the starting index must be non-negative integer.", op)
		}
		return "", nil
	}
	if op == "$substrCP" {
		runes := []rune(s)
		if n < 0 {
			return nil, fault.New(34454, "%s: length must be a nonnegative integer.", op)
		}
		from = min(from, int64(len(runes)))
		return string(runes[from:min(from+n, int64(len(runes)))]), nil
	}
	from = min(from, int64(len(s)))
	if n < 0 {
		n = int64(len(s))
	}
	return s[from:min(from+n, int64(len(s)))], nil
}

func length(op string, v any, measure func(string) int) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fault.New(34471, "%s requires a string argument, found: %s", op, value.TypeName(v))
	}
	return int32(measure(s)), nil
}

func split(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	s, ok := v[0].(string)
	if !ok {
		return nil, fault.New(40085, "$split requires an expression that evaluates to a string as a first argument, found: %s", value.TypeName(v[0]))
	}
	by, ok := v[1].(string)
	if !ok || by == "" {
		return nil, fault.New(40086, "$split requires a non-empty separator that is a string, found: %s", value.Format(v[1]))
	}
	out := bson.A{}
	for _, part := range strings.Split(s, by) {
		out = append(out, part)
	}
	return out, nil
}

func indexOf(v []any) (any, error) {
	if value.IsNullish(v[0]) {
		return nil, nil
	}
	s, ok := v[0].(string)
	part, fine := v[1].(string)
	if !ok || !fine {
		return nil, fault.New(40093, "$indexOfCP requires strings, found: %s and %s", value.TypeName(v[0]), value.TypeName(v[1]))
	}
	at := strings.Index(s, part)
	if at < 0 {
		return int32(-1), nil
	}
	return int32(utf8.RuneCountInString(s[:at])), nil
}

// named operators on texts: their operands have names.

func trim(op string, s *Scope, in map[string]Expression) (any, error) {
	v, err := in["input"](s)
	if err != nil || value.IsNullish(v) {
		return nil, err
	}
	text, ok := v.(string)
	if !ok {
		return nil, fault.New(50699, "%s requires its input to be a string, got %s (of type %s) instead.", op, value.Format(v), value.TypeName(v))
	}
	cut := "\x00\t\n\v\f\r \u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
	if chars := in["chars"]; chars != nil {
		c, err := chars(s)
		if err != nil {
			return nil, err
		}
		cut, _ = c.(string)
	}
	switch op {
	case "$ltrim":
		return strings.TrimLeft(text, cut), nil
	case "$rtrim":
		return strings.TrimRight(text, cut), nil
	}
	return strings.Trim(text, cut), nil
}

func regexMatch(_ string, s *Scope, in map[string]Expression) (any, error) {
	v, err := in["input"](s)
	if err != nil {
		return nil, err
	}
	r, err := in["regex"](s)
	if err != nil {
		return nil, err
	}
	var options any = ""
	if x := in["options"]; x != nil {
		if options, err = x(s); err != nil {
			return nil, err
		}
	}
	text, ok := v.(string)
	if !ok {
		return false, nil
	}
	pattern, flags := "", ""
	switch r := r.(type) {
	case string:
		pattern = r
	case bson.Regex:
		pattern, flags = r.Pattern, r.Options
	}
	if o, ok := options.(string); ok && o != "" {
		flags = o
	}
	if flags = strings.Map(keepFlag, flags); flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fault.New(51111, "Invalid Regex in $regexMatch: %v", err)
	}
	return compiled.MatchString(text), nil
}

func keepFlag(r rune) rune {
	if strings.ContainsRune("ims", r) {
		return r
	}
	return -1
}

func replace(op string, s *Scope, in map[string]Expression) (any, error) {
	var parts [3]string
	for i, name := range []string{"input", "find", "replacement"} {
		v, err := in[name](s)
		if err != nil || value.IsNullish(v) {
			return nil, err
		}
		text, ok := v.(string)
		if !ok {
			return nil, fault.New(51746, "%s requires that '%s' be a string, found: %s", op, name, value.Format(v))
		}
		parts[i] = text
	}
	if op == "$replaceOne" {
		return strings.Replace(parts[0], parts[1], parts[2], 1), nil
	}
	return strings.ReplaceAll(parts[0], parts[1], parts[2]), nil
}
