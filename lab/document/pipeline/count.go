package pipeline

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/expression"
	"runbook/lab/document/fault"
	"runbook/lab/document/order"
)

func chain(stages ...stage) stage {
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		return (&Pipeline{stages: stages}).Run(c, docs)
	}
}

func sortedBy(field string, sign int32) stage {
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		o, err := order.New(bson.D{{Key: field, Value: sign}})
		if err != nil {
			return nil, err
		}
		order.By(docs, o, func(d bson.D) bson.D { return d })
		return docs, nil
	}
}

func count(_ string, operand any) (stage, error) {
	field, ok := operand.(string)
	switch {
	case !ok || field == "":
		return nil, fault.New(40156, "the count field must be a non-empty string")
	case strings.HasPrefix(field, "$"):
		return nil, fault.New(40158, "the count field cannot be a $-prefixed path")
	case strings.Contains(field, "."):
		return nil, fault.New(40160, "the count field cannot contain '.'")
	}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		if len(docs) == 0 {
			return nil, nil
		}
		return []bson.D{{{Key: field, Value: int32(len(docs))}}}, nil
	}, nil
}

func sortByCount(_ string, operand any) (stage, error) {
	x, err := expression.Parse(operand)
	if err != nil {
		return nil, err
	}
	one, err := accumulatorOf("count", "$count", bson.D{})
	if err != nil {
		return nil, err
	}
	return chain(grouping{id: x, out: []accumulator{one}}.run, sortedBy("count", -1)), nil
}

func facet(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	if len(d) == 0 {
		return nil, fault.New(40169, "the $facet specification must be a non-empty object")
	}
	parts := make([]*Pipeline, len(d))
	for i, e := range d {
		stages, err := documents(op, e.Value)
		if err != nil {
			return nil, err
		}
		for _, s := range stages {
			if len(s) == 1 && (s[0].Key == "$facet" || s[0].Key == "$out" || s[0].Key == "$merge") {
				return nil, fault.New(40600, "%s is not allowed to be used within a $facet stage", s[0].Key)
			}
		}
		if parts[i], err = Parse(stages); err != nil {
			return nil, err
		}
	}
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		out := bson.D{}
		for i, p := range parts {
			got, err := p.Run(c, append([]bson.D(nil), docs...))
			if err != nil {
				return nil, err
			}
			out = append(out, bson.E{Key: d[i].Key, Value: list(got)})
		}
		return []bson.D{out}, nil
	}, nil
}

func list(docs []bson.D) bson.A {
	out := make(bson.A, len(docs))
	for i, d := range docs {
		out[i] = d
	}
	return out
}
