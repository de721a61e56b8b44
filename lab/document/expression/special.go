package expression

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// special is an operator that reads its operand by itself, because it does
// not evaluate all of it or gives it names.
type special func(op string, operand any) (Expression, error)

func specials() map[string]special {
	return map[string]special{
		"$literal":      func(_ string, v any) (Expression, error) { return constant(v), nil },
		"$and":          logic,
		"$or":           logic,
		"$cond":         condition,
		"$ifNull":       ifNull,
		"$dateToString": named(dateToString, []string{"date"}, "format"),
		"$dateTrunc":    named(dateTrunc, []string{"date", "unit"}),
	}
}

// named makes an operator whose operands have names.
func named(call func(s *Scope, in map[string]Expression) (any, error), required []string, optional ...string) special {
	return func(op string, operand any) (Expression, error) {
		in, err := operands(op, operand, required, optional)
		if err != nil {
			return nil, err
		}
		return func(s *Scope) (any, error) { return call(s, in) }, nil
	}
}

func operands(op string, operand any, required, optional []string) (map[string]Expression, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused(value.FailedToParse, "%s only supports an object as its argument", op)
	}
	in := map[string]Expression{}
	for _, e := range d {
		if !slices.Contains(required, e.Key) && !slices.Contains(optional, e.Key) {
			return nil, value.Refused(value.FailedToParse, "Unrecognized parameter to %s: %s", op, e.Key)
		}
		x, err := Parse(e.Value)
		if err != nil {
			return nil, err
		}
		in[e.Key] = x
	}
	for _, name := range required {
		if in[name] == nil {
			return nil, value.Refused(value.FailedToParse, "Missing '%s' parameter to %s", name, op)
		}
	}
	return in, nil
}

func logic(op string, operand any) (Expression, error) {
	items, err := parseAll(operand)
	if err != nil {
		return nil, err
	}
	return func(s *Scope) (any, error) {
		for _, x := range items {
			v, err := x(s)
			if err != nil {
				return nil, err
			}
			if value.Truth(v) == (op == "$or") {
				return op == "$or", nil
			}
		}
		return op == "$and", nil
	}, nil
}

func condition(op string, operand any) (Expression, error) {
	if a, ok := operand.(bson.A); ok {
		if len(a) != 3 {
			return nil, value.Refused(16020, "Expression $cond takes exactly 3 arguments. %d were passed in.", len(a))
		}
		operand = bson.D{{Key: "if", Value: a[0]}, {Key: "then", Value: a[1]}, {Key: "else", Value: a[2]}}
	}
	in, err := operands(op, operand, []string{"if", "then", "else"}, nil)
	if err != nil {
		return nil, err
	}
	return func(s *Scope) (any, error) {
		v, err := in["if"](s)
		if err != nil {
			return nil, err
		}
		if value.Truth(v) {
			return in["then"](s)
		}
		return in["else"](s)
	}, nil
}

func ifNull(_ string, operand any) (Expression, error) {
	items, err := parseAll(operand)
	if err != nil {
		return nil, err
	}
	if len(items) < 2 {
		return nil, value.Refused(1257300, "$ifNull needs at least two arguments, had: %d", len(items))
	}
	return func(s *Scope) (any, error) {
		for _, x := range items[:len(items)-1] {
			if v, err := x(s); err != nil || !value.IsNullish(v) {
				return v, err
			}
		}
		return items[len(items)-1](s)
	}, nil
}
