package value

import (
	"fmt"
	"math"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Document copies d with all that is in it, and turns Go's values into those
// of BSON: int into int32 or int64, time.Time into bson.DateTime, slices into
// bson.A, maps and structs into bson.D.
func Document(d bson.D) (bson.D, error) {
	out := make(bson.D, len(d))
	for i, e := range d {
		v, err := Normal(e.Value)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", e.Key, err)
		}
		out[i] = bson.E{Key: e.Key, Value: v}
	}
	return out, nil
}

// Normal is Document for any value.
func Normal(v any) (any, error) {
	switch v := v.(type) {
	case nil, int32, int64, float64, string, bool, bson.ObjectID, bson.DateTime, bson.Regex, bson.Binary,
		bson.Decimal128, bson.Timestamp, bson.MinKey, bson.MaxKey, bson.Undefined, bson.JavaScript:
		return v, nil
	case bson.Symbol, bson.CodeWithScope, bson.DBPointer:
		return nil, fmt.Errorf("this server of a lab keeps no %T", v)
	case bson.Null:
		return nil, nil
	case bson.D:
		return Document(v)
	case bson.A:
		return array(v)
	case []any:
		return array(v)
	case []bson.D:
		return array(v)
	case []string:
		return array(v)
	case bson.M:
		return sorted(v)
	case map[string]any:
		return sorted(v)
	case int:
		return integral(int64(v)), nil
	case time.Time:
		return bson.NewDateTimeFromTime(v), nil
	}
	return encoded(v)
}

func integral(n int64) any {
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return n
}

func array[T any](list []T) (any, error) {
	out := make(bson.A, len(list))
	for i, e := range list {
		v, err := Normal(e)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		out[i] = v
	}
	return out, nil
}

func sorted(m map[string]any) (any, error) {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	d := make(bson.D, 0, len(m))
	for _, name := range names {
		d = append(d, bson.E{Key: name, Value: m[name]})
	}
	return Document(d)
}

// encoded takes any other value through BSON, as a driver would.
func encoded(v any) (any, error) {
	data, err := bson.Marshal(bson.D{{Key: "v", Value: v}})
	if err != nil {
		return nil, fmt.Errorf("a %T is no value of BSON: %w", v, err)
	}
	var d bson.D
	if err := bson.Unmarshal(data, &d); err != nil {
		return nil, fmt.Errorf("read back a %T: %w", v, err)
	}
	return Normal(d[0].Value)
}

// Clone copies a value of BSON so that changes of one do not show in the other.
func Clone(v any) any {
	switch v := v.(type) {
	case bson.D:
		return CloneDocument(v)
	case bson.A:
		out := make(bson.A, len(v))
		for i := range v {
			out[i] = Clone(v[i])
		}
		return out
	}
	return v
}

// CloneDocument is Clone for a document.
func CloneDocument(d bson.D) bson.D {
	out := make(bson.D, len(d))
	for i, e := range d {
		out[i] = bson.E{Key: e.Key, Value: Clone(e.Value)}
	}
	return out
}
