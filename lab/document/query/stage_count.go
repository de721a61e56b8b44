package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func count(_ string, operand any) (stage, error) {
	field, ok := operand.(string)
	switch {
	case !ok || field == "":
		return nil, value.Refused(40156, "the count field must be a non-empty string")
	case strings.HasPrefix(field, "$"):
		return nil, value.Refused(40158, "the count field cannot be a $-prefixed path")
	case strings.Contains(field, "."):
		return nil, value.Refused(40160, "the count field cannot contain '.'")
	}
	return func(_ *Context, docs []bson.D) ([]bson.D, error) {
		if len(docs) == 0 {
			return nil, nil
		}
		return []bson.D{{{Key: field, Value: int32(len(docs))}}}, nil
	}, nil
}
