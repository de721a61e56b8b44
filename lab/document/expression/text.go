package expression

import (
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

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
			return nil, value.Refused(16702, "$concat only supports strings, not %s", value.TypeName(e))
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
		return "", value.Refused(16007, "can't convert from BSON type %s to String", value.TypeName(v))
	}
	if value.IsNullish(v) {
		return "", nil
	}
	text, err := toString(v)
	if err != nil {
		return "", value.Refused(16007, "%s can't convert from BSON type %s to String", op, value.TypeName(v))
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
		return nil, value.Refused(16034, "%s: starting index and length must be of a numeric type (are %s and %s)", op, value.TypeName(v[1]), value.TypeName(v[2]))
	}
	if from < 0 {
		if op == "$substrCP" {
			return nil, value.Refused(34455, "%s: the starting index must be non-negative integer.", op)
		}
		return "", nil
	}
	if op == "$substrCP" {
		runes := []rune(s)
		if n < 0 {
			return nil, value.Refused(34454, "%s: length must be a nonnegative integer.", op)
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
		return nil, value.Refused(51111, "Invalid Regex in $regexMatch: %v", err)
	}
	return compiled.MatchString(text), nil
}

func keepFlag(r rune) rune {
	if strings.ContainsRune("ims", r) {
		return r
	}
	return -1
}
