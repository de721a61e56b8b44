package expression

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"runbook/engine/schema"
)

var listOfText = schema.ListOf(schema.StringType)

// textFunctions count in characters, not in bytes.
var textFunctions = []*function{
	{name: "trim", takes: []kinds{isText, isText}, least: 1, result: gives(schema.StringType), call: callTrim},
	{name: "trimPrefix", takes: []kinds{isText, isText}, least: 2, result: gives(schema.StringType), call: two(strings.TrimPrefix)},
	{name: "trimSuffix", takes: []kinds{isText, isText}, least: 2, result: gives(schema.StringType), call: two(strings.TrimSuffix)},
	{name: "upper", takes: []kinds{isText}, least: 1, result: gives(schema.StringType), call: one(strings.ToUpper)},
	{name: "lower", takes: []kinds{isText}, least: 1, result: gives(schema.StringType), call: one(strings.ToLower)},
	{name: "split", takes: []kinds{isText, isText, isInt}, least: 2, result: gives(listOfText), call: callSplit},
	{name: "replace", takes: []kinds{isText, isText, isText, isInt}, least: 3, result: gives(schema.StringType), call: callReplace},
	{name: "repeat", takes: []kinds{isText, isInt}, least: 2, result: gives(schema.StringType), call: callRepeat},
	{name: "join", takes: []kinds{isList, isText}, least: 1, elem: isText, result: gives(schema.StringType), call: callJoin},
	{name: "indexOf", takes: []kinds{isText, isText}, least: 2, result: gives(schema.IntType), call: place(strings.Index)},
	{name: "lastIndexOf", takes: []kinds{isText, isText}, least: 2, result: gives(schema.IntType), call: place(strings.LastIndex)},
	{name: "hasPrefix", takes: []kinds{isText, isText}, least: 2, result: gives(schema.BoolType), call: two(strings.HasPrefix)},
	{name: "urlEncode", takes: []kinds{isText}, least: 1, hides: true, result: gives(schema.StringType), call: one(func(s string) string { return allBut(s, "") })},
	{name: "lines", takes: []kinds{isText}, least: 1, result: gives(listOfText), call: callLines},
	{name: "fields", takes: []kinds{isText, isText}, least: 1, result: gives(schema.MapOf(schema.StringType)), call: callFields},
	{name: "capture", takes: []kinds{isText, isText}, least: 2, prepare: pattern, result: gives(listOfText), call: callCapture},
	{name: "fromBase64", takes: []kinds{isText}, least: 1, hides: true, result: gives(schema.StringType), call: callFromBase64},
	{name: "sha256", takes: []kinds{isText}, least: 1, hides: true, result: gives(schema.StringType), call: one(func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s))) })},
	{name: "toBase64", takes: []kinds{isText}, least: 1, hides: true, result: gives(schema.StringType), call: one(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })},
	{name: "hasSuffix", takes: []kinds{isText, isText}, least: 2, result: gives(schema.BoolType), call: two(strings.HasSuffix)},
}

func one(f func(string) string) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) { return boundedText(f(args[0].(string))) }
}

func two[T any](f func(string, string) T) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) { return f(args[0].(string), args[1].(string)), nil }
}

// place turns an offset in bytes into one in characters.
func place(f func(string, string) int) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) {
		s := args[0].(string)
		at := f(s, args[1].(string))
		if at < 0 {
			return -1, nil
		}
		return utf8.RuneCountInString(s[:at]), nil
	}
}

func callTrim(_ *machine, args []any) (any, error) {
	if len(args) == 1 {
		return strings.TrimSpace(args[0].(string)), nil
	}
	return strings.Trim(args[0].(string), args[1].(string)), nil
}

func callSplit(_ *machine, args []any) (any, error) {
	most := -1
	if len(args) == 3 {
		most, _ = whole(args[2])
	}
	if most < 0 || most > maxList {
		most = maxList + 1
	}
	parts := strings.SplitN(args[0].(string), args[1].(string), most)
	list := make([]any, len(parts))
	for i, p := range parts {
		list[i] = p
	}
	return boundedList(list)
}

// callLines gives the lines of a text, of which the last may lack its end.
func callLines(_ *machine, args []any) (any, error) {
	list := []any{}
	for line := range strings.Lines(args[0].(string)) {
		if list = append(list, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")); len(list) > maxList {
			return nil, errList
		}
	}
	return list, nil
}

// callFields gives what stands before and after the first separator of each line,
// a colon without one; of a key that comes twice the last. Other lines are left out.
func callFields(m *machine, args []any) (any, error) {
	separator := ":"
	if len(args) == 2 {
		separator = args[1].(string)
	}
	if separator == "" {
		return nil, errors.New("the separator is empty")
	}
	all := map[string]any{}
	for line := range strings.Lines(args[0].(string)) {
		key, value, ok := strings.Cut(line, separator)
		if key = strings.TrimSpace(key); ok && key != "" {
			all[key] = strings.TrimSpace(value)
		}
		if len(all) > maxList {
			return nil, errList
		}
	}
	return all, m.spend(len(all))
}

// pattern compiles the regular expression that a playbook gives.
func pattern(text string) (any, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("this is no regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}

// callCapture gives the groups of the first match, of a pattern without groups the
// match, and nothing where nothing matches.
func callCapture(m *machine, args []any) (any, error) {
	text, re := args[0].(string), args[1].(*regexp.Regexp)
	if err := m.spend(len(text) / 2); err != nil {
		return nil, err
	}
	groups := re.FindStringSubmatch(text)
	if len(groups) > 1 {
		groups = groups[1:]
	}
	list := make([]any, len(groups))
	for i, group := range groups {
		list[i] = group
	}
	return list, nil
}

// callFromBase64 takes the usual alphabet and that of URLs, with and without padding.
func callFromBase64(_ *machine, args []any) (any, error) {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(strings.TrimSpace(args[0].(string)), "="))
	text, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, errors.New("this is no base64")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("what it holds is no text in UTF-8")
	}
	return string(text), nil
}

func callReplace(_ *machine, args []any) (any, error) {
	s, old, fresh := args[0].(string), args[1].(string), args[2].(string)
	n := strings.Count(s, old)
	if len(args) == 4 {
		if most, _ := whole(args[3]); most >= 0 {
			n = min(n, most)
		}
	}
	if n > 0 && len(fresh) > len(old) && (len(fresh)-len(old)) > maxText/n {
		return nil, errText
	}
	return boundedText(strings.Replace(s, old, fresh, n))
}

func callRepeat(_ *machine, args []any) (any, error) {
	s := args[0].(string)
	n, _ := whole(args[1])
	if n < 0 {
		return nil, fmt.Errorf("%d is negative", n)
	}
	if len(s) > 0 && n > maxText/len(s) {
		return nil, errText
	}
	return strings.Repeat(s, n), nil
}

func callJoin(_ *machine, args []any) (any, error) {
	glue := ""
	if len(args) == 2 {
		glue = args[1].(string)
	}
	var b strings.Builder
	for i, v := range args[0].([]any) {
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("join takes texts, the element at %d is %s", i, described(v))
		}
		if i > 0 {
			b.WriteString(glue)
		}
		b.WriteString(s)
		if b.Len() > maxText {
			return nil, errText
		}
	}
	return b.String(), nil
}

// mustError is the message that a playbook gives to must.
type mustError struct{ message string }

func (e *mustError) Error() string { return e.message }

func callMust(_ *machine, args []any) (any, error) {
	if args[0] != nil {
		return args[0], nil
	}
	if len(args) == 2 {
		return nil, &mustError{args[1].(string)}
	}
	return nil, errors.New("it is nil")
}
