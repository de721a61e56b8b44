package expression

import (
	"encoding/base64"
	"errors"
	"fmt"
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
