// Package expression evaluates a kernel of MongoDB's aggregation expressions.
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
		items, err := parseAll(v)
		return func(s *Scope) (any, error) {
			out, err := evaluate(s, items)
			for i := range out {
				if _, missing := out[i].(value.Missing); missing {
					out[i] = nil
				}
			}
			return bson.A(out), err
		}, err
	}
	return constant(v), nil
}

func constant(v any) Expression {
	return func(*Scope) (any, error) { return v, nil }
}

// parsePath reads "$a.b", and a path in one of the variables ROOT and NOW.
func parsePath(text string) (Expression, error) {
	name, path := "ROOT", text[1:]
	if strings.HasPrefix(path, "$") {
		name, path, _ = strings.Cut(path[1:], ".")
	} else if path == "" {
		return nil, value.Refused("16872", "'$' by itself is not a valid FieldPath")
	}
	if name != "ROOT" && name != "NOW" {
		return nil, value.Refused("17276", "Use of undefined variable: %s", name)
	}
	var names []string
	if path != "" {
		names = value.Split(path)
	}
	if slices.Contains(names, "") {
		return nil, value.Refused("15998", "FieldPath field names may not be empty strings.")
	}
	return func(s *Scope) (any, error) {
		if name == "NOW" {
			return Get(bson.NewDateTimeFromTime(s.Now), names), nil
		}
		return Get(s.Root, names), nil
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
				if got := Get(e, names[i:]); got != (value.Missing{}) {
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
	operands := make(bson.A, len(d))
	for i, e := range d {
		if operands[i] = e.Value; strings.HasPrefix(e.Key, "$") {
			return nil, oneField(d)
		}
	}
	fields, err := parseAll(operands)
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
	}, err
}

func oneField(d bson.D) error {
	return value.Refused("15983", "An object representing an expression must have exactly one field: %s", value.Format(d))
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
	op, operand := d[0].Key, d[0].Value
	if len(d) != 1 {
		return nil, oneField(d)
	}
	if op == "$literal" {
		return constant(operand), nil
	}
	f, known := operators()[op]
	if !known {
		return nil, value.Refused(value.InvalidPipelineOperator, "Unrecognized expression '%s' for this server of a lab", op)
	}
	if named, ok := operand.(bson.D); ok && len(f.names) > 0 {
		list := bson.A{}
		for _, name := range f.names {
			if v, ok := value.Field(named, name); ok {
				list = append(list, v)
			}
		}
		if len(list) != len(named) {
			return nil, value.Refused(value.FailedToParse, "%s takes %s, and was given %s", op, strings.Join(f.names, ", "), value.Format(named))
		}
		operand = list
	}
	items, err := parseAll(operand)
	if err == nil && (len(items) < f.least || f.most >= 0 && len(items) > f.most) {
		return nil, value.Refused("16020", "Expression %s takes %s. %d were passed in.", op, f.arity(), len(items))
	}
	return func(s *Scope) (any, error) { return f.call(s, op, items) }, err
}
