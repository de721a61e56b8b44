package expression

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"runbook/engine/schema"
)

var listFunctions = []*function{
	{name: "len", takes: []kinds{isList | isMap | isText}, least: 1, partial: true, result: gives(schema.IntType), reads: ofTheShape, call: callLen},
	{name: "first", takes: []kinds{isList}, least: 1, partial: true, result: givesElement, reads: ofAnElement, call: elementAt(0)},
	{name: "last", takes: []kinds{isList}, least: 1, partial: true, result: givesElement, reads: ofAnElement, call: elementAt(-1)},
	{name: "take", takes: []kinds{isList, isInt}, least: 2, partial: true, result: givesElements, reads: ofTheSame, call: callTake},
	{name: "reverse", takes: []kinds{isList}, least: 1, partial: true, result: givesElements, reads: ofTheSame, call: callReverse},
	{name: "concat", takes: []kinds{isList}, least: 1, rest: true, partial: true, result: concatType, call: callConcat},
	{name: "flatten", takes: []kinds{isList}, least: 1, result: flattenType, call: callFlatten},
	{name: "uniq", takes: []kinds{isList}, least: 1, result: givesElements, call: callUnique},
	{name: "unique", takes: []kinds{isList}, least: 1, result: givesElements, call: callUnique},
	{name: "sort", takes: []kinds{isList, isText}, least: 1, elem: isNumeric | isText | isDuration | isTime | isMap, result: givesElements, call: callSort},
	{name: "keys", takes: []kinds{isMap}, least: 1, partial: true, result: gives(listOfText), call: members(func(key string, _ any) any { return key })},
	{name: "values", takes: []kinds{isMap}, least: 1, partial: true, result: valuesType, call: members(func(_ string, v any) any { return v })},
	{name: "get", takes: []kinds{isList | isMap | isNil, isText | isInt}, least: 2, partial: true, result: getType, call: callGet},
}

func sortedKeys(of map[string]any) []string { return slices.Sorted(maps.Keys(of)) }

func callLen(_ *machine, args []any) (any, error) {
	switch v := args[0].(type) {
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	return utf8.RuneCountInString(args[0].(string)), nil
}

// elementAt gives the element at an index, counted from the end if negative;
// nil where there is none.
func elementAt(at int) func(*machine, []any) (any, error) {
	return func(m *machine, args []any) (any, error) { return callGet(m, []any{args[0], at}) }
}

func callTake(_ *machine, args []any) (any, error) {
	list := args[0].([]any)
	n, _ := whole(args[1])
	if n < 0 {
		return nil, fmt.Errorf("%d is negative", n)
	}
	n = min(n, len(list))
	return list[:n:n], nil
}

func callReverse(_ *machine, args []any) (any, error) {
	list := append([]any{}, args[0].([]any)...)
	slices.Reverse(list)
	return boundedList(list)
}

func concatType(args []*node) *schema.Type {
	elem := emptyElem
	for _, arg := range args {
		elem = union(elem, arg.typ.Element())
	}
	return schema.ListOf(elem)
}

func callConcat(_ *machine, args []any) (any, error) {
	out := []any{}
	for _, arg := range args {
		if out = append(out, arg.([]any)...); len(out) > maxList {
			return nil, errList
		}
	}
	return out, nil
}

func flattenType(args []*node) *schema.Type {
	elem := args[0].typ.Element()
	for elem.Kind == schema.List {
		elem = elem.Element()
	}
	return schema.ListOf(elem)
}

func callFlatten(m *machine, args []any) (any, error) {
	out := []any{}
	err := leaves(m, args[0].([]any), func(v any) error {
		if out = append(out, v); len(out) > maxList {
			return errList
		}
		return nil
	})
	return out, err
}

func callUnique(m *machine, args []any) (any, error) {
	out := []any{}
	seen := map[string]bool{}
	for _, v := range args[0].([]any) {
		if text, ok := v.(string); ok {
			if !seen[text] {
				seen[text] = true
				out = append(out, v)
			}
			continue
		}
		found, err := m.in(v, out)
		if err != nil {
			return nil, err
		}
		if !found {
			out = append(out, v)
		}
	}
	return boundedList(out)
}

func callSort(m *machine, args []any) (any, error) {
	list := append([]any{}, args[0].([]any)...)
	if len(list) > maxList {
		return nil, errList
	}
	return list, m.sort(list, func(v any) any { return v }, args[1:])
}

// members lists what pick gives for each member of a map, in the order of the keys.
func members(pick func(key string, v any) any) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) {
		of, list := args[0].(map[string]any), []any{}
		for _, key := range sortedKeys(of) {
			list = append(list, pick(key, of[key]))
		}
		return boundedList(list)
	}
}

func valuesType(args []*node) *schema.Type {
	if t := args[0].typ; t.Kind == schema.Map {
		return schema.ListOf(t.Element())
	}
	return schema.ListOf(nil)
}

func getType(args []*node) *schema.Type {
	name, _ := args[1].value.(string)
	switch t := args[0].typ; t.Kind {
	case schema.List, schema.Map:
		return t.Element().AsOptional()
	case schema.Object:
		if f, ok := t.Field(name); ok {
			return f.Type.AsOptional()
		}
	}
	return schema.AnyType.AsOptional()
}

// callGet reads an element or a member, nil where there is none.
func callGet(_ *machine, args []any) (any, error) {
	switch from := args[0].(type) {
	case map[string]any:
		if key, ok := args[1].(string); ok {
			return from[key], nil
		}
		return nil, fmt.Errorf("the keys of a map are texts, not %s", described(args[1]))
	case []any:
		at, ok := integer(args[1])
		if !ok {
			return nil, fmt.Errorf("the index of a list is an integer, not %s", described(args[1]))
		}
		if at < 0 {
			at += len(from)
		}
		if at >= 0 && at < len(from) {
			return from[at], nil
		}
	}
	return nil, nil
}
