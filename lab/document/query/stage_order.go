package query

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func sorting(_ string, operand any) (stage, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, value.Refused(15973, "the $sort key specification must be an object")
	}
	if len(d) == 0 {
		return nil, value.Refused(15976, "$sort stage must have at least one sort key")
	}
	o, err := value.NewOrder(d)
	if err != nil {
		return nil, err
	}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		docs = slices.Clone(docs)
		value.SortBy(docs, o, func(d bson.D) bson.D { return d })
		return docs, nil
	}, nil
}

func cut(op string, operand any) (stage, error) {
	n, ok := value.Int(operand)
	if !ok || n < 0 {
		return nil, value.Refused(5107201, "invalid argument to %s stage: Expected a non-negative number in: %s: %s", op, op, value.Format(operand))
	}
	if op == "$limit" && n == 0 {
		return nil, value.Refused(15958, "the limit must be positive")
	}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		at := min(n, int64(len(docs)))
		if op == "$skip" {
			return docs[at:], nil
		}
		return docs[:at:at], nil
	}, nil
}
