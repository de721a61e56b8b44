package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// target reads the name of a collection, or {db, coll}: there is one database.
func target(op string, v any) (string, error) {
	if d, ok := v.(bson.D); ok {
		v, _ = value.Field(d, "coll")
	}
	name, ok := v.(string)
	if !ok || name == "" {
		return "", value.Refused(16990, "%s only supports a string or object argument, but found %s", op, value.TypeName(v))
	}
	return name, nil
}

func out(op string, operand any) (stage, error) {
	to, err := target(op, operand)
	if err != nil {
		return nil, err
	}
	return func(c *Context, docs []bson.D) ([]bson.D, error) {
		return nil, c.Store.Replace(to, docs)
	}, nil
}
