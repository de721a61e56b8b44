package pipeline

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/order"
	"runbook/lab/document/value"
)

func sorting(_ string, operand any) (stage, error) {
	d, ok := operand.(bson.D)
	if !ok {
		return nil, fault.New(15973, "the $sort key specification must be an object")
	}
	if len(d) == 0 {
		return nil, fault.New(15976, "$sort stage must have at least one sort key")
	}
	o, err := order.New(d)
	if err != nil {
		return nil, err
	}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		docs = slices.Clone(docs)
		order.By(docs, o, func(d bson.D) bson.D { return d })
		return docs, nil
	}, nil
}

func cut(op string, operand any) (stage, error) {
	n, ok := value.Int(operand)
	if !ok || n < 0 {
		return nil, fault.New(5107201, "invalid argument to %s stage: Expected a non-negative number in: %s: %s", op, op, value.Format(operand))
	}
	if op == "$limit" && n == 0 {
		return nil, fault.New(15958, "the limit must be positive")
	}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		at := min(n, int64(len(docs)))
		if op == "$skip" {
			return docs[at:], nil
		}
		return docs[:at:at], nil
	}, nil
}

func sample(op string, operand any) (stage, error) {
	d, err := document(op, operand)
	if err != nil {
		return nil, err
	}
	v, _ := value.Field(d, "size")
	n, ok := value.Int(v)
	if !ok || n <= 0 {
		return nil, fault.New(28747, "size argument to $sample must be a positive integer")
	}
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		docs = slices.Clone(docs)
		for i := len(docs) - 1; i > 0; i-- {
			j := c.Random(i + 1)
			docs[i], docs[j] = docs[j], docs[i]
		}
		return docs[:min(n, int64(len(docs)))], nil
	}, nil
}
