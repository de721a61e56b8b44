package expression

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// each is $map and $filter: an expression on every element of an array, which
// is a variable in it.
func each(op string, operand any) (Expression, error) {
	body := map[string]string{"$map": "in", "$filter": "cond"}[op]
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused(28646, "%s only supports an object as its argument", op)
	}
	name, d, err := variable(op, d)
	if err != nil {
		return nil, err
	}
	in, err := operands(op, d, []string{"input", body}, nil)
	if err != nil {
		return nil, err
	}
	return func(s *Scope) (any, error) {
		a, err := input(op, s, in)
		if err != nil || a == nil {
			return nil, err
		}
		out := bson.A{}
		for _, e := range a {
			v, err := in[body](s.With(name, e))
			if err != nil {
				return nil, err
			}
			if op == "$filter" {
				if value.Truth(v) {
					out = append(out, e)
				}
				continue
			}
			if _, missing := v.(value.Missing); missing {
				v = nil
			}
			out = append(out, v)
		}
		return out, nil
	}, nil
}

// variable takes the name that "as" gives out of the operands.
func variable(op string, d bson.D) (string, bson.D, error) {
	name := "this"
	rest := bson.D{}
	for _, e := range d {
		if e.Key != "as" {
			rest = append(rest, e)
			continue
		}
		text, ok := e.Value.(string)
		if !ok || text == "" {
			return "", nil, value.Refused(value.FailedToParse, "'as' of %s must be the name of a variable", op)
		}
		name = text
	}
	return name, rest, nil
}

func input(op string, s *Scope, in map[string]Expression) (bson.A, error) {
	v, err := in["input"](s)
	if err != nil || value.IsNullish(v) {
		return nil, err
	}
	a, ok := v.(bson.A)
	if !ok {
		return nil, value.Refused(28651, "input to %s must be an array not %s", op, value.TypeName(v))
	}
	return a, nil
}

func let(op string, operand any) (Expression, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused(16874, "$let only supports an object as its argument")
	}
	v, _ := value.Field(d, "vars")
	declared, ok := v.(bson.D)
	if !ok {
		return nil, value.Refused(16876, "Missing 'vars' parameter to $let")
	}
	vars, err := Variables(declared)
	if err != nil {
		return nil, err
	}
	body, ok := value.Field(d, "in")
	if !ok {
		return nil, value.Refused(16877, "Missing 'in' parameter to $let")
	}
	in, err := Parse(body)
	if err != nil {
		return nil, err
	}
	return func(s *Scope) (any, error) {
		inner, err := vars(s, s)
		if err != nil {
			return nil, err
		}
		return in(inner)
	}, nil
}

// Variables reads declarations of variables. The function evaluates them in
// one scope and adds them to another.
func Variables(declared bson.D) (func(from, to *Scope) (*Scope, error), error) {
	items := make([]Expression, len(declared))
	for i, e := range declared {
		x, err := Parse(e.Value)
		if err != nil {
			return nil, err
		}
		items[i] = x
	}
	return func(from, to *Scope) (*Scope, error) {
		for i, e := range declared {
			v, err := items[i](from)
			if err != nil {
				return nil, err
			}
			to = to.With(e.Key, v)
		}
		return to, nil
	}, nil
}
