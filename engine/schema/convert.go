package schema

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"runbook/engine/diag"
)

// Convert returns v made to fit t, or Errors that say what of it does not fit.
//
// An int fits a number and, as bytes, a size; a whole number fits an int; text
// that parses fits a duration, a size and a time. Unknown fits everywhere, a
// secret only a secret and what accepts one. Defaults are filled in objects.
// v is not changed; what needs no change may be shared with the result.
func Convert(t *Type, v any) (any, error) {
	switch v := v.(type) {
	case Unknown:
		return v, nil
	case nil:
		if t.Optional || t.Kind == Any || t.Kind == Null {
			return nil, nil
		}
		return nil, &Fault{Message: "it is null", Takes: t.String()}
	case Secret:
		if t.Kind == SecretKind || t.AcceptsSecret {
			return v, nil
		}
		return nil, &Fault{Message: v.String() + " may not go here, it could be shown", Takes: t.String() + ", no secret"}
	}
	switch t.Kind {
	case Any:
		return convertAny(t, v)
	case List:
		return convertList(t, v)
	case Map:
		return convertMap(t, v)
	case Object:
		if m, ok := v.(map[string]any); ok {
			return convertObject(t, m)
		}
		return nil, misfit(t, v)
	default:
		return convertScalar(t, v)
	}
}

func convertScalar(t *Type, v any) (any, error) {
	switch t.Kind {
	case Bool:
		if _, ok := v.(bool); ok {
			return v, nil
		}
	case Int:
		if n, ok := toInt(v); ok {
			return n, nil
		}
	case Number:
		switch n := v.(type) {
		case float64:
			return v, nil
		case int:
			if !exact(n) {
				return nil, &Fault{Message: fmt.Sprintf("%d would be rounded; %s", n, roundedAdvice), Takes: t.String()}
			}
			return float64(n), nil
		}
	case String:
		if s, ok := v.(string); ok {
			return v, checkEnum(t, s)
		}
	case Duration:
		return convertParsed(t, v, ParseDuration)
	case SizeKind:
		if n, ok := toInt(v); ok {
			return Size(n), nil
		}
		return convertParsed(t, v, ParseSize)
	case Time:
		return convertParsed(t, v, ParseTime)
	case ConditionKind:
		switch c := v.(type) {
		case Condition:
			return v, nil
		case bool:
			return Condition{Source: strconv.FormatBool(c), Holds: c}, nil
		}
	}
	return nil, misfit(t, v)
}

// toInt takes an int, and a float64 that is a whole number exactly.
func toInt(v any) (int, bool) {
	switch n := v.(type) {
	case int:
		return n, true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) <= 1<<53 {
			return int(n), true
		}
	}
	return 0, false
}

func convertParsed[T any](t *Type, v any, parse func(string) (T, error)) (any, error) {
	switch x := v.(type) {
	case T:
		return v, nil
	case string:
		parsed, err := parse(x)
		if err != nil {
			return nil, &Fault{Message: err.Error(), Takes: t.String()}
		}
		return parsed, nil
	}
	return nil, misfit(t, v)
}

func misfit(t *Type, v any) *Fault {
	noun := t.Kind.String()
	why := ""
	switch v.(type) {
	case int, float64:
		switch t.Kind {
		case Duration:
			why = ", it has no unit"
		case String:
			why = ", quote it to mean the digits"
		}
	}
	if t.Kind == String {
		noun = "text"
	}
	return &Fault{Message: show(v) + " is no " + noun + why, Takes: t.String()}
}

func checkEnum(t *Type, s string) error {
	if len(t.Enum) == 0 || slices.Contains(t.Enum, s) {
		return nil
	}
	message := quote(s) + " is none of its values"
	if near := diag.Nearest(s, t.Enum); near != "" {
		message += ", did you mean " + near
	}
	return &Fault{Message: message, Takes: t.String()}
}

