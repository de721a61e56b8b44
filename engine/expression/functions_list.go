package expression

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"runbook/engine/schema"
)

var listFunctions = []*function{
	{name: "len", takes: []kinds{isList | isMap | isText}, least: 1, partial: true, result: gives(schema.IntType), call: callLen},
	{name: "first", takes: []kinds{isList}, least: 1, partial: true, result: givesElement, call: callFirst},
	{name: "last", takes: []kinds{isList}, least: 1, partial: true, result: givesElement, call: callLast},
	{name: "take", takes: []kinds{isList, isInt}, least: 2, partial: true, result: givesElements, call: callTake},
	{name: "reverse", takes: []kinds{isList}, least: 1, partial: true, result: givesElements, call: callReverse},
	{name: "concat", takes: []kinds{isList}, least: 1, rest: true, partial: true, result: concatType, call: callConcat},
	{name: "flatten", takes: []kinds{isList}, least: 1, result: flattenType, call: callFlatten},
	{name: "uniq", takes: []kinds{isList}, least: 1, result: givesElements, call: callUnique},
	{name: "unique", takes: []kinds{isList}, least: 1, result: givesElements, call: callUnique},
	{name: "sort", takes: []kinds{isList, isText}, least: 1, elem: isNumeric | isText | isDuration | isTime | isMap, result: givesElements, call: callSort},
	{name: "keys", takes: []kinds{isMap}, least: 1, partial: true, result: gives(listOfText), call: callKeys},
	{name: "values", takes: []kinds{isMap}, least: 1, partial: true, result: valuesType, call: callValues},
	{name: "get", takes: []kinds{isList | isMap | isNil, isText | isInt}, least: 2, partial: true, result: getType, call: callGet},
}

func sortedKeys(of map[string]any) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func callLen(_ *machine, args []any) (any, error) {
	switch v := args[0].(type) {
	case []any:
		return len(v), nil
	case map[string]any:
		return len(v), nil
	}
	return utf8.RuneCountInString(args[0].(string)), nil
}

func callFirst(_ *machine, args []any) (any, error) {
	if list := args[0].([]any); len(list) > 0 {
		return list[0], nil
	}
	return nil, nil
}

func callLast(_ *machine, args []any) (any, error) {
	if list := args[0].([]any); len(list) > 0 {
		return list[len(list)-1], nil
	}
	return nil, nil
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
	list := slices.Clone(args[0].([]any))
	slices.Reverse(list)
	if list == nil {
		list = []any{}
	}
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
	var add func(list []any) error
	add = func(list []any) error {
		for _, v := range list {
			if err := m.spend(1); err != nil {
				return err
			}
			if inner, ok := v.([]any); ok {
				if err := add(inner); err != nil {
					return err
				}
				continue
			}
			if out = append(out, v); len(out) > maxList {
				return errList
			}
		}
		return nil
	}
	if err := add(args[0].([]any)); err != nil {
		return nil, err
	}
	return out, nil
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
		if found != true {
			out = append(out, v)
		}
	}
	return boundedList(out)
}

func callSort(m *machine, args []any) (any, error) {
	list := slices.Clone(args[0].([]any))
	if len(list) > maxList {
		return nil, errList
	}
	if list == nil {
		list = []any{}
	}
	if err := m.sort(list, func(v any) any { return v }, args[1:]); err != nil {
		return nil, err
	}
	return list, nil
}

func callKeys(_ *machine, args []any) (any, error) {
	list := []any{}
	for _, key := range sortedKeys(args[0].(map[string]any)) {
		list = append(list, key)
	}
	return boundedList(list)
}

func valuesType(args []*node) *schema.Type {
	if t := args[0].typ; t.Kind == schema.Map {
		return schema.ListOf(t.Element())
	}
	return schema.ListOf(nil)
}

func callValues(_ *machine, args []any) (any, error) {
	of := args[0].(map[string]any)
	list := []any{}
	for _, key := range sortedKeys(of) {
		list = append(list, of[key])
	}
	return boundedList(list)
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
