package value

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Document copies d with all that is in it, and turns Go's values into those
// of BSON, as a driver does: int into int32 or int64, time.Time into
// bson.DateTime, slices into bson.A.
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
		out := make(bson.A, len(v))
		for i, e := range v {
			one, err := Normal(e)
			if err != nil {
				return nil, fmt.Errorf("element %d: %w", i, err)
			}
			out[i] = one
		}
		return out, nil
	}
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
