package expression

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/value"
)

func arrays(op string) (function, bool) {
	switch op {
	case "$size":
		return function{1, 1, size}, true
	case "$isArray":
		return function{1, 1, func(v []any) (any, error) {
			_, ok := v[0].(bson.A)
			return ok, nil
		}}, true
	case "$arrayElemAt":
		return function{2, 2, elementAt}, true
	case "$first", "$last":
		at := int32(0)
		if op == "$last" {
			at = -1
		}
		return function{1, 1, func(v []any) (any, error) { return elementAt([]any{v[0], at}) }}, true
	case "$in":
		return function{2, 2, contains}, true
	case "$indexOfArray":
		return function{2, 2, placeOf}, true
	case "$slice":
		return function{2, 3, slice}, true
	case "$concatArrays":
		return function{0, -1, concatArrays}, true
	case "$reverseArray":
		return function{1, 1, reverse}, true
	case "$range":
		return function{2, 3, sequence}, true
	case "$setUnion", "$setIntersection", "$setDifference":
		return function{2, 2, func(v []any) (any, error) { return sets(op, v) }}, true
	case "$objectToArray":
		return function{1, 1, objectToArray}, true
	case "$arrayToObject":
		return function{1, 1, arrayToObject}, true
	case "$mergeObjects":
		return function{0, -1, mergeObjects}, true
	}
	return function{}, false
}

func size(v []any) (any, error) {
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, fault.New(17124, "The argument to $size must be an array, but was of type: %s", value.TypeName(v[0]))
	}
	return int32(len(a)), nil
}

func elementAt(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, fault.New(28689, "$arrayElemAt's first argument must be an array, but is %s", value.TypeName(v[0]))
	}
	i, ok := value.Int(v[1])
	if !ok {
		return nil, fault.New(28690, "$arrayElemAt's second argument must be a numeric value, but is %s", value.TypeName(v[1]))
	}
	if i < 0 {
		i += int64(len(a))
	}
	if i < 0 || i >= int64(len(a)) {
		return value.Missing{}, nil
	}
	return a[i], nil
}

func contains(v []any) (any, error) {
	a, ok := v[1].(bson.A)
	if !ok {
		return nil, fault.New(40081, "$in requires an array as a second argument, found: %s", value.TypeName(v[1]))
	}
	return slices.ContainsFunc(a, func(e any) bool { return value.Equal(e, v[0]) }), nil
}

func placeOf(v []any) (any, error) {
	if value.IsNullish(v[0]) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, fault.New(40090, "$indexOfArray requires an array as a first argument, found: %s", value.TypeName(v[0]))
	}
	return int32(slices.IndexFunc(a, func(e any) bool { return value.Equal(e, v[1]) })), nil
}

func slice(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, fault.New(28724, "First argument to $slice must be an array, but is of type: %s", value.TypeName(v[0]))
	}
	at, ok := value.Int(v[1])
	if !ok {
		return nil, fault.New(28725, "Second argument to $slice must be a numeric value, but is of type: %s", value.TypeName(v[1]))
	}
	if len(v) == 2 {
		return Slice(a, 0, at, true), nil
	}
	n, ok := value.Int(v[2])
	if !ok || n <= 0 {
		return nil, fault.New(28729, "Third argument to $slice must be positive: %s", value.Format(v[2]))
	}
	return Slice(a, at, n, false), nil
}

// Slice cuts n elements out of an array from a place on, counted from the end
// where it is negative. With alone, a negative n takes the last ones.
func Slice(a bson.A, from, n int64, alone bool) bson.A {
	size := int64(len(a))
	if alone && n < 0 {
		return a[max(0, size+n):]
	}
	if from < 0 {
		from = max(0, size+from)
	}
	from = min(from, size)
	return a[from:min(from+n, size)]
}

func concatArrays(v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	out := bson.A{}
	for _, e := range v {
		a, ok := e.(bson.A)
		if !ok {
			return nil, fault.New(28664, "$concatArrays only supports arrays, not %s", value.TypeName(e))
		}
		out = append(out, a...)
	}
	return out, nil
}