func convertAny(t *Type, v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return convertList(t, v)
	case map[string]any:
		return convertMap(t, v)
	case bool, int, float64, string, time.Duration, Size, time.Time, Condition:
		return v, nil
	default:
		return nil, &Fault{Message: fmt.Sprintf("a %T is no value of playbooks", v), Takes: t.String()}
	}
}

func convertList(t *Type, v any) (any, error) {
	in, ok := v.([]any)
	if !ok {
		return nil, misfit(t, v)
	}
	elem := t.Element()
	out, found := make([]any, len(in)), Errors{}
	for i := range in {
		var err error
		if out[i], err = Convert(elem, in[i]); err != nil {
			found.add("["+strconv.Itoa(i)+"]", err)
		}
	}
	return out, found.err()
}

func convertMap(t *Type, v any) (any, error) {
	in, ok := v.(map[string]any)
	if !ok {
		return nil, misfit(t, v)
	}
	elem := t.Element()
	out, found := make(map[string]any, len(in)), Errors{}
	for key, value := range in {
		fitted, err := Convert(elem, value)
		if err != nil {
			found.add(key, err)
		}
		out[key] = fitted
	}
	slices.SortStableFunc(found.Faults, func(a, b *Fault) int { return cmp.Compare(a.Path, b.Path) })
	return out, found.err()
}

func convertObject(t *Type, in map[string]any) (any, error) {
	out, found := make(map[string]any, len(t.Fields)), Errors{}
	known := 0
	for i := range t.Fields {
		f := &t.Fields[i]
		value, given := in[f.Name]
		if given {
			known++
		}
		if value == nil {
			if err := absent(f, given, out); err != nil {
				found.add(f.Name, err)
			}
			continue
		}
		fitted, err := ConvertField(*f, value)
		if err != nil {
			found.add(f.Name, err)
			continue
		}
		out[f.Name] = fitted
	}
	if known < len(in) {
		unknownNames(t, in, &found)
	}
	return out, found.err()
}

// absent handles a field that is not given; null counts as not given.
func absent(f *Field, given bool, out map[string]any) error {
	switch {
	case f.Default != nil:
		out[f.Name] = f.Default
	case f.Required && given:
		return &Fault{Message: "it is null", Takes: f.Takes()}
	case f.Required:
		return &Fault{Message: "it is missing", Takes: f.Takes()}
	case given:
		out[f.Name] = nil
	}
	return nil
}

func unknownNames(t *Type, in map[string]any, found *Errors) {
	var strange []string
	for name := range in {
		if _, ok := t.Field(name); !ok {
			strange = append(strange, name)
		}
	}
	slices.Sort(strange)
	for _, name := range strange {
		f := &Fault{Path: name, Message: "there is no such name", Takes: strings.Join(t.Names(), ", ")}
		if near := diag.Nearest(name, t.Names()); near != "" {
			f.Message += ", did you mean " + near
		}
		found.Faults = append(found.Faults, f)
	}
}

// ApplyDefaults returns values with the defaults of t's absent fields filled
// in. A nil value counts as absent; values itself is not changed.
func ApplyDefaults(t *Type, values map[string]any) map[string]any {
	out := make(map[string]any, max(len(values), len(t.Fields)))
	maps.Copy(out, values)
	for i := range t.Fields {
		if f := &t.Fields[i]; f.Default != nil && out[f.Name] == nil {
			out[f.Name] = f.Default
		}
	}
	return out
}

// show is a value as messages quote it, in one short line.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return quote(v)
	case time.Duration:
		return FormatDuration(v)
	case Size:
		return FormatSize(v)
	case time.Time:
		return v.Format(time.RFC3339)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "a map of " + strconv.Itoa(len(v))
	case Condition:
		return "a condition"
	case bool, int, Secret, Unknown:
		return fmt.Sprint(v)
	}
	return "a " + reflect.TypeOf(v).String()
}
