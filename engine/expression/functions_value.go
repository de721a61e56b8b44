package expression

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"runbook/engine/schema"
)

var versionType = schema.ObjectOf(
	schema.Field{Name: "major", Type: schema.IntType},
	schema.Field{Name: "minor", Type: schema.IntType},
	schema.Field{Name: "patch", Type: schema.IntType},
	schema.Field{Name: "prerelease", Type: schema.StringType},
)

// valueFunctions turn values of one kind into another.
var valueFunctions = []*function{
	{name: "int", takes: []kinds{isNumeric | isText}, least: 1, result: gives(schema.IntType), call: callInt},
	{name: "float", takes: []kinds{isNumeric | isText}, least: 1, result: gives(schema.NumberType), call: callFloat},
	{name: "string", takes: []kinds{isAnything}, least: 1, result: gives(schema.StringType), call: callString},
	{name: "type", takes: []kinds{isAnything}, least: 1, partial: true, result: gives(schema.StringType), call: callType},
	{name: "toJSON", takes: []kinds{isAnything}, least: 1, hides: true, result: gives(schema.StringType), call: callToJSON},
	{name: "fromJSON", takes: []kinds{isText}, least: 1, result: gives(schema.AnyType), call: callFromJSON},
	{name: "duration", takes: []kinds{isText}, least: 1, result: gives(schema.DurationType), call: parsed(schema.ParseDuration)},
	{name: "bytes", takes: []kinds{isText}, least: 1, result: gives(schema.SizeType), call: parsed(schema.ParseSize)},
	{name: "date", takes: []kinds{isText, isText}, least: 1, prepare: layout, result: gives(schema.TimeType), call: callDate},
	{name: "semver", takes: []kinds{isText}, least: 1, result: gives(versionType), call: callSemver},
	{name: "must", takes: []kinds{isAnything, isText}, least: 1, partial: true, result: givesFirst, reads: ofTheSame, call: callMust},
}

func callInt(_ *machine, args []any) (any, error) {
	switch v := args[0].(type) {
	case float64:
		if math.IsNaN(v) || v < -(1<<63) || v >= 1<<63 {
			return nil, fmt.Errorf("%s is no integer of 64 bits", described(v))
		}
		return int(v), nil
	case string:
		n, err := strconv.Atoi(v)
		if err != nil {
			return nil, fmt.Errorf("%q is no integer", v)
		}
		return n, nil
	}
	n, _ := whole(args[0])
	return n, nil
}

func callFloat(_ *machine, args []any) (any, error) {
	if text, ok := args[0].(string); ok {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", text)
		}
		return n, nil
	}
	n, _ := number(args[0])
	return n, nil
}

func callString(_ *machine, args []any) (any, error) { return boundedText(schema.TextOf(args[0])) }

func callType(_ *machine, args []any) (any, error) { return kindOf(args[0]).String(), nil }

func callToJSON(_ *machine, args []any) (any, error) {
	text, err := schema.JSONOf(args[0])
	if err != nil {
		return nil, err
	}
	return boundedText(text)
}

func callFromJSON(_ *machine, args []any) (any, error) {
	return schema.ParseJSON([]byte(args[0].(string)))
}

func parsed[T any](parse func(string) (T, error)) func(*machine, []any) (any, error) {
	return func(_ *machine, args []any) (any, error) { return parse(args[0].(string)) }
}

// callSemver reads a version as tools print it: a leading v, and missing
// numbers, which count as 0, are accepted; what follows a + is left out.
func callSemver(_ *machine, args []any) (any, error) {
	text := args[0].(string)
	rest, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "v"), "+")
	core, prerelease, _ := strings.Cut(rest, "-")
	parts := strings.Split(core, ".")
	if len(parts) > 3 {
		return nil, fmt.Errorf("%q is no version, write it as 1.2.3", text)
	}
	numbers := [3]int{}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q is no version, write it as 1.2.3", text)
		}
		numbers[i] = int(n)
	}
	return map[string]any{"major": numbers[0], "minor": numbers[1], "patch": numbers[2], "prerelease": prerelease}, nil
}

// orderVersions compares two values of semver; a prerelease comes before its
// release.
func orderVersions(a, b map[string]any) (int, error) {
	for _, part := range []string{"major", "minor", "patch"} {
		x, ok := a[part].(int)
		y, ok2 := b[part].(int)
		if !ok || !ok2 {
			return 0, errors.New("maps have no order, but for those of semver")
		}
		if x != y {
			return cmp.Compare(x, y), nil
		}
	}
	x, ok := a["prerelease"].(string)
	y, ok2 := b["prerelease"].(string)
	switch {
	case !ok || !ok2:
		return 0, errors.New("maps have no order, but for those of semver")
	case x == y:
		return 0, nil
	case x == "" || y == "":
		return -cmp.Compare(x, y), nil
	}
	return orderPrerelease(strings.Split(x, "."), strings.Split(y, ".")), nil
}

// orderPrerelease compares part by part: numbers by value and before texts.
func orderPrerelease(a, b []string) int {
	for i := range min(len(a), len(b)) {
		x, errX := strconv.ParseUint(a[i], 10, 64)
		y, errY := strconv.ParseUint(b[i], 10, 64)
		o := strings.Compare(a[i], b[i])
		switch {
		case errX == nil && errY == nil:
			o = cmp.Compare(x, y)
		case errX == nil:
			o = -1
		case errY == nil:
			o = 1
		}
		if o != 0 {
			return o
		}
	}
	return cmp.Compare(len(a), len(b))
}
