package expression

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

func conversions(op string) (function, bool) {
	converts := func(convert func(any) (any, error)) (function, bool) {
		return function{1, 1, func(v []any) (any, error) {
			if value.IsNullish(v[0]) {
				return nil, nil
			}
			return convert(v[0])
		}}, true
	}
	switch op {
	case "$toString":
		return converts(toString)
	case "$toDate":
		return converts(func(v any) (any, error) { return toDate(v) })
	case "$bsonSize":
		return converts(bsonSize)
	case "$type":
		return function{1, 1, func(v []any) (any, error) { return value.TypeName(v[0]), nil }}, true
	}
	return function{}, false
}

func unconvertible(v any, to string) error {
	return value.Refused(value.ConversionFailure, "Unsupported conversion from %s to %s in $convert with no onError value", value.TypeName(v), to)
}

func toString(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int32:
		return strconv.Itoa(int(v)), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), nil
	case bson.ObjectID:
		return v.Hex(), nil
	case bson.DateTime:
		return value.Time(v).Format("2006-01-02T15:04:05.000Z"), nil
	}
	return nil, unconvertible(v, "string")
}

// toDate takes dates, the time in an ObjectID, and milliseconds.
func toDate(v any) (bson.DateTime, error) {
	switch v := v.(type) {
	case bson.DateTime:
		return v, nil
	case bson.ObjectID:
		return bson.NewDateTimeFromTime(v.Timestamp()), nil
	case int64:
		return bson.DateTime(v), nil
	}
	return 0, unconvertible(v, "date")
}

func bsonSize(v any) (any, error) {
	d, ok := v.(bson.D)
	if !ok {
		return nil, value.Refused(31393, "$bsonSize requires a document input, found: %s", value.TypeName(v))
	}
	return int32(value.Size(d)), nil
}
