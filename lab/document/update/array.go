package update

import (
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"runbook/lab/document/fault"
	"runbook/lab/document/query"
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
			return nil, fault.New(fault.BadValue, "The field '%s' must be an array but is of type %s in document {%s}", path, value.TypeName(old), s.id())
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
		return nil, nil, fault.New(fault.BadValue, "The argument to $each in %s must be an array but it was of type %s", op, value.TypeName(each))
	}
	return list, d, nil
}

func push(f bson.E, _ time.Time) ([]edit, error) {
	list, clauses, err := additions("$push", f.Value)
	if err != nil {
		return nil, err
	}
	p := pushing{list: list}
	for _, c := range clauses {
		if err := p.clause(c); err != nil {
			return nil, err
		}
	}
	return onArray(f.Key, true, p.apply), nil
}

// pushing is a $push with its clauses.
type pushing struct {
	list     bson.A
	position *int64
	slice    *int64
	less     func(a, b any) int
}

func (p *pushing) clause(c bson.E) error {
	switch c.Key {
	case "$each":
		return nil
	case "$position", "$slice":
		n, ok := value.Int(c.Value)
		if !ok {
			return fault.New(fault.BadValue, "The value for %s must be an integer value but was given type: %s", c.Key, value.TypeName(c.Value))
		}
		if c.Key == "$slice" {
			p.slice = &n
		} else {
			p.position = &n
		}
		return nil
	case "$sort":
		return p.sorting(c.Value)
	}
	return fault.New(fault.BadValue, "Unrecognized clause in $push: %s", c.Key)
}

func (p *pushing) sorting(v any) error {
	if sign, ok := value.Int(v); ok && (sign == 1 || sign == -1) {
		p.less = func(a, b any) int { return value.Compare(a, b) * int(sign) }
		return nil
	}
	d, ok := v.(bson.D)
	if !ok || len(d) == 0 {
		return fault.New(fault.BadValue, "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields")
	}
	p.less = func(a, b any) int {
		for _, e := range d {
			sign, _ := value.Int(e.Value)
			x, _ := value.Keys(a, value.Split(e.Key))
			y, _ := value.Keys(b, value.Split(e.Key))
			if c := value.Compare(x[0], y[0]); c != 0 {
				return c * int(sign)
			}
		}
		return 0
	}
	return nil
}

func (p *pushing) apply(a bson.A) (bson.A, error) {
	at := int64(len(a))
	if p.position != nil {
		at = min(*p.position, at)
		if at < 0 {
			at = max(0, int64(len(a))+at)
		}
	}
	out := slices.Insert(a, int(at), value.Clone(p.list).(bson.A)...)
	if p.less != nil {
		slices.SortStableFunc(out, p.less)
	}
	if p.slice != nil {
		n := *p.slice
		if n >= 0 {
			out = out[:min(n, int64(len(out)))]
		} else {
			out = out[max(0, int64(len(out))+n):]
		}
	}
	return out, nil
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
	if isRegex || isDocument && query.IsOperators(d) {
		filter, err := query.Parse(bson.D{{Key: "v", Value: v}})
		if err != nil {
			return nil, err
		}
		return func(e any) (bool, error) { return filter.Matches(bson.D{{Key: "v", Value: e}}) }, nil
	}
	if !isDocument {
		return func(e any) (bool, error) { return value.Equal(e, v), nil }, nil
	}
	filter, err := query.Parse(d)
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

func pullAll(f bson.E, _ time.Time) ([]edit, error) {
	list, ok := f.Value.(bson.A)
	if !ok {
		return nil, fault.New(fault.BadValue, "$pullAll requires an array argument but was given a %s", value.TypeName(f.Value))
	}
	return onArray(f.Key, false, func(a bson.A) (bson.A, error) {
		return slices.DeleteFunc(a, func(e any) bool {
			return slices.ContainsFunc(list, func(v any) bool { return value.Equal(e, v) })
		}), nil
	}), nil
}

func pop(f bson.E, _ time.Time) ([]edit, error) {
	n, ok := value.Int(f.Value)
	if !ok || n != 1 && n != -1 {
		return nil, fault.New(fault.FailedToParse, "$pop expects 1 or -1, found: %s", value.Format(f.Value))
	}
	return onArray(f.Key, false, func(a bson.A) (bson.A, error) {
		switch {
		case len(a) == 0:
			return a, nil
		case n > 0:
			return a[:len(a)-1], nil
		}
		return a[1:], nil
	}), nil
}
