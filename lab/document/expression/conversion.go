package expression

import (
	"math"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

func conversions(op string) (function, bool) {
	convert := converter(op)
	if convert != nil {
		return function{1, 1, func(v []any) (any, error) {
			if value.IsNullish(v[0]) {
				return nil, nil
			}
			return convert(v[0])
		}}, true
	}
	switch op {
	case "$type":
		return function{1, 1, func(v []any) (any, error) { return value.TypeName(v[0]), nil }}, true
	case "$isNumber":
		return function{1, 1, func(v []any) (any, error) { return value.IsNumber(v[0]), nil }}, true
	case "$bsonSize":
		return function{1, 1, bsonSize}, true
	}
	return function{}, false
}

func converter(op string) func(v any) (any, error) {
	switch op {
	case "$toString":
		return toString
	case "$toInt":
		return func(v any) (any, error) {
			n, err := whole(v, "int", math.MinInt32, math.MaxInt32)
			return int32(n), err
		}
	case "$toLong":
		return func(v any) (any, error) { return whole(v, "long", math.MinInt64, math.MaxInt64) }
	case "$toDouble":
		return toDouble
	case "$toDecimal":
		return toDecimal
	case "$toBool":
		return func(v any) (any, error) { return value.Truth(v), nil }
	case "$toDate":
		return toDate
	case "$toObjectId":
		return toObjectID
	}
	return nil
}

func unconvertible(v any, to string) error {
	return fault.New(fault.ConversionFailure, "Unsupported conversion from %s to %s in $convert with no onError value", value.TypeName(v), to)
}

func unparsed(v any, to string) error {
	return fault.New(fault.ConversionFailure, "Failed to parse %s '%v' in $convert with no onError value", to, v)
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
	case bson.Decimal128:
		return v.String(), nil
	case bson.ObjectID:
		return v.Hex(), nil
	case bson.DateTime:
		return value.Time(v).Format("2006-01-02T15:04:05.000Z"), nil
	}
	return nil, unconvertible(v, "string")
}

func whole(v any, to string, least, most float64) (int64, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string:
		bits := 64
		if to == "int" {
			bits = 32
		}
		n, err := strconv.ParseInt(v, 10, bits)
		if err != nil {
			return 0, unparsed(v, "number")
		}
		return n, nil
	case bson.DateTime:
		if to == "long" {
			return int64(v), nil
		}
	}
	if n, ok := value.Int(v); ok && value.IsNumber(v) && float64(n) >= least && float64(n) <= most {
		return n, nil
	}
	f, ok := value.Float(v)
	if !ok {
		return 0, unconvertible(v, to)
	}
	if math.IsNaN(f) || f < least || f > most {
		return 0, fault.New(fault.ConversionFailure, "Conversion would overflow target type in $convert with no onError value: %s", value.Format(v))
	}
	return int64(f), nil
}

func toDouble(v any) (any, error) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return nil, unparsed(v, "number")
		}
		return f, nil
	case bson.DateTime:
		return float64(v), nil
	}
	f, ok := value.Float(v)
	if !ok {
		return nil, unconvertible(v, "double")
	}
	return f, nil
}

func toDecimal(v any) (any, error) {
	text, err := toString(v)
	if _, isDate := v.(bson.DateTime); err != nil || isDate {
		return nil, unconvertible(v, "decimal")
	}
	d, err := bson.ParseDecimal128(text.(string))
	if err != nil {
		return nil, unparsed(v, "number")
	}
	return d, nil
}

func toDate(v any) (any, error) {
	switch v := v.(type) {
	case bson.DateTime:
		return v, nil
	case bson.ObjectID:
		return bson.NewDateTimeFromTime(v.Timestamp()), nil
	case bson.Timestamp:
		return bson.DateTime(int64(v.T) * 1000), nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
			if t, err := time.Parse(layout, v); err == nil {
				return bson.NewDateTimeFromTime(t), nil
			}
		}
		return nil, unparsed(v, "date")
	case int64:
		return bson.DateTime(v), nil
	case float64:
		return bson.DateTime(v), nil
	}
	return nil, unconvertible(v, "date")
}

func toObjectID(v any) (any, error) {
	switch v := v.(type) {
	case bson.ObjectID:
		return v, nil
	case string:
		id, err := bson.ObjectIDFromHex(v)
		if err != nil {
			return nil, unparsed(v, "objectId")
		}
		return id, nil
	}
	return nil, unconvertible(v, "objectId")
}

func bsonSize(v []any) (any, error) {
	if value.IsNullish(v[0]) {
		return nil, nil
	}
	d, ok := v[0].(bson.D)
	if !ok {
		return nil, fault.New(31393, "$bsonSize requires a document input, found: %s", value.TypeName(v[0]))
	}
	return int32(value.Size(d)), nil
}
