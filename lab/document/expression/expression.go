// Package expression evaluates MongoDB's aggregation expressions.
package expression

import (
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Expression gives a value, value.Missing{} where there is none.
type Expression func(s *Scope) (any, error)

// Scope is what an expression sees.
type Scope struct {
	// Root is the document.
	Root any
	// Now is $$NOW.
	Now time.Time
}

// variable reads the name of a variable that every expression sees.
func variable(name string) (Expression, error) {
	switch name {
	case "ROOT", "CURRENT":
		return func(s *Scope) (any, error) { return s.Root, nil }, nil
	case "NOW":
		return func(s *Scope) (any, error) { return bson.NewDateTimeFromTime(s.Now), nil }, nil
	case "REMOVE":
		return constant(value.Missing{}), nil
	}
	return nil, value.Refused(17276, "Use of undefined variable: %s", name)
}

// Parse reads an expression. What it does not know is a *value.Error.
func Parse(v any) (Expression, error) {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "$") {
			return parsePath(v)
		}
	case bson.D:
		if len(v) > 0 && strings.HasPrefix(v[0].Key, "$") {
			return parseOperator(v)
		}
		return parseObject(v)
	case bson.A:
		return parseList(v)
	}
	return constant(v), nil
}

func constant(v any) Expression {
	return func(*Scope) (any, error) { return v, nil }
}

func parsePath(text string) (Expression, error) {
	name, path := "ROOT", text[1:]
	if strings.HasPrefix(path, "$") {
		name, path, _ = strings.Cut(path[1:], ".")
	} else if path == "" {
		return nil, value.Refused(16872, "'$' by itself is not a valid FieldPath")
	}
	from, err := variable(name)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return from, nil
	}
	names := value.Split(path)
	if slices.Contains(names, "") {
		return nil, value.Refused(15998, "FieldPath field names may not be empty strings.")
	}
	return func(s *Scope) (any, error) {
		v, err := from(s)
		return Get(v, names), err
	}, nil
}

// Get follows a path; through an array it gathers the values of its documents.
func Get(v any, names []string) any {
	for i, name := range names {
		switch d := v.(type) {
		case bson.D:
			child, ok := value.Field(d, name)
			if !ok {
				return value.Missing{}
			}
			v = child
		case bson.A:
			out := bson.A{}
			for _, e := range d {
				got := Get(e, names[i:])
				if _, missing := got.(value.Missing); !missing {
					out = append(out, got)
				}
			}
			return out
		default:
			return value.Missing{}
		}
	}
	return v
}

func parseObject(d bson.D) (Expression, error) {
	fields := make([]Expression, len(d))
	for i, e := range d {
		if strings.HasPrefix(e.Key, "$") {
			return nil, value.Refused(15983, "An object representing an expression must have exactly one field: %s", value.Format(d))
		}
		x, err := Parse(e.Value)
		if err != nil {
			return nil, err
		}
		fields[i] = x
	}
	return func(s *Scope) (any, error) {
		out := make(bson.D, 0, len(d))
		for i, e := range d {
			v, err := fields[i](s)
			if err != nil {
				return nil, err
			}
			if _, missing := v.(value.Missing); !missing {
				out = append(out, bson.E{Key: e.Key, Value: v})
			}
		}
		return out, nil
	}, nil
}

func parseList(a bson.A) (Expression, error) {
	items, err := parseAll(a)
	if err != nil {
		return nil, err
	}
	return func(s *Scope) (any, error) {
		out, err := evaluate(s, items)
		for i := range out {
			if _, missing := out[i].(value.Missing); missing {
				out[i] = nil
			}
		}
		return bson.A(out), err
	}, nil
}

// parseAll reads a list of operands, or the only one.
func parseAll(operand any) ([]Expression, error) {
	list, ok := operand.(bson.A)
	if !ok {
		list = bson.A{operand}
	}
	items := make([]Expression, len(list))
	for i, e := range list {
		x, err := Parse(e)
		if err != nil {
			return nil, err
		}
		items[i] = x
	}
	return items, nil
}

func evaluate(s *Scope, list []Expression) ([]any, error) {
	out := make([]any, len(list))
	for i, x := range list {
		v, err := x(s)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func parseOperator(d bson.D) (Expression, error) {
	if len(d) != 1 {
		return nil, value.Refused(15983, "An object representing an expression must have exactly one field: %s", value.Format(d))
	}
	op, operand := d[0].Key, d[0].Value
	if special, ok := specials()[op]; ok {
		return special(op, operand)
	}
	f, ok := functionOf(op)
	if !ok {
		return nil, value.Refused(value.InvalidPipelineOperator, "Unrecognized expression '%s'", op)
	}
	items, err := parseAll(operand)
	if err != nil {
		return nil, err
	}
	if len(items) < f.least || f.most >= 0 && len(items) > f.most {
		return nil, f.arity(op, len(items))
	}
	return func(s *Scope) (any, error) {
		values, err := evaluate(s, items)
		if err != nil {
			return nil, err
		}
		return f.call(values)
	}, nil
}

// function is an operator that gets the values of all its operands.
type function struct {
	// least and most are how many; a most of -1 is any number.
	least, most int
	call        func(v []any) (any, error)
}

func (f function) arity(op string, n int) error {
	if f.least == f.most {
		return value.Refused(16020, "Expression %s takes exactly %d arguments. %d were passed in.", op, f.least, n)
	}
	return value.Refused(28667, "Expression %s takes at least %d arguments, and at most %d, but %d were passed in.", op, f.least, f.most, n)
}

func functionOf(op string) (function, bool) {
	for _, family := range []func(string) (function, bool){arithmetics, comparisons, texts, conversions, arrays, folds} {
		if f, ok := family(op); ok {
			return f, true
		}
	}
	return function{}, false
}