func reverse(v []any) (any, error) {
	if value.IsNullish(v[0]) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, fault.New(34435, "The argument to $reverseArray must be an array, but was of type: %s", value.TypeName(v[0]))
	}
	out := slices.Clone(a)
	slices.Reverse(out)
	return out, nil
}

func sequence(v []any) (any, error) {
	bounds := [3]int64{0, 0, 1}
	for i, e := range v {
		n, ok := value.Int(e)
		if !ok {
			return nil, fault.New(34443, "$range requires numbers that are integers, found %s", value.Format(e))
		}
		bounds[i] = n
	}
	if bounds[2] == 0 {
		return nil, fault.New(34449, "$range requires a non-zero step value")
	}
	if (bounds[1]-bounds[0])/bounds[2] > 1_000_000 {
		return nil, fault.New(146, "$range would use too much memory")
	}
	out := bson.A{}
	for n := bounds[0]; bounds[2] > 0 && n < bounds[1] || bounds[2] < 0 && n > bounds[1]; n += bounds[2] {
		out = append(out, int32(n))
	}
	return out, nil
}

func sets(op string, v []any) (any, error) {
	if anyNull(v) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	b, fine := v[1].(bson.A)
	if !ok || !fine {
		return nil, fault.New(17047, "All operands of %s must be arrays. One argument is of type: %s", op, value.TypeName(v[bit(ok)]))
	}
	second := map[string]bool{}
	for _, e := range b {
		second[value.Identity(e)] = true
	}
	if op == "$setUnion" {
		a = slices.Concat(a, b)
	}
	seen := map[string]bool{}
	out := bson.A{}
	for _, e := range a {
		id := value.Identity(e)
		if seen[id] || op == "$setIntersection" && !second[id] || op == "$setDifference" && second[id] {
			continue
		}
		seen[id] = true
		out = append(out, e)
	}
	return out, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func objectToArray(v []any) (any, error) {
	if value.IsNullish(v[0]) {
		return nil, nil
	}
	d, ok := v[0].(bson.D)
	if !ok {
		return nil, fault.New(40390, "$objectToArray requires a document input, found: %s", value.TypeName(v[0]))
	}
	out := make(bson.A, len(d))
	for i, e := range d {
		out[i] = bson.D{{Key: "k", Value: e.Key}, {Key: "v", Value: e.Value}}
	}
	return out, nil
}

func arrayToObject(v []any) (any, error) {
	if value.IsNullish(v[0]) {
		return nil, nil
	}
	a, ok := v[0].(bson.A)
	if !ok {
		return nil, fault.New(40386, "$arrayToObject requires an array input, found: %s", value.TypeName(v[0]))
	}
	out := bson.D{}
	for _, e := range a {
		var k, val any
		switch e := e.(type) {
		case bson.D:
			k, _ = value.Field(e, "k")
			val, _ = value.Field(e, "v")
		case bson.A:
			if len(e) == 2 {
				k, val = e[0], e[1]
			}
		}
		key, ok := k.(string)
		if !ok {
			return nil, fault.New(40395, "$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: %s", value.TypeName(k))
		}
		out = merged(out, bson.D{{Key: key, Value: val}})
	}
	return out, nil
}

func mergeObjects(v []any) (any, error) {
	out := bson.D{}
	for _, e := range v {
		if value.IsNullish(e) {
			continue
		}
		d, ok := e.(bson.D)
		if !ok {
			return nil, fault.New(40400, "$mergeObjects requires object inputs, but input %s is of type %s", value.Format(e), value.TypeName(e))
		}
		out = merged(out, d)
	}
	return out, nil
}

func merged(into, from bson.D) bson.D {
	for _, e := range from {
		at := slices.IndexFunc(into, func(f bson.E) bool { return f.Key == e.Key })
		if at < 0 {
			into = append(into, e)
		} else {
			into[at].Value = e.Value
		}
	}
	return into
}

// Merged joins the documents among values; later fields replace earlier ones.
func Merged(values []any) any {
	out := bson.D{}
	for _, v := range values {
		if d, ok := v.(bson.D); ok {
			out = merged(out, d)
		}
	}
	return out
}
