// Package document relates the documents of MongoDB to the values of playbooks,
// both ways, and reads replies of a server.
package document

import (
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/engine/schema"
)

// javaScript are the operators that run code on the server. It may do what it
// likes, so none is sent.
var javaScript = []string{"$where", "$function", "$accumulator"}

// Encode returns a playbook's map as a document, its keys in the order
// of the alphabet. Times become dates; {$oid: hex}, {$date: time},
// {$numberLong: text}, {$numberDecimal: text} and {$uuid: text} what MongoDB's
// Extended JSON means by them. The error is one sentence with the path of what
// cannot be encoded.
func Encode(values map[string]any) (bson.D, error) {
	return encodeMap("", values)
}

func encodeMap(path string, values map[string]any) (bson.D, error) {
	doc := make(bson.D, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(javaScript, key) {
			return nil, fmt.Errorf("%s runs code on the server, which playbooks do not do; write it with $expr", below(path, key))
		}
		if strings.ContainsRune(key, 0) {
			return nil, fmt.Errorf("%q is no name of a field", key)
		}
		value, err := encodeValue(below(path, key), values[key])
		if err != nil {
			return nil, err
		}
		doc = append(doc, bson.E{Key: key, Value: value})
	}
	return doc, nil
}

func below(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func encodeValue(path string, value any) (any, error) {
	switch v := value.(type) {
	case nil, bool, string, float64:
		return v, nil
	case int:
		return EncodeInt(int64(v)), nil
	case schema.Size:
		return EncodeInt(int64(v)), nil
	case time.Time:
		return bson.NewDateTimeFromTime(v), nil
	case time.Duration:
		return nil, fmt.Errorf("%s: MongoDB has no durations; write a number, or a time such as run.started - duration(\"%s\")", path, schema.FormatDuration(v))
	case []any:
		list := make(bson.A, len(v))
		for i := range v {
			var err error
			if list[i], err = encodeValue(path+"["+strconv.Itoa(i)+"]", v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		if len(v) == 1 {
			for key, inner := range v {
				if decode, ok := extended[key]; ok {
					found, err := decode(inner)
					if err != nil {
						return nil, fmt.Errorf("%s.%s: %w", path, key, err)
					}
					return found, nil
				}
			}
		}
		return encodeMap(path, v)
	}
	return nil, fmt.Errorf("%s: %s cannot be sent to MongoDB", path, schema.Brief(value))
}

// EncodeInt takes the smaller of the two integers, as other drivers do.
func EncodeInt(n int64) any {
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return n
}

// extended are the values of Extended JSON that are understood.
var extended = map[string]func(any) (any, error){
	"$oid":           extendedID,
	"$date":          extendedDate,
	"$numberLong":    extendedLong,
	"$numberDecimal": extendedDecimal,
	"$uuid":          extendedUUID,
}

func extendedID(value any) (any, error) {
	text, _ := value.(string)
	id, err := bson.ObjectIDFromHex(text)
	if err != nil {
		return nil, fmt.Errorf("%s is not the 24 hexadecimal digits of an ObjectID", schema.Brief(value))
	}
	return id, nil
}

func extendedDate(value any) (any, error) {
	switch v := value.(type) {
	case time.Time:
		return bson.NewDateTimeFromTime(v), nil
	case int:
		return bson.DateTime(v), nil
	case string:
		t, err := schema.ParseTime(v)
		if err != nil {
			return nil, err
		}
		return bson.NewDateTimeFromTime(t), nil
	}
	return nil, fmt.Errorf("%s is no time", schema.Brief(value))
}

func extendedLong(value any) (any, error) {
	switch v := value.(type) {
	case int:
		return int64(v), nil
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%s is no whole number", schema.Brief(value))
}

func extendedDecimal(value any) (any, error) {
	text, ok := value.(string)
	if d, err := bson.ParseDecimal128(text); ok && err == nil {
		return d, nil
	}
	return nil, fmt.Errorf("%s is no text of a decimal number", schema.Brief(value))
}

func extendedUUID(value any) (any, error) {
	text, _ := value.(string)
	data, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(data) != 16 {
		return nil, fmt.Errorf("%s is no UUID", schema.Brief(value))
	}
	return bson.Binary{Subtype: bson.TypeBinaryUUID, Data: data}, nil
}
