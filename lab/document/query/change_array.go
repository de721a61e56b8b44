package query

import (
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/value"
)

// onArray makes an edit of an array. A field that is missing is an empty one
// where makes is set, and stays missing where not.
func onArray(path string, makes bool, apply func(a bson.A) (bson.A, error)) []edit {
	return []edit{{path: path, makes: makes, apply: func(s site, old any) (any, error) {
		if _, missing := old.(value.Missing); missing {
			if !makes {
				return old, nil
			}
			return apply(bson.A{})
		}
		a, ok := old.(bson.A)
		if !ok {
			return nil, value.Refused(value.BadValue, "The field '%s' must be an array but is of type %s in document {%s}", path, value.TypeName(old), s.id())
		}
		return apply(a)
	}}}
}

// additions reads the operand of $push and $addToSet.
func additions(op string, v any) (bson.A, bson.D, error) {
	d, ok := v.(bson.D)
	if !ok {
		return bson.A{v}, nil, nil
	}
	each, ok := value.Field(d, "$each")
	if !ok {
		return bson.A{v}, nil, nil
	}
	list, ok := each.(bson.A)
	if !ok {
		return nil, nil, value.Refused(value.BadValue, "The argument to $each in %s must be an array but it was of type %s", op, value.TypeName(each))
	}
	return list, d, nil
}

func push(f bson.E, _ time.Time) ([]edit, error) {
	list, clauses, err := additions("$push", f.Value)
	if err != nil {
		return nil, err
	}
	for _, c := range clauses {
		if c.Key != "$each" {
			return nil, value.Refused(value.BadValue, "Unrecognized clause in $push: %s", c.Key)
		}
	}
	return onArray(f.Key, true, func(a bson.A) (bson.A, error) {
		return append(a, value.Clone(list).(bson.A)...), nil
	}), nil
}

func addToSet(f bson.E, _ time.Time) ([]edit, error) {
	list, _, err := additions("$addToSet", f.Value)
	if err != nil {
		return nil, err
	}
	return onArray(f.Key, true, func(a bson.A) (bson.A, error) {
		for _, v := range list {
			if !slices.ContainsFunc(a, func(e any) bool { return value.Equal(e, v) }) {
				a = append(a, value.Clone(v))
			}
		}
		return a, nil
	}), nil
}

// pull takes out the elements that equal the operand or, where it is a query,
// match it.
func pull(f bson.E, _ time.Time) ([]edit, error) {
	met, err := pulled(f.Value)
	if err != nil {
		return nil, err
	}
	return onArray(f.Key, false, func(a bson.A) (bson.A, error) {
		out := bson.A{}
		for _, e := range a {
			ok, err := met(e)
			if err != nil {
				return nil, err
			}
			if !ok {
				out = append(out, e)
			}
		}
		return out, nil
	}), nil
}

func pulled(v any) (func(e any) (bool, error), error) {
	d, isDocument := v.(bson.D)
	_, isRegex := v.(bson.Regex)
	if isRegex || isDocument && IsOperators(d) {
		filter, err := Parse(bson.D{{Key: "v", Value: v}})
		if err != nil {
			return nil, err
		}
		return func(e any) (bool, error) { return filter.Matches(bson.D{{Key: "v", Value: e}}) }, nil
	}
	if !isDocument {
		return func(e any) (bool, error) { return value.Equal(e, v), nil }, nil
	}
	filter, err := Parse(d)
	if err != nil {
		return nil, err
	}
	return func(e any) (bool, error) {
		element, ok := e.(bson.D)
		if !ok {
			return false, nil
		}
		return filter.Matches(element)
	}, nil
}
