package query

import (
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/value"
)

func match(_ string, operand any) (stage, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused("15959", "the match filter must be an expression in an object")
	}
	filter, err := Parse(d)
	return func(_ time.Time, docs []bson.D) ([]bson.D, error) {
		return slices.DeleteFunc(docs, func(d bson.D) bool { return !filter.Matches(d) }), nil
	}, err
}

func project(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	p, err := ParseProjection(d, true)
	return func(now time.Time, docs []bson.D) ([]bson.D, error) {
		for i, d := range docs {
			if docs[i], err = p.Apply(d, now); err != nil {
				return nil, err
			}
		}
		return docs, nil
	}, err
}

func sorting(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	if len(d) == 0 {
		return nil, value.Refused("15976", "$sort stage must have at least one sort key")
	}
	o, err := value.NewOrder(d)
	return func(_ time.Time, docs []bson.D) ([]bson.D, error) {
		value.SortBy(docs, o, func(d bson.D) bson.D { return d })
		return docs, nil
	}, err
}

func cut(op string, operand any) (stage, error) {
	n, ok := value.Int(operand)
	if !ok || n < 0 {
		return nil, value.Refused("5107201", "invalid argument to %s stage: Expected a non-negative number in: %s: %s", op, op, value.Format(operand))
	}
	if op == "$limit" && n == 0 {
		return nil, value.Refused("15958", "the limit must be positive")
	}
	return func(_ time.Time, docs []bson.D) ([]bson.D, error) {
		at := min(n, int64(len(docs)))
		if op == "$skip" {
			return docs[at:], nil
		}
		return docs[:at:at], nil
	}, nil
}

func count(_ string, operand any) (stage, error) {
	field, ok := operand.(string)
	if !ok || field == "" || strings.HasPrefix(field, "$") || strings.Contains(field, ".") {
		return nil, value.Refused("40156", "the count field must be a non-empty string, without a $ before it and a dot in it")
	}
	return func(_ time.Time, docs []bson.D) ([]bson.D, error) {
		if len(docs) == 0 {
			return nil, nil
		}
		return []bson.D{{{Key: field, Value: int32(len(docs))}}}, nil
	}, nil
}

// unwind gives a document for each element of an array in it, and none of one
// without elements.
func unwind(op string, operand any) (stage, error) {
	if d, ok := operand.(bson.D); ok && len(d) == 1 && d[0].Key == "path" {
		operand = d[0].Value
	}
	path, ok := operand.(string)
	if !ok || !strings.HasPrefix(path, "$") || len(path) < 2 {
		return nil, value.Refused("28818", "%s takes a path with a '$' before it, and this server of a lab no option: %s", op, value.Format(operand))
	}
	names := value.Split(path[1:])
	return func(_ time.Time, docs []bson.D) ([]bson.D, error) {
		var out []bson.D
		for _, d := range docs {
			v := expression.Get(d, names)
			list, isArray := v.(bson.A)
			for _, e := range list {
				out = append(out, setIn(d, names, e))
			}
			if !isArray && !value.IsNullish(v) {
				out = append(out, d)
			}
		}
		return out, nil
	}, nil
}
