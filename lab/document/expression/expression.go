// Package expression evaluates MongoDB's aggregation expressions.
package expression

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// Expression gives a value, value.Missing{} where there is none.
type Expression func(s *Scope) (any, error)

// Scope is what an expression sees: the document, and variables.
type Scope struct {
	Root any
	// Now is $$NOW.
	Now  time.Time
	vars *binding
}

type binding struct {
	name string
	v    any
	next *binding
}

// With gives a scope with one more variable.
func (s *Scope) With(name string, v any) *Scope {
	inner := *s
	inner.vars = &binding{name, v, s.vars}
	return &inner
}

func (s *Scope) lookup(name string) (any, bool) {
	for b := s.vars; b != nil; b = b.next {
		if b.name == name {
			return b.v, true
		}
	}
	switch name {
	case "ROOT", "CURRENT":
		return s.Root, true
	case "NOW":
		return bson.NewDateTimeFromTime(s.Now), true
	case "REMOVE":
		return value.Missing{}, true
	}
	return nil, false
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
	name := ""
	path := text[1:]
	if strings.HasPrefix(path, "$") {
		name, path, _ = strings.Cut(path[1:], ".")
		if name == "" {
			return nil, value.Refused(value.FailedToParse, "empty variable names are not allowed")
		}
	} else if path == "" {
		return nil, value.Refused(16872, "'$' by itself is not a valid FieldPath")
	}
	var names []string
	if path != "" {
		names = value.Split(path)
	}
	for _, n := range names {
		if n == "" {
			return nil, value.Refused(15998, "FieldPath field names may not be empty strings.")
		}
	}
	return func(s *Scope) (any, error) {
		from := s.Root
		if name != "" {
			v, ok := s.lookup(name)
			if !ok {
				return nil, value.Refused(17276, "Use of undefined variable: %s", name)
			}
			from = v
		}
		return Get(from, names), nil
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
	items := make([]Expression, len(a))
	for i, e := range a {
		x, err := Parse(e)
		if err != nil {
			return nil, err
		}
		items[i] = x
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
	list, isList := operand.(bson.A)
	if !isList {
		list = bson.A{operand}
	}
	if len(list) < f.least || f.most >= 0 && len(list) > f.most {
		return nil, f.arity(op, len(list))
	}
	items := make([]Expression, len(list))
	for i, e := range list {
		x, err := Parse(e)
		if err != nil {
			return nil, err
		}
		items[i] = x
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
	for _, family := range []func(string) (function, bool){arithmetics, comparisons, texts, conversions, arrays, folds, dates} {
		if f, ok := family(op); ok {
			return f, true
		}
	}
	return function{}, false
}
